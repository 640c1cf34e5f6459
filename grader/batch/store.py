"""What a batch remembers, in one SQLite file: plain data in and out, no SQL elsewhere.

One transaction a grade: a process killed at any moment loses at most what it had not yet saved.
A store belongs to one thread and to one process; several of them may use one file at once.
"""

from __future__ import annotations

import math
import re
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType

from grader.batch import store_rows
from grader.batch.evidence import (
    Evidence,
    ExplainedRow,
    KnownVerdict,
    PackedGrade,
    Program,
    VerdictKey,
)
from grader.batch.late import LatePolicy
from grader.batch.records import BatchError, GradeRow, Handin, Student, rounded
from grader.batch.store_rows import Keep, plain, student_key
from grader.batch.store_schema import WAIT_S, connect, open_file, plain_errors
from grader.exercise.compiler import did_you_mean
from grader.grade import MAX_SOURCE_BYTES

MAX_SEED_CHARS = 200
_SECRET_BYTES = 32


class Store:
    """The gradebook of one exercise and one class."""

    def __init__(self, db: sqlite3.Connection, path: Path, wait_s: float) -> None:
        self.path = path
        self._db = db
        self._wait_s = wait_s
        self._run: int | None = None

    @classmethod
    def open(cls, path: Path, *, create: bool = True, wait_s: float = WAIT_S) -> Store:
        """Open a gradebook; with ``create``, begin one. Raises BatchError with one line.

        ``wait_s`` bounds how long each step waits for another program that holds the file.
        """
        return cls(open_file(path, create=create, wait_s=wait_s), path, wait_s)

    def close(self) -> None:
        """Close the file. A store that is not closed loses nothing."""
        with plain_errors(self.path):
            self._db.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- the batch ---------------------------------------------------------------------------

    def secret(self, wanted: str = "") -> str:
        """The seed of the batch: drawn once, or ``wanted`` if this is the first one to ask.

        Raises BatchError when another seed is kept already.
        """
        if len(wanted) > MAX_SEED_CHARS or plain(wanted) != wanted:
            raise BatchError(f"the seed has {len(wanted)} signs; wanted at most {MAX_SEED_CHARS}")
        with self._transaction() as db:
            fresh = wanted or secrets.token_hex(_SECRET_BYTES)
            db.execute("UPDATE batch SET seed = ? WHERE seed = ''", (fresh,))
            kept = str(db.execute("SELECT seed FROM batch").fetchone()[0])
        if wanted and wanted != kept:
            raise BatchError(
                f"{self.path}: these grades rest on another seed; leave --seed out, "
                "or choose another folder"
            )
        return kept

    def begin_run(
        self, exercise: str, exercise_hash: str, max_score: int, grader_version: str
    ) -> None:
        """Note that the batch command begins. Raises BatchError for another exercise."""
        with self._transaction() as db:
            kept = str(db.execute("SELECT exercise FROM batch").fetchone()[0])
            if kept not in ("", exercise):
                raise BatchError(
                    f"{self.path}: these are grades of {kept}, not of {exercise}; "
                    "choose another folder"
                )
            facts = (exercise, exercise_hash, max_score, grader_version)
            db.execute(
                "UPDATE batch SET exercise = ?, exercise_hash = ?, max_score = ?,"
                " grader_version = ?",
                facts,
            )
            self._run = db.execute(
                "INSERT INTO runs (begun_at, exercise_hash, grader_version) VALUES (?, ?, ?)",
                (_now(), exercise_hash, grader_version),
            ).lastrowid

    def finish_run(self) -> None:
        """Note that the batch command came to its end."""
        with self._transaction() as db:
            db.execute("UPDATE runs SET finished_at = ? WHERE id = ?", (_now(), self._run))

    # --- saving ------------------------------------------------------------------------------

    def known_verdict(self, key: VerdictKey) -> KnownVerdict | None:
        """The verdict that was saved with this key."""
        with plain_errors(self.path):
            return store_rows.known_verdict(self._db, key)

    def tree_of(self, sha256: str) -> str:
        """The digest of the syntax tree of these bytes, "" when none was saved."""
        with plain_errors(self.path):
            row = self._db.execute(
                "SELECT tree FROM handins WHERE sha256 = ? ORDER BY run DESC LIMIT 1", (sha256,)
            ).fetchone()
        return row[0] if row else ""

    def save_grade(
        self,
        handin: Handin,
        program: Program,
        key: VerdictKey,
        grade: PackedGrade,
        *,
        replace: bool = False,
    ) -> bool:
        """Save one grade, all of it or nothing. True when its verdict was written.

        A verdict that is known under this key stays, unless ``replace``.
        """
        with self._transaction() as db:
            _save_source(db, program)
            number, new = _save_verdict(db, key, grade, replace)
            self._save_handin(db, handin, program, number)
            if new:
                db.execute("UPDATE runs SET graded = graded + 1 WHERE id = ?", (self._run,))
        return new

    def save_known(self, handin: Handin, program: Program, known: KnownVerdict) -> None:
        """Save that a program was handed in whose verdict is known."""
        with self._transaction() as db:
            self._save_handin(db, handin, program, known.id)

    def save_problem(self, handin: Handin, program: Program | None = None) -> None:
        """Save why there is no grade: ``handin.problem``. A grade of the same bytes stays."""
        with self._transaction() as db:
            self._save_handin(db, handin, program or Program("", "", b""), None)

    def _save_handin(
        self, db: sqlite3.Connection, handin: Handin, program: Program, verdict: int | None
    ) -> None:
        if self._run is None:
            raise RuntimeError("begin_run comes first")
        key = _save_student(db, handin.student)
        _save_source(db, program)
        problem = "" if verdict is not None else handin.problem or "it was not graded"
        db.execute(
            "INSERT INTO handins (student, attempt, sha256, tree, path, submitted_at, is_late,"
            " problem, verdict, run) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (student, attempt, sha256) DO UPDATE SET"
            " tree = coalesce(nullif(excluded.tree, ''), tree), path = excluded.path,"
            " submitted_at = excluded.submitted_at, is_late = excluded.is_late,"
            " run = max(run, excluded.run),"
            " problem = CASE WHEN coalesce(excluded.verdict, verdict) IS NULL"
            " THEN excluded.problem ELSE '' END,"
            " verdict = coalesce(excluded.verdict, verdict)",
            (
                *(key, handin.attempt, program.sha256, program.tree, plain(handin.path)),
                *(plain(handin.submitted_at), handin.is_late, plain(problem), verdict, self._run),
            ),
        )

    # --- reading -----------------------------------------------------------------------------

    def grade_rows(
        self, keep: Keep = "last", late_policy: LatePolicy | None = None
    ) -> Iterator[GradeRow]:
        """One row a student, in the order of their keys, as of now, one at a time.

        ``best`` is the highest score after the penalty, the later one of equals. What was graded
        with another version of the exercise counts only for a student who has nothing else.
        """
        with plain_errors(self.path), self._snapshot() as db:
            yield from store_rows.grade_rows(db, keep, late_policy)

    def explained_rows(
        self, keep: Keep = "last", late_policy: LatePolicy | None = None
    ) -> Iterator[ExplainedRow]:
        """What ``grade_rows`` gives, each with its verdict and program, all of one moment."""
        with plain_errors(self.path), self._snapshot() as db, _damage_is_an_error():
            yield from store_rows.explained_rows(db, keep, late_policy)

    def evidence(
        self,
        student: str,
        attempt: int | None = None,
        keep: Keep = "last",
        late_policy: LatePolicy | None = None,
    ) -> Evidence:
        """All that explains a student's grade, or one attempt of it. Raises BatchError."""
        with plain_errors(self.path), self._snapshot() as db, _damage_is_an_error():
            key = self._known_student(db, student)
            found = store_rows.evidence(db, key, attempt, keep, late_policy)
        if found is None:
            handed_in = f"attempt {attempt}" if attempt is not None else "anything"
            raise BatchError(f"{plain(student)} has not handed in {handed_in}")
        return found

    def identical_groups(self) -> tuple[tuple[str, ...], ...]:
        """The keys of students who ever handed in programs with the same syntax tree."""
        with plain_errors(self.path), self._snapshot() as db:
            return store_rows.identical_groups(db)

    # --- overrides ---------------------------------------------------------------------------

    def override(self, student: str, score: float, reason: str) -> None:
        """Put an instructor's score above ours. Raises BatchError."""
        if not math.isfinite(score) or score < 0:
            raise BatchError(f"the score is {score}; wanted a number of points, 0 or more")
        if not reason.strip():
            raise BatchError("the reason is empty; say in some words why the score is another one")
        self._save_override(student, rounded(score), reason)

    def clear_override(self, student: str, reason: str = "") -> None:
        """Let our own score count again; the history is kept. Raises BatchError."""
        self._save_override(student, None, reason)

    def _save_override(self, student: str, score: float | None, reason: str) -> None:
        with self._transaction() as db:
            key = self._known_student(db, student)
            if score is None and store_rows.override(db, key) is None:
                raise BatchError(f"{key} has no score of an instructor that could be taken back")
            db.execute(
                "INSERT INTO overrides (student, score, reason, at) VALUES (?, ?, ?, ?)",
                (key, score, plain(reason.strip()), _now()),
            )

    def _known_student(self, db: sqlite3.Connection, student: str) -> str:
        key = student_key(student)
        if db.execute("SELECT 1 FROM students WHERE key = ?", (key,)).fetchone() is None:
            keys = [row[0] for row in db.execute("SELECT key FROM students ORDER BY key")]
            near = did_you_mean(key, keys)
            raise BatchError(f"{self.path}: there is no student {key!r}{near}")
        return key

    # --- transactions ------------------------------------------------------------------------

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All of what is written inside is kept, or nothing."""
        with plain_errors(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _snapshot(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own that sees one state of the file, whatever is saved meanwhile."""
        with closing(connect(self.path, self._wait_s)) as db:
            db.execute("PRAGMA query_only = ON")
            db.execute("BEGIN")
            yield db


