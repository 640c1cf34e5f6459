"""One ``results.json`` a student, as Gradescope's autograders write it.

Format: gradescope-autograders.readthedocs.io, "Autograder Specifications". The student sees it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from grader.batch.exports.cells import has_score, number_json, score_lines
from grader.batch.exports.file_names import file_name
from grader.batch.exports.writing import atomic, make_folder
from grader.batch.records import GradeRow, ItemRow
from grader.escape import for_terminal, one_line
from grader.verdict import Status


def write(rows: Iterable[GradeRow], out: Path) -> list[Path]:
    """Write ``<student>/results.json`` below a folder; give the folder back."""
    make_folder(out)
    for row in rows:
        folder = out / file_name(row.student.key)
        make_folder(folder)
        with atomic(folder / "results.json") as stream:
            stream.write(json.dumps(_results(row), indent=2, allow_nan=False) + "\n")
    return [out]


def _results(row: GradeRow) -> dict[str, Any]:
    """The score at the top counts. Gradescope wants one: what could not be graded gets a 0."""
    problem = [f"This could not be graded: {row.problem}"] if row.problem else []
    return {
        "score": number_json(row.final_score) if has_score(row) else 0,
        "output": for_terminal("\n".join((*score_lines(row), *problem))),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {"asyncgrade": {"exercise": row.exercise, "sha256": row.sha256}},
        "tests": [_test(number, item) for number, item in enumerate(row.items, 1)],
    }


def _test(number: int, item: ItemRow) -> dict[str, Any]:
    passed = item.status == Status.PASSED.value
    return {
        "number": str(number),
        "name": one_line(item.title, 200),
        "score": item.points,
        "max_score": item.max_points,
        "status": "passed" if passed else "failed",
        "output": for_terminal(item.message, limit=2_000),
        "tags": [item.id],
        "visibility": "visible",
    }
