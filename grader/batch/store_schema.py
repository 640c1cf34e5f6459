"""The SQLite file of a batch: its tables, how it is opened, and what its errors mean for a person.

The tables are described for readers in docs/batch-store.md. Nothing here knows a grade.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grader.batch.records import BatchError

APPLICATION_ID = 0x61677264  # "agrd": says whose file it is
VERSION = 1
WAIT_S = 10.0  # for another program that holds the file
_RETRY_S = 0.02

SCHEMA = (
    """
    CREATE TABLE batch (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        seed TEXT NOT NULL DEFAULT '',
        exercise TEXT NOT NULL DEFAULT '',
        title TEXT NOT NULL DEFAULT '',
        exercise_hash TEXT NOT NULL DEFAULT '',
        max_score INTEGER NOT NULL DEFAULT 0,
        grader_version TEXT NOT NULL DEFAULT '',
        keep TEXT NOT NULL DEFAULT 'last' CHECK (keep IN ('last', 'best')),
        late TEXT NOT NULL DEFAULT ''
    )
    """,
    """
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY,
        begun_at TEXT NOT NULL,
        finished_at TEXT,
        exercise_hash TEXT NOT NULL,
        grader_version TEXT NOT NULL,
        graded INTEGER NOT NULL DEFAULT 0
    )
    """,
    """
    CREATE TABLE students (
        key TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        login TEXT NOT NULL,
        lms_id TEXT NOT NULL,
        email TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE sources (
        sha256 TEXT PRIMARY KEY,
        size_bytes INTEGER NOT NULL,
        data BLOB NOT NULL
    )
    """,
    """
    CREATE TABLE verdicts (
        id INTEGER PRIMARY KEY,
        sha256 TEXT NOT NULL REFERENCES sources (sha256),
        exercise_hash TEXT NOT NULL,
        seed TEXT NOT NULL,
        grader_version TEXT NOT NULL,
        python TEXT NOT NULL,
        score INTEGER NOT NULL,
        max_score INTEGER NOT NULL,
        ending TEXT NOT NULL,
        passed INTEGER NOT NULL CHECK (passed IN (0, 1)),
        isolation TEXT NOT NULL,
        isolation_note TEXT NOT NULL,
        graded_s REAL NOT NULL,
        graded_at TEXT NOT NULL,
        data BLOB NOT NULL,
        UNIQUE (sha256, exercise_hash, seed, grader_version, python)
    )
    """,
    """
    CREATE TABLE items (
        verdict INTEGER NOT NULL REFERENCES verdicts (id),
        position INTEGER NOT NULL,
        id TEXT NOT NULL,
        title TEXT NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('passed', 'failed', 'not_assessed')),
        points INTEGER NOT NULL,
        max_points INTEGER NOT NULL,
        message TEXT NOT NULL,
        misconception TEXT NOT NULL,
        PRIMARY KEY (verdict, position)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE handins (
        id INTEGER PRIMARY KEY,
        student TEXT NOT NULL REFERENCES students (key),
        attempt INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        tree TEXT NOT NULL,
        path TEXT NOT NULL,
        submitted_at TEXT NOT NULL,
        is_late INTEGER CHECK (is_late IN (0, 1)),
        problem TEXT NOT NULL,
        verdict INTEGER REFERENCES verdicts (id),
        run INTEGER NOT NULL REFERENCES runs (id),
        UNIQUE (student, attempt, sha256, path)
    )
    """,
    "CREATE INDEX handins_tree ON handins (tree, student)",
    "CREATE INDEX handins_path ON handins (path, sha256)",
    "CREATE INDEX handins_sha256 ON handins (sha256, run)",
    """
    CREATE TABLE overrides (
        id INTEGER PRIMARY KEY,
        student TEXT NOT NULL REFERENCES students (key),
        score REAL,
        reason TEXT NOT NULL,
        at TEXT NOT NULL
    )
    """,
    "CREATE INDEX overrides_student ON overrides (student, id)",
)

# What SQLite says (sqlite.org/rescode.html; Python 3.10 has no error codes), and what to do.
_MEANINGS = (
    ("is full", "the disk is full; make room, then run the same command again"),
    (
        "disk i/o error",
        "reading or writing failed; look whether the disk is full or broken, "
        "then run the same command again",
    ),
    (
        "is locked",
        "another program holds this file; wait until it is done or close it, "
        "then run the same command again",
    ),
    (
        "readonly",
        "this file can only be read; copy the folder to a place where you may write",
    ),
    (
        "unable to open",
        "can't be opened for writing; look at the rights of the folder and of its files, "
        "or choose another folder",
    ),
    (
        "not a database",
        "this is not a gradebook of asyncgrade; choose another folder, or move the file away",
    ),
    (
        "malformed",
        "this gradebook is damaged; put a copy of it back, or move it away and grade again",
    ),
)


@contextmanager
def plain_errors(path: Path) -> Iterator[None]:
    """Say errors of SQLite as one line for a person."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        seen = str(error).lower()
        meant = next((say for words, say in _MEANINGS if words in seen), None)
        raise BatchError(f"{path}: {meant or f'can not be used: {error}'}") from error


def connect(path: Path, wait_s: float) -> sqlite3.Connection:
    """Open a file that exists, without a look at what it holds."""
    db = sqlite3.connect(path, timeout=wait_s, isolation_level=None)
    try:
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        db.close()
        raise
    return db


def open_file(path: Path, *, create: bool, wait_s: float) -> sqlite3.Connection:
    """Open a gradebook, or begin one. Raises BatchError; a foreign file is left as it is."""
    with plain_errors(path):
        _check_place(path, create)
        db = connect(path, wait_s)
        try:
            _prepare(db, path, time.monotonic() + wait_s)
        except BaseException:
            db.close()
            raise
    return db


def _check_place(path: Path, create: bool) -> None:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        if not create:
            raise BatchError(
                f"{path}: there is no gradebook; grade a class into this folder first"
            ) from None
        if not path.parent.is_dir():
            raise BatchError(
                f"{path.parent}: there is no such folder; make it, or choose another one"
            ) from None
        _create(path)
        return
    if not stat.S_ISREG(mode):
        raise BatchError(f"{path}: this is not a file; choose another folder for the gradebook")


def _create(path: Path) -> None:
    """Make the empty file, for its owner only: it will hold grades and the secret.

    An existing file must not be opened and closed here: that would drop the locks that another
    connection of this process holds on it (fcntl(2)).
    """
    with contextlib.suppress(FileExistsError):
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except PermissionError as error:
            raise BatchError(
                f"{path.parent}: you may not write into this folder; choose another one"
            ) from error


def _prepare(db: sqlite3.Connection, path: Path, deadline_s: float) -> None:
    db.execute("BEGIN")  # all that is looked at is of one moment
    new = _is_new(db, path)
    db.execute("COMMIT")
    _use_wal(db, deadline_s)
    if not new:
        if db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("malformed")
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        if _is_new(db, path):  # another process may have been first
            for statement in SCHEMA:
                db.execute(statement)
            db.execute("INSERT INTO batch (id) VALUES (1)")
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _is_new(db: sqlite3.Connection, path: Path) -> bool:
    """Whether nothing was written yet. Raises BatchError for a file that is not ours to use."""
    application = db.execute("PRAGMA application_id").fetchone()[0]
    version = db.execute("PRAGMA user_version").fetchone()[0]
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if (application, version, tables) == (0, 0, 0):
        return True
    if application != APPLICATION_ID:
        raise sqlite3.DatabaseError("file is not a database of ours")
    if version > VERSION:
        raise BatchError(
            f"{path}: a newer asyncgrade made this gradebook (version {version}, this one knows "
            f"{VERSION}); update asyncgrade"
        )
    return False


def _use_wal(db: sqlite3.Connection, deadline_s: float) -> None:
    """Switch to write-ahead logging where the file system can do it.

    The switch does not wait for other connections by itself, unlike everything else.
    """
    while db.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline_s:
                raise
        time.sleep(_RETRY_S)
