"""``asyncgrade list``, ``show`` and ``hint``: reading exercises."""

from __future__ import annotations

import re
from pathlib import Path

import click
from rich.cells import cell_len, set_cell_size

from grader.cli.app import Tools
from grader.cli.lookup import exercises_option, exercises_words, load
from grader.cli.problems import Refusal
from grader.escape import for_terminal, one_line
from grader.exercise.catalog import exercise_ids
from grader.exercise.model import Exercise, ExerciseError, ExpressionError, Operation
from grader.reporters import words
from grader.reporters.page import Page

_LIST_ITEM = re.compile(r"- |[0-9]{1,2}\. ")
_TEXT_LIMIT = 50_000


@click.command("list", short_help="List the exercises.", epilog="Example: asyncgrade list")
@exercises_option
@click.pass_obj
def list_exercises(tools: Tools, folder: Path) -> None:
    """List the exercises: ID, difficulty and title."""
    rows: list[tuple[str, str, str]] = []
    problems: list[str] = []
    for name in exercise_ids(folder):
        try:
            exercise = load(name, folder)
            rows.append((name, one_line(exercise.difficulty, 20), one_line(exercise.title, 200)))
        except ExerciseError as error:
            problems += error.problems
    page = tools.console.page()
    widths = [max(map(cell_len, column)) + 2 for column in zip(*rows, strict=True)]
    for name, difficulty, title in rows:
        page.prose(
            title, label=set_cell_size(name, widths[0]) + set_cell_size(difficulty, widths[1])
        )
    if rows:
        page.blank()
        page.prose(f'Read one: "asyncgrade show {rows[0][0]}{exercises_words(folder)}"')
    elif not problems:
        page.prose(
            f"There are no exercises in {one_line(str(folder), 300)}. The file of an exercise is "
            f"named after its ID, like exercise-1.yaml."
        )
    tools.console.print(page.text())
    if problems:
        raise ExerciseError(tuple(problems))


@click.command(
    short_help="Show the task of an exercise.", epilog="Example: asyncgrade show exercise-3"
)
@click.argument("exercise_id", metavar="ID")
@exercises_option
@click.pass_obj
def show(tools: Tools, exercise_id: str, folder: Path) -> None:
    """Show the task of the exercise ID, its services and its points."""
    exercise = load(exercise_id, folder)
    page = tools.console.page()
    page.prose(f"{exercise.id}: {one_line(exercise.title, 200)}", style="strong")
    page.prose(one_line(exercise.goal, 400), label="goal: ")
    page.blank()
    _add_text(page, exercise.text)
    _add_services(page, exercise)
    _add_points(page, exercise)
    page.blank()
    page.prose(f'Begin: "asyncgrade start {exercise.id}{exercises_words(folder)}"')
    tools.console.print(page.text())


@click.command(
    short_help="Show a hint, a small one first.", epilog="Example: asyncgrade hint exercise-2 -n 2"
)
@click.argument("exercise_id", metavar="ID")
@click.option("-n", "number", type=int, default=1, show_default=True, help="Which hint.")
@click.option("--all", "everything", is_flag=True, help="Show all hints; the last says most.")
@exercises_option
@click.pass_obj
def hint(tools: Tools, exercise_id: str, number: int, everything: bool, folder: Path) -> None:
    """Show a hint for the exercise ID: a small one first, a bigger one when you ask again."""
    exercise = load(exercise_id, folder)
    count = len(exercise.hints)
    if count == 0:
        raise Refusal(f"{exercise.id} has no hints")
    if not 1 <= number <= count:
        raise Refusal(f"{exercise.id} has the hints 1 to {count}; there is no hint {number}")
    page = tools.console.page()
    for shown in range(1, count + 1) if everything else [number]:
        page.prose(f"Hint {shown} of {count}", style="strong")
        _add_text(page, exercise.hints[shown - 1])
        page.blank()
    if not everything and number < count:
        command = f"asyncgrade hint {exercise.id} -n {number + 1}{exercises_words(folder)}"
        page.prose(f'The next one: "{command}"')
    tools.console.print(page.text())


def _add_text(page: Page, text: str) -> None:
    """An author's text: paragraphs and list items are wrapped, code stays as it is."""
    paragraph: list[str] = []
    label = ""

    def end_paragraph() -> None:
        if paragraph:
            page.prose(" ".join(paragraph), label=label)
            paragraph.clear()

    in_code = False
    for line in for_terminal(text, limit=_TEXT_LIMIT).strip("\n").split("\n"):
        item = _LIST_ITEM.match(line)
        if line.startswith("```"):
            end_paragraph()
            in_code = not in_code
        elif in_code or line.startswith("|"):
            end_paragraph()
            page.line(f"    {line}".rstrip())
        elif not line.strip():
            end_paragraph()
            page.blank()
        else:
            if item or not paragraph:
                end_paragraph()
                label = item[0] if item else ""
            paragraph.append(line[len(item[0]) :] if item else line.strip())
    end_paragraph()


def _add_services(page: Page, exercise: Exercise) -> None:
    page.blank()
    page.prose("Services (from services import …), in virtual seconds:", style="strong")
    for service in exercise.services:
        call = f"{service.name}({', '.join(service.params)})"
        if service.kind == "coroutine":
            call += f", {_duration(service.operations[0])}"
        summary = one_line(service.summary, 300)
        page.prose(f"{call}: {summary}" if summary else call, label="- ")
        for operation in service.operations if service.kind == "context" else ():
            method = operation.name.partition(".")[2]
            params = "" if method in ("enter", "exit") else f"({', '.join(operation.params)})"
            page.prose(f"{method}{params}, {_duration(operation)}", indent=2, label="- ")


def _duration(operation: Operation) -> str:
    try:
        return f"{words.seconds(operation.duration_us({}))} s"
    except (ExpressionError, LookupError):  # it needs to know the arguments
        return "how long depends on the arguments"


def _add_points(page: Page, exercise: Exercise) -> None:
    page.blank()
    total = sum(item.points for item in exercise.rubric)
    page.prose(f"What is graded ({words.points(total)}):", style="strong")
    for item in exercise.rubric:
        title = one_line(item.title, 300)
        page.prose(f"{item.id}: {title} ({words.points(item.points)})", label="- ")
