"""``asyncgrade batch``: grade a class."""

from __future__ import annotations

import platform
from concurrent.futures import BrokenExecutor
from pathlib import Path

import click

from grader.batch.discovery.find import Discovery, discover
from grader.batch.evidence import VerdictKey, hash_of_exercise
from grader.batch.exports.writing import make_folder
from grader.batch.lanes import Setup, isolation_of, open_pool, stop_pool, usable_cores
from grader.batch.late import load_policy
from grader.batch.run import Batch, Progress
from grader.batch.store import Store
from grader.batch.store_rows import Keep
from grader.cli.app import Tools
from grader.cli.class_files import write_class_files
from grader.cli.console import Console
from grader.cli.gradebook import GRADEBOOK
from grader.cli.lookup import exercises_option, load
from grader.cli.problems import ExitCode, Refusal
from grader.cli.progress import ProgressLine
from grader.cli.workers import check_level
from grader.escape import one_line
from grader.executors.base import LEVELS, ExecutorFailed
from grader.exercise.catalog import find_exercise
from grader.exercise.model import Exercise
from grader.version import __version__

_NAMES_SHOWN = 20
LANE_LOST = (
    "a process that grades was killed, perhaps because memory ran out; every grade up to then is "
    "kept. Run the same command again to go on, with fewer lanes if it happens again (-j 1)"
)
_LIMIT = 300


@click.command(
    short_help="Grade a class.", epilog="Example: asyncgrade batch exercise-3 submissions.zip"
)
@click.argument("exercise_id", metavar="ID")
@click.argument("submissions", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the gradebook and the reports go. Default: ID-grades in the current folder.",
)
@click.option(
    "-j",
    "--lanes",
    type=click.IntRange(1, 256),
    help="How many programs are graded at the same time. Default: one for each processor.",
)
@click.option("--seed", default="", metavar="TEXT", help="Default: drawn once, kept in the store.")
@click.option("--layout", metavar="NAME", help="What the folder or archive is, if not recognised.")
@click.option("--program", metavar="NAME", help="The file to grade where a student has several.")
@click.option("--roster", type=click.Path(exists=True, path_type=Path), help="CSV of the class.")
@click.option(
    "--late",
    "late_file",
    type=click.Path(exists=True, path_type=Path),
    help="YAML: late policy. Default: as the last time, at first none.",
)
@click.option(
    "--keep",
    type=click.Choice(["last", "best"]),
    help="Which attempt of a student counts. Default: as the last time, at first the last one.",
)
@click.option(
    "--into",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Fill this file, exported from Canvas or Moodle; the filled copy is written beside it.",
)
@click.option("--column", help="The column of --into to fill, if there are several.")
@click.option(
    "--feedback",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write one file for each student into this folder, to hand back.",
)
@click.option("--again", is_flag=True, help="Grade everything, also what is known.")
@click.option(
    "--require-isolation",
    "level",
    type=click.Choice(LEVELS[1:]),
    help="Run nothing if this system isolates programs less than this (exit code 5).",
)
@exercises_option
@click.pass_obj
def batch(
    tools: Tools,
    exercise_id: str,
    submissions: Path,
    out: Path | None,
    lanes: int | None,
    seed: str,
    layout: str | None,
    program: str | None,
    roster: Path | None,
    late_file: Path | None,
    keep: Keep | None,
    into: Path | None,
    column: str | None,
    feedback: Path | None,
    again: bool,
    level: str | None,
    folder: Path,
) -> int:
    """Grade what a class handed in for the exercise ID.

    SUBMISSIONS is what the LMS gave you: a Canvas, Moodle or Gradescope download, the clones of
    GitHub Classroom or Classroom 50, a folder of files or of folders, a zip or tar file. What was
    graded before is not graded again unless it has changed.

    \b
    Exit codes: 0 everything was graded, 1 some could not be, 2 wrong use, 3 the exercise is at
    fault, 4 the grader is, 5 the isolation is too weak.
    """
    exercise = load(exercise_id, folder)
    out = out or Path(f"{exercise.id}-grades")
    for written in (out, feedback, into and into.parent):
        _check_apart(submissions, written)
    late = load_policy(late_file) if late_file else None
    found = discover(
        submissions, exercise_id=exercise.id, layout=layout, program_name=program, roster=roster
    )
    _say_found(tools.console, found)
    make_folder(out)
    with found.tree, Store.open(out / GRADEBOOK) as store:
        setup = _begin(store, exercise, find_exercise(exercise_id, folder), seed)
        rules = store.rules(keep, late)
        store.set_rules(rules)
        work = _grade(
            *(tools.console, store, setup, found, lanes or usable_cores()), again=again, level=level
        )
        if work is None:
            tools.console.print("stopped; run the same command again to go on\n")
            return ExitCode.INTERRUPTED
        store.settle_absent(has_roster=roster is not None)
        _say_graded(tools.console, work, store)
        write_class_files(
            *(tools.console, store, exercise, out, rules),
            into=into,
            column=column,
            feedback=feedback,
        )
    return ExitCode.NOT_ALL_PASSED if work.progress.problems else ExitCode.ALL_PASSED


