"""``asyncgrade run``: play a program once and show what happened, without a grade."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from grader.cli.app import Tools
from grader.cli.console import Console
from grader.cli.lookup import exercises_option, load
from grader.cli.problems import ExitCode, Refusal
from grader.cli.submissions import submission
from grader.cli.workers import choose_executor
from grader.engine.trace import Ending, Run
from grader.escape import for_terminal, one_line
from grader.grade import play_once, student_error, timeline
from grader.reporters import lanes, words
from grader.reporters.page import Page
from grader.values import describe

SEED = "run"  # the same data each time: nothing is graded
REAL_TIME_WALL_S = 3600
_QUOTE_LIMIT = 300_000


@click.command(
    "run",
    short_help="Play a program once, without a grade.",
    epilog="Example: asyncgrade run exercise-3 --real-time",
)
@click.argument("exercise_id", metavar="ID")
@click.argument("file", required=False)
@click.option(
    "--real-time", is_flag=True, help="Take as long as the seconds say, instead of no time at all."
)
@exercises_option
@click.option("--no-color", is_flag=True, help="Print no colours. NO_COLOR=1 does the same.")
@click.pass_obj
def play(
    tools: Tools,
    exercise_id: str,
    file: str | None,
    real_time: bool,
    folder: Path,
    no_color: bool,
) -> int:
    """Play the program FILE once with the services of the exercise ID, without grading it.

    Shows what it printed, what it returned and when each call ran. FILE is found as for
    "asyncgrade check". The exit code is 0 when the function returned, else 1.
    """
    exercise = load(exercise_id, folder)
    program = submission(exercise, file)
    if program.problem:
        raise Refusal(f"{program.path}: {program.problem}")
    if real_time:
        limits = replace(exercise.limits, wall_s=REAL_TIME_WALL_S)
        exercise = replace(exercise, limits=limits)
    executor = choose_executor(tools.workers, tell_time=_show_clock if real_time else None)
    run = play_once(exercise, program, executor, SEED, stepwise=real_time)
    if real_time:
        _hide_clock()
    console = tools.console.plain() if no_color else tools.console
    console.print(_report(console, run, program.path))
    return ExitCode.ALL_PASSED if run.ending is Ending.RETURNED else ExitCode.NOT_ALL_PASSED


def _show_clock(now_us: int) -> None:
    if sys.stderr is not None and sys.stderr.isatty():
        click.echo(f"\r{words.seconds(now_us)} s\x1b[K", nl=False, err=True, color=True)


def _hide_clock() -> None:
    if sys.stderr is not None and sys.stderr.isatty():
        click.echo("\r\x1b[K", nl=False, err=True, color=True)


def _report(console: Console, run: Run, path: str) -> str:
    page = console.page()
    output = for_terminal(run.output, limit=_QUOTE_LIMIT).rstrip("\n")
    if output:
        page.prose("What your program printed:", style="strong")
        page.quote(output)
        page.blank()
    _add_ending(page, run, path)
    shown = timeline(run)
    if shown is None:
        if run.ending is not Ending.LOAD_ERROR:  # which says itself that nothing was run
            page.blank()
            page.prose("It called no service.")
        return page.text()
    page.blank()
    page.prose(f"Your run: {words.seconds(shown.makespan_us)} s", style="strong")
    for line in lanes.draw(shown, width=page.width - 2, unicode=page.unicode):
        page.line(f"  {line}")
    page.blank()
    for line in lanes.legend([shown], unicode=page.unicode):
        page.prose(line, indent=2, style="faint")
    return page.text()


def _add_ending(page: Page, run: Run, path: str) -> None:
    if run.ending is Ending.RETURNED:
        value = one_line(describe(run.value, words.TEXT_LIMIT), words.TEXT_LIMIT)
        page.prose(value, label="returned: ")
        return
    sentence = words.ENDINGS.get(run.ending.value, "the run ended early")
    page.prose(f"How it ended: {sentence} ({run.ending.value})", style="strong")
    error = student_error(run)
    if error is None:
        return
    page.prose(words.error_and_place(error, path), style="bad")
    traceback = for_terminal(error.traceback, limit=_QUOTE_LIMIT).strip("\n")
    if traceback:
        page.quote(traceback)
