"""``asyncgrade start``: write the files to begin with. Never overwrites one."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli.app import Tools
from grader.cli.console import complain
from grader.cli.lookup import exercises_option, exercises_words, load
from grader.cli.problems import ExitCode, Refusal
from grader.escape import for_shell, one_line

STUB = "services.pyi"


@click.command(
    short_help="Write the files to begin an exercise with.",
    epilog="Example: asyncgrade start exercise-3 --dir week-2",
)
@click.argument("exercise_id", metavar="ID")
@click.option(
    "--dir",
    "target",
    metavar="DIR",
    default=".",
    help="Write into this folder, made if needed. Default: the current folder.",
)
@exercises_option
@click.pass_obj
def start(tools: Tools, exercise_id: str, target: str, folder: Path) -> int:
    """Write a file to begin the exercise ID with, and services.pyi, which helps your editor.

    A file that exists already is never changed.
    """
    from grader.exercise.starters import services_stub, starter_source

    exercise = load(exercise_id, folder)
    into = Path(target)
    if into.exists() and not into.is_dir():
        raise Refusal(f"{target} is a file, not a folder; name a folder that may be new")
    program, stub = into / f"{exercise.id}.py", into / STUB
    try:
        into.mkdir(parents=True, exist_ok=True)
        is_new = _write_new(program, starter_source(exercise))
        stub_fits = _write_new(stub, services_stub(exercise)) or _holds(
            stub, services_stub(exercise)
        )
    except OSError as error:
        raise Refusal(f"can't write to {error.filename or into}: {error.strerror}") from None
    if not stub_fits:
        complain(
            f"{stub} exists already and was not changed. If it belongs to another exercise, your "
            f"editor does not know the services of this one: delete it and start again, or give "
            f"each exercise a folder of its own with --dir."
        )
    if not is_new:
        complain(
            f"{program} exists already and was not changed. "
            "To begin anew, rename or delete it first."
        )
        return ExitCode.USAGE
    page = tools.console.page()
    shown = one_line(program.as_posix(), 300)
    page.prose(f"{shown} is written. Open it in your editor; then:")
    argument = for_shell(f"./{shown}" if shown.startswith("-") else shown)
    page.line(f"  asyncgrade check {exercise.id} {argument}{exercises_words(folder)}")
    tools.console.print(page.text())
    return ExitCode.ALL_PASSED


def _write_new(path: Path, text: str) -> bool:
    """Write a file that does not exist yet; say whether that was so."""
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True


def _holds(path: Path, text: str) -> bool:
    try:
        return path.is_file() and path.read_text("utf-8") == text
    except (OSError, UnicodeDecodeError):
        return False