def _check_apart(submissions: Path, written: Path | None) -> None:
    """Nothing may be written among the submissions: the next run would take it for one."""
    if written is None or not submissions.is_dir():
        return
    if written.resolve().is_relative_to(submissions.resolve()):
        raise Refusal(
            f"{written} lies in {submissions}, where the submissions are",
            "Choose another folder with --out (and --feedback), and keep the file of --into apart.",
        )


def _begin(store: Store, exercise: Exercise, file: Path, seed: str) -> Setup:
    setup = Setup(str(file.resolve()), hash_of_exercise(file), store.secret(seed))
    max_score = sum(item.points for item in exercise.rubric)
    store.begin_run(exercise.id, exercise.title, setup.exercise_hash, max_score, __version__)
    return setup


def _say_found(console: Console, found: Discovery) -> None:
    console.print(f"{one_line(found.sentence(), _LIMIT)}\n")
    for skipped in found.skipped[:_NAMES_SHOWN]:
        console.print(f"  skipped: {one_line(skipped.path, 120)} ({one_line(skipped.why, 160)})\n")
    if len(found.skipped) > _NAMES_SHOWN:
        console.print(f"  … and {len(found.skipped) - _NAMES_SHOWN} more\n")
    if found.unmatched:
        names = ", ".join(found.unmatched[:_NAMES_SHOWN])
        console.print(f"  not on the roster: {one_line(names, _LIMIT)}\n")


def _grade(
    console: Console,
    store: Store,
    setup: Setup,
    found: Discovery,
    lanes: int,
    *,
    again: bool,
    level: str | None,
) -> Batch | None:
    """Grade everything; None when it was interrupted."""
    python = platform.python_version()

    def key_of(sha256: str) -> VerdictKey:
        return VerdictKey(sha256, setup.exercise_hash, setup.seed, __version__, python)

    work = Batch(store, found.tree.read, key_of, again=again)
    try:
        with ProgressLine(console) as line:
            work.sort_out(found.handins, line.show)
        if not work.is_graded:
            _grade_rest(console, work, setup, lanes, level)
    except KeyboardInterrupt:
        return None
    store.finish_run()
    return work


def _grade_rest(console: Console, work: Batch, setup: Setup, lanes: int, level: str | None) -> None:
    with open_pool(lanes) as pool:
        try:
            isolation = pool.submit(isolation_of, setup).result()
            said = one_line(f"{isolation.level} ({isolation.note})", _LIMIT)
            console.print(f"isolation: {said}\n")
            if level:
                check_level(isolation, level)
            with ProgressLine(console) as line:
                work.grade(setup, pool, lanes, line.show)
        except KeyboardInterrupt:
            stop_pool(pool)
            raise
        except BrokenExecutor:
            raise ExecutorFailed(LANE_LOST) from None


def _say_graded(console: Console, work: Batch, store: Store) -> None:
    console.print(_summary(work.progress))
    for handin in work.not_graded:
        problem = one_line(handin.problem, _LIMIT)
        console.print(f"  not graded: {one_line(handin.student.key, 120)} ({problem})\n")
    if len(work.not_graded) < work.progress.problems:
        console.print(f"  … and {work.progress.problems - len(work.not_graded)} more\n")
    others = store.not_handed_in_again()
    if others:
        named = ", ".join(one_line(key, 60) for key in others[:_NAMES_SHOWN])
        more = ", …" if len(others) > _NAMES_SHOWN else ""
        console.print(
            f"{_counted(len(others), 'student')} of earlier runs not among these submissions; the "
            f"grades stay: {named}{more} (another --out begins without them)\n"
        )


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _summary(progress: Progress) -> str:
    words = [f"{progress.passed} passed everything", f"{progress.failed} did not"]
    if progress.known:
        words.append(f"{progress.known} were known")
    if progress.problems:
        words.append(f"{progress.problems} could not be graded")
    if progress.absent:
        words.append(f"{progress.absent} on the roster handed nothing in")
    return f"{_counted(progress.total, 'submission')}: {', '.join(words)}\n"
