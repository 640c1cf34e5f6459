"""Reading the tables of a gradebook: which attempt counts, grade rows, evidence, same programs."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal, NamedTuple

from grader.batch.evidence import (
    Attempt,
    Evidence,
    ExplainedRow,
    KnownVerdict,
    PastOverride,
    VerdictKey,
    unpack,
)
from grader.batch.late import LatePolicy, penalty
from grader.batch.records import GradeRow, ItemRow, Override, Student
from grader.escape import for_json
from grader.verdict import Verdict

Keep = Literal["best", "last"]
MAX_SAME = 50  # names in one row's ``same_as``; ``identical_groups`` has them all

KEY = "sha256, exercise_hash, seed, grader_version, python"
SUMMARY = "score, max_score, ending, passed, isolation, isolation_note, graded_s, graded_at, data"
_HANDINS = """
    SELECT h.id, h.student, h.attempt, h.sha256, h.tree, h.path, h.submitted_at, h.is_late,
           h.problem, h.verdict, h.run, v.exercise_hash, v.score, v.max_score
    FROM handins AS h LEFT JOIN verdicts AS v ON v.id = h.verdict
"""


class _Batch(NamedTuple):
    """What the batch is about."""

    exercise: str
    title: str
    exercise_hash: str
    max_score: int


@dataclass(frozen=True, slots=True)
class _Handed:
    """A row of the table ``handins``, with the numbers of its verdict."""

    id: int
    student: str
    attempt: int
    sha256: str
    tree: str
    path: str
    submitted_at: str
    is_late: bool | None
    problem: str
    verdict: int | None
    run: int
    exercise_hash: str | None
    score: int | None
    max_score: int | None


def plain(text: str) -> str:
    """Make text what UTF-8 can hold."""
    return for_json(text)


def student_key(key: str) -> str:
    """A student's key as the store keeps it: names that are not Unicode stay different ones."""
    shown = plain(key)
    if shown == key:
        return key
    return f"{shown}~{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def compress(source: bytes) -> bytes:
    return zlib.compress(source, 6)


def key_values(key: VerdictKey) -> tuple[str, ...]:
    return (key.sha256, key.exercise_hash, key.seed, key.grader_version, key.python)


def known_verdict(db: sqlite3.Connection, key: VerdictKey) -> KnownVerdict | None:
    row = db.execute(
        "SELECT id, score, max_score, passed, ending FROM verdicts"
        f" WHERE ({KEY}) = (?, ?, ?, ?, ?)",
        key_values(key),
    ).fetchone()
    return row and KnownVerdict(row[0], row[1], row[2], bool(row[3]), row[4])


def grade_rows(db: sqlite3.Connection, keep: Keep, policy: LatePolicy | None) -> Iterator[GradeRow]:
    for row, _ in _counting_rows(db, keep, policy):
        yield row


def explained_rows(
    db: sqlite3.Connection, keep: Keep, policy: LatePolicy | None
) -> Iterator[ExplainedRow]:
    """Raises ValueError when a kept verdict is damaged."""
    for row, counting in _counting_rows(db, keep, policy):
        kept = db.execute("SELECT data FROM verdicts WHERE id = ?", (counting.verdict,)).fetchone()
        verdict = kept and _verdict(kept[0], counting)
        yield ExplainedRow(row, verdict, _source(db, counting.sha256))


def _counting_rows(
    db: sqlite3.Connection, keep: Keep, policy: LatePolicy | None
) -> Iterator[tuple[GradeRow, _Handed]]:
    batch = _batch(db)
    handed = _read(db.execute(f"{_HANDINS} ORDER BY h.student"))
    for _, group in groupby(handed, key=lambda row: row.student):
        history = _in_order(group)
        counting = _counting(history, keep, policy, batch.exercise_hash)
        yield _grade_row(db, counting, history, policy, batch), counting


def evidence(
    db: sqlite3.Connection,
    student: str,
    attempt: int | None,
    keep: Keep,
    policy: LatePolicy | None,
) -> Evidence | None:
    """None when there is no such attempt. Raises ValueError when the kept verdict is damaged."""
    batch = _batch(db)
    history = _in_order(_read(db.execute(f"{_HANDINS} WHERE h.student = ?", (student,))))
    if not history:
        return None
    counting = _counting(history, keep, policy, batch.exercise_hash)
    asked = [row for row in history if row.attempt == attempt]
    if attempt is not None and not asked:
        return None
    if attempt is not None and counting not in asked:
        shown = _counting(asked, keep, policy, batch.exercise_hash)
    else:
        shown = counting
    kept = db.execute(
        f"SELECT {KEY}, graded_at, data FROM verdicts WHERE id = ?", (shown.verdict,)
    ).fetchone()
    return Evidence(
        row=_grade_row(db, shown, history, policy, batch),
        key=kept and VerdictKey(*kept[:5]),
        verdict=kept and _verdict(kept[6], shown),
        source=_source(db, shown.sha256),
        graded_at=kept[5] if kept else "",
        attempts=tuple(
            Attempt(
                *(row.attempt, row.path, row.submitted_at, row.sha256, row.score, row.problem),
                counts=row is counting,
            )
            for row in history
        ),
        overrides=tuple(
            PastOverride(*row)
            for row in db.execute(
                "SELECT score, reason, at FROM overrides WHERE student = ? ORDER BY id",
                (student,),
            )
        ),
    )


def override(db: sqlite3.Connection, student: str) -> Override | None:
    """The override that is in force."""
    row = db.execute(
        "SELECT score, reason, at FROM overrides WHERE student = ? ORDER BY id DESC LIMIT 1",
        (student,),
    ).fetchone()
    return Override(*row) if row and row[0] is not None else None


