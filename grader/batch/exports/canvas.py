"""A gradebook that Canvas imports (instructure/canvas-lms, lib/gradebook_importer.rb).

For want of the instructor's own export, which ``fill`` takes and which matches better. Students
without a score are left out: an empty cell would take a grade away. Canvas believes its column ID
before all else, so only numbers that are its own are written there, and other numbers nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from grader.batch.discovery.lms import is_id_of
from grader.batch.exports.cells import (
    cell,
    has_score,
    number_text,
    one_exercise,
    student_name,
    title,
)
from grader.batch.exports.writing import table
from grader.batch.records import GradeRow


def write(rows: Iterable[GradeRow], out: Path) -> list[Path]:
    """Write the headings, the row of possible points, and one row for each student with a score."""
    first, rows = one_exercise(rows)
    with table(out) as add:
        add(("Student", "ID", "SIS Login ID", "Section", cell(title(first))))
        add(("    Points Possible", "", "", "", str(first.max_score)))
        for row in rows:
            if has_score(row):
                student = row.student
                own = student.lms_id if is_id_of("Canvas", student.lms_id, row.path) else ""
                known = (student_name(row), own, student.login, "")
                add((*(cell(text or "") for text in known), number_text(row.final_score)))
    return [out]
