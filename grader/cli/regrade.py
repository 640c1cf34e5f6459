"""Commands on the gradebook of a batch: export, explain-grade, override."""

from __future__ import annotations

from pathlib import Path

import click

from grader.batch.evidence import Evidence, hash_of_exercise
from grader.batch.exports.export import FORMATS, TO_A_FOLDER
from grader.batch.exports.export import export as write_export
from grader.batch.late import load_policy
from grader.batch.run import PROGRAM_FILENAME
from grader.batch.store import Store
from grader.batch.store_rows import Keep
from grader.cli.app import Tools
from grader.cli.gradebook import gradebook_in
from grader.cli.lookup import exercises_option, load
from grader.cli.problems import ExitCode, Refusal
from grader.cli.workers import choose_executor
from grader.escape import for_terminal, one_line, source_lines
from grader.exercise.catalog import find_exercise
from grader.exercise.model import ExerciseError
from grader.grade import grade, read_submission
from grader.reporters import terminal
from grader.verdict import Verdict

_LIMIT = 300
_SOURCE_CHARS = 100_000
_FOLDER = click.argument(
    "folder_of_batch", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
_KEEP = click.option(
    "--keep", type=click.Choice(["last", "best"]), help="Default: as the batch was told."
)
_LATE = click.option(
    "--late",
    "late_file",
    type=click.Path(exists=True, path_type=Path),
    help="YAML: late policy. Default: as the batch was told.",
)


@click.command(
    short_help="Write the grades of a batch for an LMS.",
    epilog="Example: asyncgrade export exercise-3-grades --format canvas",
)
@_FOLDER
@click.option("--format", "format_", type=click.Choice([*FORMATS]), required=True)
@click.option("--out", type=click.Path(path_type=Path), help="Default: beside the gradebook.")
@_KEEP
@_LATE
@click.pass_obj
def export(
    tools: Tools,
    folder_of_batch: Path,
    format_: str,
    out: Path | None,
    keep: Keep | None,
    late_file: Path | None,
) -> int:
    """Write the grades in DIR, the folder of a batch, in a format that another program takes."""
    late = load_policy(late_file) if late_file else None
    suffix = "" if format_ in TO_A_FOLDER else (".jsonl" if format_ == "jsonl" else ".csv")
    target = out or folder_of_batch / f"{format_}{suffix}"
    gradebook = gradebook_in(folder_of_batch)
    if target.resolve() == gradebook.resolve():
        raise Refusal(f"{target} is the gradebook", "Choose another file with --out.")
    with Store.open(gradebook, create=False) as store:
        for path in write_export(format_, store.grade_rows(*store.rules(keep, late)), target):
            tools.console.print(f"written: {one_line(str(path), _LIMIT)}\n")
    return ExitCode.ALL_PASSED


@click.command(
    "explain-grade",
    short_help="Show why a student got this grade.",
    epilog="Example: asyncgrade explain-grade exercise-3-grades doejane",
)
@_FOLDER
@click.argument("student")
@click.option("--attempt", type=click.IntRange(1), help="Default: the one that counts.")
@click.option(
    "--replay/--no-replay", default=True, show_default=True, help="Grade it again and compare."
)
@_KEEP
@_LATE
@exercises_option
@click.pass_obj
def explain_grade(
    tools: Tools,
    folder_of_batch: Path,
    student: str,
    attempt: int | None,
    replay: bool,
    keep: Keep | None,
    late_file: Path | None,
    folder: Path,
) -> int:
    """Show the evidence that was kept of one student's grade, and grade the program once more.

    With the seed of the batch the verdict must come out the same; if it does not, the exit code
    is 1.
    """
    late = load_policy(late_file) if late_file else None
    with Store.open(gradebook_in(folder_of_batch), create=False) as store:
        evidence = store.evidence(student, attempt, *store.rules(keep, late))
    say = tools.console.print
    for line in _facts(evidence):
        say(f"{one_line(line, _LIMIT)}\n")
    if evidence.verdict is None:
        return ExitCode.ALL_PASSED
    console = tools.console
    say("\n")
    say(
        terminal.render(
            evidence.verdict, width=console.width, color=console.color, unicode=console.unicode
        )
    )
    say("\nthe program:\n")
    source = evidence.source.decode("utf-8", "replace")[:_SOURCE_CHARS]
    for number, line in enumerate(source_lines(source.rstrip("\n")), 1):
        say(f"{number:5} | {for_terminal(line)}\n")
    if replay:
        return _replay(tools, evidence, evidence.verdict, folder)
    return ExitCode.ALL_PASSED


def _facts(evidence: Evidence) -> list[str]:
    row = evidence.row
    name = f"{row.student.key} {row.student.name}".strip()
    lines = [
        f"student: {name}",
        f"grade: {row.final_score:g} of {row.max_score}",
        f"handed in: {row.path or 'nothing'} (attempt {row.attempt})",
    ]
    if row.penalty:
        lines.append(f"late: {row.penalty:g} points taken")
    if row.problem:
        lines.append(f"not graded: {row.problem}")
    lines += [
        f"override: {'taken back' if past.score is None else f'{past.score:g}'}, {past.at}: "
        f"{past.reason}"
        for past in evidence.overrides
    ]
    if row.same_as:
        lines.append(f"the same program as: {', '.join(row.same_as)}")
    for past_attempt in evidence.attempts:
        score = past_attempt.problem if past_attempt.score is None else f"{past_attempt.score}"
        counts = ", counts" if past_attempt.counts else ""
        lines.append(f"attempt {past_attempt.attempt}: {past_attempt.path}: {score}{counts}")
    return lines


def _replay(tools: Tools, evidence: Evidence, before: Verdict, folder: Path) -> int:
    """Grade once more with the same seed: everything that is judged must come out the same."""
    try:
        exercise = load(before.exercise, folder)
    except (Refusal, ExerciseError) as error:
        tools.console.print(f"\nnot replayed: {one_line(str(error), _LIMIT)}\n")
        return ExitCode.ALL_PASSED
    submission = read_submission(before.path, PROGRAM_FILENAME, evidence.source)
    now = grade(exercise, submission, choose_executor(tools.workers), before.seed)
    same = [(i.id, i.status, i.points) for i in now.items] == [
        (i.id, i.status, i.points) for i in before.items
    ]
    if same and now.ending == before.ending:
        tools.console.print("\nreplayed: the same verdict\n")
        return ExitCode.ALL_PASSED
    why = f"It was graded by asyncgrade {before.grader_version} on Python {before.python_version}."
    hash_now = hash_of_exercise(find_exercise(before.exercise, folder))
    if evidence.key is not None and evidence.key.exercise_hash != hash_now:
        why = "The exercise has been changed since."
    raise Refusal(
        f"replayed: another verdict ({now.score} of {now.max_score}, {now.ending}; it was "
        f"{before.score} of {before.max_score}, {before.ending})",
        why,
        code=ExitCode.NOT_ALL_PASSED,
    )


@click.command(
    short_help="Set a student's score by hand, with a reason.",
    epilog='Example: asyncgrade override exercise-3-grades doejane 8 --reason "shown in the lab"',
)
@_FOLDER
@click.argument("student")
@click.argument("score", type=float, required=False)
@click.option("--reason", default="", help="Kept and shown beside the grade.")
@click.option("--clear", is_flag=True, help="Let the score of the rubric count again.")
@click.pass_obj
def override(
    tools: Tools,
    folder_of_batch: Path,
    student: str,
    score: float | None,
    reason: str,
    clear: bool,
) -> int:
    """Set the SCORE of STUDENT in DIR by hand. It survives regrading; the history is kept."""
    if clear == (score is not None):
        raise Refusal("give a score, or --clear")
    with Store.open(gradebook_in(folder_of_batch), create=False) as store:
        if score is None:
            store.clear_override(student, reason)
        else:
            store.override(student, score, reason)
        row = store.evidence(student, None, *store.rules()).row
    tools.console.print(
        f"{one_line(row.student.key, 120)}: {row.final_score:g} of {row.max_score}\n"
        "The files of the batch are written anew by asyncgrade batch and asyncgrade export.\n"
    )
    return ExitCode.ALL_PASSED
