"""A file for Moodle's "Grades > Import > CSV" (grade/import/csv/classes/load_data.php).

For want of the assignment's own worksheet, which ``fill`` takes and which matches better. Students
without a score are left out: Moodle would take a grade away. Moodle reads feedback as HTML.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from grader.batch.exports.cells import (
    cell,
    has_score,
    losses,
    number_text,
    one_exercise,
    score_lines,
    student_name,
    title,
)
from grader.batch.exports.writing import table
from grader.batch.records import GradeRow
from grader.escape import for_csv, for_html

FEEDBACK_LIMIT = 5_000


def write(rows: Iterable[GradeRow], out: Path) -> list[Path]:
    """Write one row for each student with a score: grade and feedback."""
    first, rows = one_exercise(rows)
    name = title(first)
    with table(out) as add:
        known = ("Username", "Email address", "Full name")
        add((*known, cell(f"{name} (grade)"), cell(f"{name} (feedback)")))
        for row in rows:
            if has_score(row):
                who = (row.student.login, row.student.email, student_name(row))
                add((*map(cell, who), number_text(row.final_score), feedback(row)))
    return [out]


def feedback(row: GradeRow) -> str:
    """Say what was lost, as a cell of HTML: its line breaks become new lines on the page."""
    text = "\n".join((*score_lines(row), *losses(row)))
    return for_csv(for_html(text, limit=FEEDBACK_LIMIT))
