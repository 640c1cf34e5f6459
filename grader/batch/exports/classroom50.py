"""Classroom 50's gradebook: ``scores.json`` and ``scores.csv`` (foundation50/classroom50).

Formats: schemas/scores-v1.schema.json; the columns of ``gh teacher download``. Scores are whole
numbers there: halves are rounded up, and nothing is above the maximum.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TextIO

from grader.batch.exports.cells import cell, has_score, number_json, one_exercise
from grader.batch.exports.writing import atomic, make_folder, table
from grader.batch.late import parse_moment
from grader.batch.records import BatchError, GradeRow, ItemRow
from grader.escape import for_json, one_line
from grader.verdict import Status

COLUMNS = (
    *("username", "first_name", "last_name", "email", "section", "score", "max_score"),
    *("datetime", "submission_tag", "submitted_by", "review_url", "late", "override"),
)
UNKNOWN = "not-known"  # the schema wants a text where a folder of clones tells nothing
UNKNOWN_TIME = "1970-01-01T00:00:00Z"
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{1,99}")


def write(rows: Iterable[GradeRow], out: Path) -> list[Path]:
    """Write both files into a folder. A student without a score is in the CSV only."""
    first, rows = one_exercise(rows)
    if not _SLUG.fullmatch(first.exercise):
        raise BatchError(
            f"Classroom 50 can't name an assignment {one_line(first.exercise, 100)}.",
            "It wants 2 to 100 of a-z, 0-9 and -, a letter or digit first.",
        )
    make_folder(out)
    paths = [out / "scores.json", out / "scores.csv"]
    with atomic(paths[0]) as scores, table(paths[1]) as add:
        add(COLUMNS)
        _write_both(first.exercise, rows, scores, add)
    return paths


def _write_both(
    exercise: str,
    rows: Iterable[GradeRow],
    scores: TextIO,
    add: Callable[[Iterable[str]], object],
) -> None:
    """Write entry by entry: the whole of a large class is never held."""
    scores.write('{\n  "schema": "classroom50/scores/v1",\n  "assignments": {\n')
    scores.write(f'    {json.dumps(exercise)}: {{\n      "type": "individual",\n')
    scores.write('      "entries": [')
    before = "\n"
    for row in rows:
        add(_cells(row))
        if has_score(row):
            scores.write(f"{before}        {json.dumps(_entry(row), allow_nan=False)}")
            before = ",\n"
    scores.write("\n      ]\n    }\n  }\n}\n")


def _entry(row: GradeRow) -> dict[str, Any]:
    """One student. Collection leaves an entry alone whose override is true."""
    return {
        "owner": _owner(row),
        "submissions": [_submission(row)],
        "override": row.override is not None,
    }


def _submission(row: GradeRow) -> dict[str, Any]:
    record: dict[str, Any] = {
        "schema": "classroom50/result/v1",
        "classroom": UNKNOWN,
        "assignment_type": "individual",
        "owner": _owner(row),
        "submission": f"submit/{UNKNOWN}",
        "commit": UNKNOWN,
        "release": UNKNOWN,
        "review": UNKNOWN,
        "datetime": _utc(row.submitted_at) or UNKNOWN_TIME,
        "score": _whole(row.final_score, _most(row)),
        "max-score": _most(row),
        "tests": [_test(item) for item in row.items],
    }
    if row.is_late is not None:
        record["late"] = row.is_late
    return record


def _test(item: ItemRow) -> dict[str, Any]:
    return {
        "test-name": one_line(item.title, 200) or item.id,
        "passed": item.status == Status.PASSED.value,
        "score": _whole(item.points, item.max_points),
        "max-score": item.max_points,
        "message": one_line(item.message, 2_000),
        "rubric-id": item.id,
    }


def _cells(row: GradeRow) -> list[str]:
    graded = has_score(row)
    last, _, first = row.student.name.rpartition(", ")  # "Doe, Jane"; other names are not divided
    return [
        cell(_owner(row)),
        cell(first),
        cell(last),
        cell(row.student.email),
        "",
        str(_whole(row.final_score, _most(row))) if graded else "",
        str(_most(row)) if graded else "",
        _utc(row.submitted_at),
        "",
        cell(_owner(row)) if graded else "",
        "",
        "" if row.is_late is None else str(row.is_late).lower(),
        "true" if row.override is not None else "",
    ]


def _owner(row: GradeRow) -> str:
    return for_json(row.student.login or row.student.key)


def _most(row: GradeRow) -> int:
    """The maximum; where the exercise has none, as for an override of nothing, the score."""
    return row.max_score or _round(row.final_score)


def _whole(score: float, most: int) -> int:
    return min(max(_round(score), 0), most)


def _round(score: float) -> int:
    return math.floor(number_json(score) + 0.5)


def _utc(text: str) -> str:
    """A time with an offset as ``YYYY-MM-DDTHH:MM:SSZ``; "" when it is none."""
    moment = parse_moment(text)
    return "" if moment is None else f"{moment.replace(tzinfo=None).isoformat()}Z"
