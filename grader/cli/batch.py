"""``asyncgrade batch``: grade a class."""

from __future__ import annotations

import hashlib
import platform
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass
from pathlib import Path

import click

from grader.batch.discovery.find import Discovery, discover
from grader.batch.evidence import VerdictKey
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
from grader.cli.problems import ExitCode
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
    "--late", "late_file", type=click.Path(exists=True, path_type=Path), help="YAML: late policy."
)
@click.option(
    "--keep",
    type=click.Choice(["last", "best"]),
    default="last",
    show_default=True,
    help="Which attempt of a student counts.",
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
    keep: Keep,
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
    late = load_policy(late_file) if late_file else None
    found = discover(
        submissions, exercise_id=exercise.id, layout=layout, program_name=program, roster=roster
    )
    _say_found(tools.console, found)
    out = out or Path(f"{exercise.id}-grades")
    make_folder(out)
    with Store.open(out / GRADEBOOK) as store:
        job = _Job(exercise, find_exercise(exercise_id, folder), store.secret(seed))
        progress = _grade(
            *(tools.console, store, job, found, lanes or usable_cores()), again=again, level=level
        )
        if progress is None:
            tools.console.print("stopped; run the same command again to go on\n")
            return ExitCode.INTERRUPTED
        tools.console.print(_summary(progress))
        write_class_files(
            *(tools.console, store, exercise, out, keep, late),
            into=into,
            column=column,
            feedback=feedback,
        )
    return ExitCode.NOT_ALL_PASSED if progress.problems else ExitCode.ALL_PASSED


@dataclass(frozen=True, slots=True)
class _Job:
    """What is graded against what."""

    exercise: Exercise
    file: Path
    seed: str

    @property
    def exercise_hash(self) -> str:
        return hashlib.sha256(self.file.read_bytes()).hexdigest()


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
    job: _Job,
    found: Discovery,
    lanes: int,
    *,
    again: bool,
    level: str | None,
) -> Progress | None:
    """Grade everything; None when it was interrupted."""
    setup = Setup(str(job.file.resolve()), job.seed)
    exercise_hash, python = job.exercise_hash, platform.python_version()
    max_score = sum(item.points for item in job.exercise.rubric)
    store.begin_run(job.exercise.id, exercise_hash, max_score, __version__)

    def key_of(sha256: str) -> VerdictKey:
        return VerdictKey(sha256, exercise_hash, job.seed, __version__, python)

    with ProgressLine(console) as line:
        work = Batch(store, found.tree.read, key_of, again=again, tell=line.show)
        try:
            work.sort_out(found.handins)
            if not work.is_graded:
                _grade_rest(console, work, setup, lanes, level)
        except KeyboardInterrupt:
            return None
    store.finish_run()
    return work.progress


def _grade_rest(console: Console, work: Batch, setup: Setup, lanes: int, level: str | None) -> None:
    with open_pool(lanes) as pool:
        try:
            isolation = pool.submit(isolation_of, setup).result()
            said = one_line(f"{isolation.level} ({isolation.note})", _LIMIT)
            console.print(f"isolation: {said}\n")
            if level:
                check_level(isolation, level)
            work.grade(setup, pool, lanes)
        except KeyboardInterrupt:
            stop_pool(pool)
            raise
        except BrokenExecutor:
            raise ExecutorFailed(LANE_LOST) from None


def _summary(progress: Progress) -> str:
    words = [f"{progress.passed} passed everything", f"{progress.failed} did not"]
    if progress.known:
        words.append(f"{progress.known} were known")
    if progress.problems:
        words.append(f"{progress.problems} could not be graded")
    return f"{progress.total} submissions: {', '.join(words)}\n"