def identical_groups(db: sqlite3.Connection) -> tuple[tuple[str, ...], ...]:
    rows = db.execute(
        "SELECT DISTINCT tree, student FROM handins WHERE tree IN (SELECT tree FROM handins"
        " WHERE tree <> '' GROUP BY tree HAVING min(student) <> max(student))"
        " ORDER BY tree, student"
    )
    groups = {
        tuple(student for _, student in group) for _, group in groupby(rows, key=lambda row: row[0])
    }
    return tuple(sorted(group for group in groups if not _mates(db, group[0]) >= {*group}))


# --- which one counts ------------------------------------------------------------------------


def _batch(db: sqlite3.Connection) -> _Batch:
    row = db.execute("SELECT exercise, title, exercise_hash, max_score FROM batch").fetchone()
    return _Batch(*row)


def _read(rows: Iterable[tuple[object, ...]]) -> Iterator[_Handed]:
    for row in rows:
        values = list(row)
        values[7] = None if row[7] is None else bool(row[7])
        yield _Handed(*values)  # type: ignore[arg-type]


def _in_order(rows: Iterable[_Handed]) -> list[_Handed]:
    """Oldest first: what an earlier batch saw, and within one batch by attempt.

    Attempts are counted anew in each download, and who once was absent may hand in later.
    """
    ordered = sorted(rows, key=lambda row: (row.run, row.attempt, row.path, row.sha256))
    return [row for row in ordered if row.attempt] or ordered


def _counting(
    history: Sequence[_Handed], keep: Keep, policy: LatePolicy | None, exercise_hash: str
) -> _Handed:
    """The row that the grade rests on. ``history`` is in order and not empty.

    What was graded with another version of the exercise counts where there is nothing newer; what
    could not be graded counts only as the newest.
    """
    graded = max((n for n, row in enumerate(history) if row.verdict is not None), default=-1)
    current = [
        row
        for n, row in enumerate(history)
        if row.exercise_hash == exercise_hash or (row.verdict is None and n > graded)
    ] or history
    if keep == "last":
        return current[-1]
    best = max(
        range(len(current)),
        key=lambda n: (current[n].score is not None, _net(current[n], policy), n),
    )
    return current[best]


def _net(row: _Handed, policy: LatePolicy | None) -> float:
    return (row.score or 0) - _penalty(row, policy)


def _penalty(row: _Handed, policy: LatePolicy | None) -> float:
    if row.score is None or row.max_score is None:
        return 0.0
    return penalty(policy, row.submitted_at, row.is_late, row.score, row.max_score)


# --- one row ---------------------------------------------------------------------------------


def _grade_row(
    db: sqlite3.Connection,
    row: _Handed,
    history: Sequence[_Handed],
    policy: LatePolicy | None,
    batch: _Batch,
) -> GradeRow:
    student = db.execute(
        "SELECT key, name, login, lms_id, email FROM students WHERE key = ?", (row.student,)
    ).fetchone()
    summary = db.execute(
        "SELECT ending, passed, isolation, isolation_note, graded_s FROM verdicts WHERE id = ?",
        (row.verdict,),
    ).fetchone() or ("", 0, "", "", 0.0)
    items = db.execute(
        "SELECT id, title, status, points, max_points, message, misconception FROM items"
        " WHERE verdict = ? ORDER BY position",
        (row.verdict,),
    )
    return GradeRow(
        student=Student(*student),
        exercise=batch.exercise,
        title=batch.title,
        path=row.path,
        attempt=row.attempt,
        submitted_at=row.submitted_at,
        is_late=row.is_late,
        score=float(row.score or 0),
        max_score=batch.max_score if row.max_score is None else row.max_score,
        penalty=_penalty(row, policy),
        override=override(db, row.student),
        ending=summary[0],
        passed=bool(summary[1]),
        isolation=summary[2],
        isolation_note=summary[3],
        sha256=row.sha256,
        tree=row.tree,
        same_as=_same_as(db, row.student, history),
        graded_s=summary[4],
        items=tuple(ItemRow(*item) for item in items),
        problem=row.problem,
    )


def _same_as(db: sqlite3.Connection, student: str, history: Sequence[_Handed]) -> tuple[str, ...]:
    """Who else handed in one of these trees, at any attempt: so it holds both ways.

    The members of a group, who handed in one and the same file, are no finding.
    """
    mates = _mates(db, student)
    found: set[str] = set()
    for tree in {row.tree for row in history if row.tree}:
        others = db.execute(
            "SELECT DISTINCT student FROM handins WHERE tree = ? ORDER BY student LIMIT ?",
            (tree, MAX_SAME + len(mates)),
        )
        found.update(other for (other,) in others if other not in mates)
    return tuple(sorted(found))[:MAX_SAME]


def _mates(db: sqlite3.Connection, student: str) -> set[str]:
    """A student with all who ever handed in one and the same file."""
    mates = db.execute(
        "SELECT DISTINCT b.student FROM handins AS a"
        " JOIN handins AS b ON a.path = b.path AND a.sha256 = b.sha256"
        " WHERE a.student = ? AND a.sha256 <> ''",
        (student,),
    )
    return {student, *(mate for (mate,) in mates)}


def _verdict(data: bytes, shown: _Handed) -> Verdict:
    """A kept verdict, under the name of the file that is shown, not of the one graded first."""
    return replace(unpack(data), path=shown.path, replay="")


def _source(db: sqlite3.Connection, sha256: str) -> bytes:
    row = db.execute("SELECT data FROM sources WHERE sha256 = ?", (sha256,)).fetchone()
    return zlib.decompress(row[0]) if row else b""
