"""Grades as numbers and words that several exports share. Numbers are exact: 0.3, never 0.30…04."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import chain

from grader.batch.records import BatchError, GradeRow
from grader.escape import for_csv, one_line
from grader.verdict import Status

DECIMALS = 5  # what Moodle keeps; Canvas compares two
CELL_LIMIT = 1_000


def number_text(number: float) -> str:
    """Write a number with a decimal point, at most five decimals, and no needless zero.

    Raises BatchError when it is infinite or not a number.
    """
    if not math.isfinite(number):
        raise BatchError(
            f"A score is {number}, which no gradebook takes.",
            "Give that student a number as override, or grade again.",
        )
    text = f"{number:.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def number_json(number: float) -> int | float:
    """Round a number as ``number_text`` does; a whole number is an int."""
    text = number_text(number)
    return float(text) if "." in text else int(text)


def cell(text: str, limit: int = CELL_LIMIT) -> str:
    """Make text one line that a spreadsheet shows and never calculates."""
    return for_csv(one_line(text, limit), limit=limit)


def has_score(row: GradeRow) -> bool:
    """Tell whether there is a score to hand back: it was graded, or an instructor set one."""
    return row.override is not None or not row.problem


def title(row: GradeRow) -> str:
    """The name of the exercise for people."""
    return row.title or row.exercise


def student_name(row: GradeRow) -> str:
    return row.student.name or row.student.key


def score_lines(row: GradeRow) -> Iterator[str]:
    """Say the score for the student, in words of ours: never an override's reason."""
    if has_score(row):
        most = f" of {row.max_score}" if row.max_score else ""
        yield f"Score: {number_text(row.final_score)}{most} points."
    if row.override is not None:
        yield "The instructor set this score."
    elif row.penalty > 0 and not row.problem:
        yield f"Taken off because it was late: {number_text(row.penalty)}."


def losses(row: GradeRow) -> Iterator[str]:
    """Say in plain text what cost points: not yet made safe for any medium."""
    if row.problem:
        yield f"This could not be graded: {row.problem}"
    for item in row.items:
        if item.status != Status.PASSED.value:
            yield f"{item.title} {item.points}/{item.max_points}: {item.message}"


def one_exercise(rows: Iterable[GradeRow]) -> tuple[GradeRow, Iterator[GradeRow]]:
    """Give a row that knows the exercise's points, and all rows from the first on.

    Held in memory are only the rows before the first graded one. Raises BatchError when there are
    no rows, and while they are read when they are of several exercises.
    """
    waiting: list[GradeRow] = []
    source = iter(rows)
    for row in source:
        waiting.append(row)
        if row.max_score > 0:
            break
    if not waiting:
        raise BatchError("There is no grade to export.", "Grade something first: asyncgrade batch")
    return waiting[-1], _checked(chain(waiting, source), waiting[-1].exercise)


def _checked(rows: Iterable[GradeRow], exercise: str) -> Iterator[GradeRow]:
    for row in rows:
        if row.exercise != exercise:
            raise BatchError(
                f"The grades are of several exercises: {exercise} and {row.exercise}.",
                "This file holds one exercise: export each by itself.",
            )
        yield row
