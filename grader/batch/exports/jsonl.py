"""All that is known of each grade as one line of JSON, for programs.

Canonical: ASCII, keys in order, no blanks, so that equal grades give equal lines. For the
instructor: it holds reasons of overrides and who handed in the same program.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from grader.batch.exports.cells import has_score, number_json
from grader.batch.exports.writing import atomic
from grader.batch.records import GradeRow
from grader.escape import for_json

FORMAT = "asyncgrade/grade/1"


def write(rows: Iterable[GradeRow], out: Path) -> list[Path]:
    """Write one line a student."""
    with atomic(out) as stream:
        for row in rows:
            stream.write(line(row) + "\n")
    return [out]


def line(row: GradeRow) -> str:
    """One grade as canonical JSON: the fields of GradeRow, the final score, and the format."""
    fields = {each.name: getattr(row, each.name) for each in dataclasses.fields(row)}
    final = row.final_score if has_score(row) else None
    grade = {"format": FORMAT, **fields, "final_score": final}
    return json.dumps(_plain(grade), sort_keys=True, separators=(",", ":"), allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return for_json(value)
    if isinstance(value, float):
        return number_json(value)
    if isinstance(value, Mapping):
        return {for_json(str(key)): _plain(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if dataclasses.is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    return value
