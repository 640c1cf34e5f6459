"""What a batch remembers, in one SQLite file: plain data in and out, no SQL elsewhere.

One transaction a grade: a process killed at any moment loses at most what it had not yet saved.
A store belongs to one thread and to one process; several of them may use one file at once.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import msgspec

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
from grader.batch.records import BatchError, GradeRow, Handin, rounded
from grader.batch.store_rows import Keep, plain, student_key
from grader.batch.store_schema import WAIT_S, connect, open_file, plain_errors
from grader.batch.store_writes import (
    forget_absent,
    now,
    present_keys,
    save_handin,
    save_source,
    save_verdict,
)
from grader.exercise.compiler import did_you_mean

MAX_SEED_CHARS = 200
MAX_OVERRIDE = 10**9
_SECRET_BYTES = 32


class Rules(NamedTuple):
    """By what a student's grade is found."""

    keep: Keep
    late_policy: LatePolicy | None


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
        self, exercise: str, title: str, exercise_hash: str, max_score: int, grader_version: str
    ) -> None:
        """Note that the batch command begins. Raises BatchError for another exercise."""
        with self._transaction() as db:
            kept = str(db.execute("SELECT exercise FROM batch").fetchone()[0])
            if kept not in ("", exercise):
                raise BatchError(
                    f"{self.path}: these are grades of {kept}, not of {exercise}; "
                    "choose another folder"
                )
            facts = (exercise, title, exercise_hash, max_score, grader_version)
            db.execute(
                "UPDATE batch SET exercise = ?, title = ?, exercise_hash = ?, max_score = ?,"
                " grader_version = ?",
                facts,
            )
            self._run = db.execute(
                "INSERT INTO runs (begun_at, exercise_hash, grader_version) VALUES (?, ?, ?)",
                (now(), exercise_hash, grader_version),
            ).lastrowid

    def finish_run(self) -> None:
        """Note that the batch command came to its end."""
        with self._transaction() as db:
            db.execute("UPDATE runs SET finished_at = ? WHERE id = ?", (now(), self._run))

    def rules(self, keep: Keep | None = None, late_policy: LatePolicy | None = None) -> Rules:
        """What is asked for; where nothing is, what ``set_rules`` was last told."""
        with plain_errors(self.path):
            kept_keep, kept_late = self._db.execute("SELECT keep, late FROM batch").fetchone()
            if kept_late and late_policy is None:
                with _damage_is_an_error():
                    late_policy = msgspec.json.decode(kept_late, type=LatePolicy)
        return Rules(keep or kept_keep, late_policy)

    def set_rules(self, rules: Rules) -> None:
        """Keep what exports and explanations go by from now on."""
        late = msgspec.json.encode(rules.late_policy).decode() if rules.late_policy else ""
        with self._transaction() as db:
            db.execute("UPDATE batch SET keep = ?, late = ?", (rules.keep, late))

    def settle_absent(self, *, has_roster: bool) -> None:
        """Forget those who were absent and have handed in, perhaps under another key.

        With a roster, also those who are on it no more, but for an instructor's score.
        """
        with self._transaction() as db:
            forget_absent(db, self._begun_run if has_roster else 0)

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
            save_source(db, program)
            number, new = save_verdict(db, key, grade, replace)
            save_handin(db, self._begun_run, handin, program, number)
            if new:
                db.execute("UPDATE runs SET graded = graded + 1 WHERE id = ?", (self._run,))
        return new

    def save_known(self, handin: Handin, program: Program, known: KnownVerdict) -> None:
        """Save that a program was handed in whose verdict is known."""
        with self._transaction() as db:
            save_handin(db, self._begun_run, handin, program, known.id)

    def save_absent(self, handin: Handin) -> bool:
        """Save that a student of the roster handed nothing in; False for one who did before."""
        with self._transaction() as db:
            is_absent = not present_keys(db, handin.student)
            if is_absent:
                save_handin(db, self._begun_run, handin, Program("", "", b""), None)
        return is_absent

    def save_problem(self, handin: Handin, program: Program | None = None) -> None:
        """Save why there is no grade: ``handin.problem``. A grade of the same bytes stays."""
        with self._transaction() as db:
            save_handin(db, self._begun_run, handin, program or Program("", "", b""), None)

    @property
    def _begun_run(self) -> int:
        if self._run is None:
            raise RuntimeError("begin_run comes first")
        return self._run

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

    def not_handed_in_again(self) -> list[str]:
        """The keys of students who are not among the submissions of the last run."""
        with plain_errors(self.path), self._snapshot() as db:
            rows = db.execute(
                "SELECT student FROM handins WHERE attempt > 0 GROUP BY student"
                " HAVING max(run) < ? ORDER BY student",
                (self._begun_run,),
            )
            return [student for (student,) in rows]

    # --- overrides ---------------------------------------------------------------------------

    def override(self, student: str, score: float, reason: str) -> None:
        """Put an instructor's score above ours. Raises BatchError."""
        if not 0 <= score <= MAX_OVERRIDE:
            raise BatchError(f"the score is {score}; wanted points, from 0 to {MAX_OVERRIDE}")
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
                (key, score, plain(reason.strip()), now()),
            )

    def _known_student(self, db: sqlite3.Connection, student: str) -> str:
        """The key of a student who is named by key, login, e-mail address or name."""
        key = student_key(student)
        if db.execute("SELECT 1 FROM students WHERE key = ?", (key,)).fetchone() is not None:
            return key
        found = [
            row[0]
            for row in db.execute(
                "SELECT key FROM students WHERE ? IN (login, email, name) ORDER BY key", (key,)
            )
        ]
        if len(found) == 1:
            return str(found[0])
        if found:
            raise BatchError(
                f"{self.path}: {key!r} may be {', '.join(found[:20])}; name one of these"
            )
        keys = [row[0] for row in db.execute("SELECT key FROM students ORDER BY key")]
        raise BatchError(f"{self.path}: there is no student {key!r}{did_you_mean(key, keys)}")

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