@contextmanager
def _damage_is_an_error() -> Iterator[None]:
    """A kept verdict that can't be read is SQLite's "malformed" to whoever asked."""
    try:
        yield
    except ValueError as error:
        raise sqlite3.DatabaseError(f"malformed: {error}") from error


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def _save_student(db: sqlite3.Connection, student: Student) -> str:
    """What a layout does not tell leaves in place what an earlier one told."""
    key = student_key(student.key)
    db.execute(
        "INSERT INTO students (key, name, login, lms_id, email) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (key) DO UPDATE SET name = coalesce(nullif(excluded.name, ''), name),"
        " login = coalesce(nullif(excluded.login, ''), login),"
        " lms_id = coalesce(nullif(excluded.lms_id, ''), lms_id),"
        " email = coalesce(nullif(excluded.email, ''), email)",
        (key, *map(plain, (student.name, student.login, student.lms_id, student.email))),
    )
    return key


def _save_source(db: sqlite3.Connection, program: Program) -> None:
    if program.sha256:
        db.execute(
            "INSERT INTO sources VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (
                *(program.sha256, len(program.source)),
                store_rows.compress(program.source[:MAX_SOURCE_BYTES]),
            ),
        )


def _save_verdict(
    db: sqlite3.Connection, key: VerdictKey, grade: PackedGrade, replace: bool
) -> tuple[int, bool]:
    """The verdict's id, and whether it was written now."""
    values = (
        *(grade.score, grade.max_score, plain(grade.ending), grade.passed),
        *(plain(grade.isolation), plain(grade.isolation_note)),
        *(grade.graded_s, _now(), grade.verdict),
    )
    known = store_rows.known_verdict(db, key)
    if known is None:
        number = db.execute(
            f"INSERT INTO verdicts ({store_rows.KEY}, {store_rows.SUMMARY})"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*store_rows.key_values(key), *values),
        ).lastrowid
        assert number is not None
    elif replace:
        number = known.id
        columns = re.sub(r"(\w+)", r"\1 = ?", store_rows.SUMMARY)
        db.execute(f"UPDATE verdicts SET {columns} WHERE id = ?", (*values, number))
        db.execute("DELETE FROM items WHERE verdict = ?", (number,))
    else:
        return known.id, False
    db.executemany(
        "INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *(number, n, plain(item.id), plain(item.title), item.status),
                *(item.points, item.max_points, plain(item.message), plain(item.misconception)),
            )
            for n, item in enumerate(grade.items)
        ],
    )
    return number, True
