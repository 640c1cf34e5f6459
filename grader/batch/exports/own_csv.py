"""Our own gradebook: every student, the same bytes for the same grades.

No time of day and nothing of the machine, so that two files can be compared. For the instructor:
it holds the reasons of overrides.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from grader.batch.exports.cells import cell, has_score, number_text
from grader.batch.exports.writing import table
from grader.batch.records import GradeRow

COLUMNS = (
    "student",
    "name",
    "login",
    "lms_id",
    "email",
    "exercise",
    "attempt",
    "late",
    "score",
    "penalty",
    "override",
    "override_reason",
    "final_score",
    "max_score",
    "passed",
    "items",
    "misconceptions",
    "ending",
    "problem",
    "same_as",
    "file",
    "sha256",
)


def write(rows: Iterable[GradeRow], out: Path) -> list[Path]:
    """Write one row a student below the headings of COLUMNS."""
    with table(out) as add:
        add(COLUMNS)
        for row in rows:
            add(_cells(row))
    return [out]


def _cells(row: GradeRow) -> list[str]:
    student, override = row.student, row.override
    graded = not row.problem
    misconceptions = dict.fromkeys(item.misconception for item in row.items if item.misconception)
    return [
        cell(student.key),
        cell(student.name),
        cell(student.login),
        cell(student.lms_id),
        cell(student.email),
        cell(row.exercise),
        str(row.attempt),
        "" if row.is_late is None else _yes(row.is_late),
        number_text(row.score) if graded else "",
        number_text(row.penalty) if graded else "",
        "" if override is None else number_text(override.score),
        "" if override is None else cell(override.reason),
        number_text(row.final_score) if has_score(row) else "",
        str(row.max_score),
        _yes(row.passed),
        cell(" ".join(f"{item.id}={item.points}/{item.max_points}" for item in row.items), 20_000),
        cell(" ".join(misconceptions)),
        cell(row.ending),
        cell(row.problem),
        cell(", ".join(row.same_as)),
        cell(row.path),
        cell(row.sha256),
    ]


def _yes(value: bool) -> str:
    return "yes" if value else "no"
