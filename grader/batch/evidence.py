"""What is kept of a grade, and a verdict as data and back again, exactly.

The data is the verdict's own fields, one for one; it never holds what can be computed.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from grader.batch.records import GradeRow, ItemRow
from grader.verdict import Verdict

FORMAT = "asyncgrade/evidence/1"
MAX_DATA_BYTES = 256 * 1024 * 1024  # of one verdict, unpacked
_LEVEL = 6


@dataclass(frozen=True, slots=True)
class Program:
    """The bytes that were handed in, and what tells whether they are known already."""

    sha256: str
    tree: str  # digest of the syntax tree, "" when there is none to compare
    source: bytes


@dataclass(frozen=True, slots=True)
class VerdictKey:
    """What a verdict depends on: equal keys, equal verdicts."""

    sha256: str  # of the program's bytes
    exercise_hash: str
    seed: str
    grader_version: str
    python: str


@dataclass(frozen=True, slots=True)
class PackedGrade:
    """A verdict ready to be saved: what is counted, and all of it, packed."""

    score: int
    max_score: int
    passed: bool
    ending: str
    isolation: str
    isolation_note: str
    items: tuple[ItemRow, ...]
    verdict: bytes
    graded_s: float


@dataclass(frozen=True, slots=True)
class KnownVerdict:
    """A verdict that the store has."""

    id: int
    score: int
    max_score: int
    passed: bool
    ending: str


@dataclass(frozen=True, slots=True)
class PastOverride:
    """One decision of an instructor; ``score`` is None when an override was taken back."""

    score: float | None
    reason: str
    at: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One program in the history of a student."""

    attempt: int
    path: str
    submitted_at: str
    sha256: str
    score: int | None  # None: not graded
    problem: str
    counts: bool  # whether this is the one that the grade rests on


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that explains one grade."""

    row: GradeRow
    key: VerdictKey | None  # None, as the verdict: not graded
    verdict: Verdict | None
    source: bytes
    graded_at: str
    attempts: tuple[Attempt, ...]  # oldest first
    overrides: tuple[PastOverride, ...]  # oldest first


@dataclass(frozen=True, slots=True)
class ExplainedRow:
    """A student's grade with the verdict (None: not graded) and the program it rests on."""

    row: GradeRow
    verdict: Verdict | None
    source: bytes


def hash_of_exercise(file: Path) -> str:
    """The ``exercise_hash`` of an exercise's file. Raises OSError."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def pack_grade(verdict: Verdict, graded_s: float) -> PackedGrade:
    """Make a verdict ready for a store; this is work for the process that graded."""
    return PackedGrade(
        score=verdict.score,
        max_score=verdict.max_score,
        passed=verdict.passed,
        ending=verdict.ending,
        isolation=verdict.isolation,
        isolation_note=verdict.isolation_note,
        items=tuple(
            ItemRow(
                *(item.id, item.title, item.status.value, item.points, item.max_points),
                *(item.message, item.misconception),
            )
            for item in verdict.items
        ),
        verdict=pack(verdict),
        graded_s=graded_s,
    )


def pack(verdict: Verdict) -> bytes:
    """Write a verdict as compressed JSON; equal verdicts give equal bytes."""
    text = json.dumps(
        verdict_to_data(verdict), sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return zlib.compress(text.encode("ascii"), _LEVEL)


def unpack(packed: bytes) -> Verdict:
    """Read what ``pack`` wrote. Raises ValueError on anything else."""
    reader = zlib.decompressobj()
    try:
        text = reader.decompress(packed, MAX_DATA_BYTES)
    except zlib.error as error:
        raise ValueError(f"the kept verdict can't be read: {error}") from error
    if not reader.eof:
        raise ValueError("the kept verdict is cut off or too large")
    return verdict_from_data(json.loads(text))


def verdict_to_data(verdict: Verdict) -> dict[str, Any]:
    """Turn a verdict into data for JSON."""
    return {"format": FORMAT, **msgspec.to_builtins(verdict)}


def verdict_from_data(data: object) -> Verdict:
    """Turn data back into the same verdict. Raises ValueError when a type or a key is wrong.

    Only a field that has a default may be missing: data of an older version stays readable.
    """
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f"wanted the format {FORMAT}")
    return msgspec.convert(data, Verdict)
