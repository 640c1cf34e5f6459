"""``asyncgrade check``: grade one program."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import click

from grader.cli.app import Tools
from grader.cli.console import Console
from grader.cli.lookup import exercises_option, exercises_words, load
from grader.cli.problems import ExitCode, Refusal
from grader.cli.submissions import submission
from grader.cli.workers import choose_executor, require
from grader.executors.base import LEVELS
from grader.grade import grade
from grader.verdict import Verdict

MAX_SEED_CHARS = 100


def _seed(ctx: click.Context, param: click.Parameter, value: str | None) -> str:
    if value is None:
        return os.urandom(8).hex()
    if not 0 < len(value) <= MAX_SEED_CHARS or not value.isprintable():
        text = f"a seed has 1 to {MAX_SEED_CHARS} characters that can be printed"
        raise click.BadParameter(text, ctx, param)
    return value


def _page_name(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
    """Only the name of a page: a slip must not replace a program by its report."""
    if value is not None and value.suffix.lower() not in (".html", ".htm"):
        text = f"a page has a name that ends in .html; try --html {value.stem or 'report'}.html"
        raise click.BadParameter(text, ctx, param)
    return value


@click.command(
    short_help="Grade a program.", epilog="Example: asyncgrade check exercise-3 my_program.py"
)
@click.argument("exercise_id", metavar="ID")
@click.argument("file", required=False)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["terminal", "json", "classroom"]),
    default="terminal",
    show_default=True,
    help="classroom: for a GitHub workflow; it also writes to the file named by GITHUB_OUTPUT.",
)
@exercises_option
@click.option(
    "--seed",
    metavar="TEXT",
    callback=_seed,
    help="Grade with the same data again. Default: a new seed each time, which the report names.",
)
@click.option(
    "--require-isolation",
    "level",
    type=click.Choice(LEVELS[1:]),
    help="Run nothing if this system isolates programs less than this (exit code 5).",
)
@click.option(
    "--html",
    "html_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    callback=_page_name,
    help="Also write the report as a page for a browser. FILE ends in .html.",
)
@click.option("--no-color", is_flag=True, help="Print no colours. NO_COLOR=1 does the same.")
@click.pass_obj
def check(
    tools: Tools,
    exercise_id: str,
    file: str | None,
    format_: str,
    folder: Path,
    seed: str,
    level: str | None,
    html_file: Path | None,
    no_color: bool,
) -> int:
    """Grade the program FILE against the exercise ID.

    Without FILE, the usual names in the current folder are tried: exercise-3.py, exercise_3.py,
    exercise-3/solution.py. With - the program is read from standard input.

    \b
    Exit codes: 0 all passed, 1 not all passed, 2 wrong use, 3 the exercise is at fault,
    4 the grader is at fault, 5 the isolation is too weak. With --format classroom it is 0
    whenever grading ran, because a later step reads the points.
    """
    exercise = load(exercise_id, folder)
    program = submission(exercise, file)
    executor = choose_executor(tools.workers)
    verdict = grade(exercise, program, require(executor, level) if level else executor, seed)
    again = exercises_words(folder)
    verdict = replace(verdict, replay=verdict.replay + again, exercises_option=again)
    if html_file is not None:
        _to_html(html_file, verdict, program.text)
    if format_ == "classroom":
        _to_classroom(tools.console, verdict)
        return ExitCode.ALL_PASSED
    console = tools.console.plain() if no_color else tools.console
    console.print(_as_json(verdict) if format_ == "json" else _as_report(console, verdict))
    return ExitCode.ALL_PASSED if verdict.passed else ExitCode.NOT_ALL_PASSED


def _as_json(verdict: Verdict) -> str:
    from grader.reporters import json_report

    return json_report.render(verdict)


def _as_report(console: Console, verdict: Verdict) -> str:
    from grader.reporters import terminal

    return terminal.render(
        verdict, width=console.width, color=console.color, unicode=console.unicode
    )


def _to_html(path: Path, verdict: Verdict, source: str) -> None:
    from grader.reporters.html import student_page

    try:
        path.write_text(student_page.render(verdict, source), encoding="utf-8", newline="\n")
    except OSError as error:
        raise Refusal(f"can't write to {path}: {error.strerror}") from None


def _to_classroom(console: Console, verdict: Verdict) -> None:
    """The log for a person, the result on its last line, and the outputs of the workflow step."""
    from grader.reporters import classroom

    outputs = os.environ.get("GITHUB_OUTPUT")
    if outputs:
        try:
            with Path(outputs).open("a", encoding="utf-8", newline="\n") as file:
                file.write(classroom.github_output(verdict))
        except OSError as error:
            raise Refusal(
                f"can't write to {outputs}, which GITHUB_OUTPUT names: {error.strerror}"
            ) from None
    console.plain().print(classroom.job_log(verdict, unicode=console.unicode))
    console.plain().print(classroom.render(verdict) + "\n")
