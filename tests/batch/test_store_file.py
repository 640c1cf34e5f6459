"""Facts about the gradebook's file: what is refused, in one line, and what the page says of it."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from grader.batch import store_schema
from grader.batch.records import BatchError
from grader.batch.store import Store
from grader.grade import MAX_SOURCE_BYTES
from tests.batch.store_helpers import open_store, save
from tests.helpers import ROOT

PAGE = (ROOT / "docs" / "batch-store.md").read_text(encoding="utf-8")
WAIT_S = 0.05


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "grades.sqlite"


def filled(path: Path, students: int = 60) -> None:
    with open_store(path) as store:
        for n in range(students):
            save(store, f"s{n}", 5, f"# {n} " + "pad " * 300)


def line_of(act: Callable[[], object]) -> str:
    """The one line of the error."""
    with pytest.raises(BatchError) as caught:
        act()
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


# --- the file ------------------------------------------------------------------------------------


def test_a_new_gradebook_is_ours_in_wal_mode_and_for_its_owner_only(path: Path) -> None:
    with open_store(path), closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA application_id").fetchone()[0] == store_schema.APPLICATION_ID
        assert db.execute("PRAGMA user_version").fetchone()[0] == store_schema.VERSION
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        if os.name == "posix":
            for file in path.parent.iterdir():
                assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_closing_leaves_one_file(path: Path) -> None:
    filled(path, 3)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["a?b=c#d%20.db", "ünï 日本.db", "-x.db", "file:x.db"])
def test_any_file_name_serves(tmp_path: Path, name: str) -> None:
    filled(tmp_path / name, 2)
    with Store.open(tmp_path / name, create=False) as store:
        assert len(list(store.grade_rows())) == 2
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_an_empty_file_becomes_a_gradebook(path: Path) -> None:
    path.touch()
    filled(path, 1)


def test_two_stores_of_one_process_share_a_file(path: Path) -> None:
    with open_store(path) as first, open_store(path) as second:
        assert first.secret() == second.secret()
        for n in range(20):
            save((first, second)[n % 2], f"s{n}", 5)
        assert len(list(first.grade_rows())) == len(list(second.grade_rows())) == 20


# --- what is refused -----------------------------------------------------------------------------


def test_a_missing_gradebook_or_folder_is_told(path: Path) -> None:
    missing = line_of(lambda: Store.open(path, create=False))
    assert missing == f"{path}: there is no gradebook; grade a class into this folder first"
    assert "there is no such folder" in line_of(lambda: Store.open(path / "x" / "y.db"))
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("data", [b"hello\n", b"\0" * 4096, b"SQLite format 3\0", b"PK\3\4" * 999])
def test_a_file_that_is_not_sqlite_is_refused_and_left_as_it_is(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    assert "this is not a gradebook of asyncgrade" in line_of(lambda: Store.open(path))
    assert path.read_bytes() == data


def test_a_database_of_another_program_is_refused_and_left_as_it_is(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE students (key TEXT)")
    before = path.read_bytes()
    assert "this is not a gradebook of asyncgrade" in line_of(lambda: Store.open(path))
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_newer_gradebook_is_refused(path: Path) -> None:
    filled(path, 1)
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {store_schema.VERSION + 1}")
    assert "a newer asyncgrade made this gradebook (version 2" in line_of(lambda: Store.open(path))


def test_what_is_not_a_file_is_refused(path: Path) -> None:
    path.mkdir()
    assert "this is not a file" in line_of(lambda: Store.open(path))
    if hasattr(os, "mkfifo"):
        os.mkfifo(path / "pipe")
        assert "this is not a file" in line_of(lambda: Store.open(path / "pipe"))


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.95])
def test_a_gradebook_that_was_cut_off_is_told(path: Path, keep: float) -> None:
    filled(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    assert "this gradebook is damaged" in line_of(lambda: Store.open(path))


def read_all(path: Path) -> None:
    """A page of a blob alone is not seen when a file is opened, but where the blob is read."""
    with Store.open(path) as store:
        for row in store.grade_rows():
            store.evidence(row.student.key)


def test_a_gradebook_with_a_page_of_rubbish_is_told(path: Path) -> None:
    filled(path)
    data = path.read_bytes()
    pages = len(data) // 4096
    for page in (1, pages // 3, pages // 2, pages - 1):
        path.write_bytes(data[: page * 4096] + b"\xa5" * 4096 + data[(page + 1) * 4096 :])
        assert "this gradebook is damaged" in line_of(lambda: read_all(path))


def test_a_kept_verdict_that_is_damaged_is_told(path: Path) -> None:
    filled(path, 2)
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE verdicts SET data = x'00'")
        db.commit()
    with Store.open(path) as store:
        assert "this gradebook is damaged" in line_of(lambda: store.evidence("s1"))
        assert len(list(store.grade_rows())) == 2


# --- other programs ------------------------------------------------------------------------------


def test_a_locked_gradebook_is_told_after_a_bounded_wait(path: Path) -> None:
    filled(path, 1)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        with Store.open(path, wait_s=WAIT_S) as store:
            other.execute("BEGIN IMMEDIATE")
            assert "another program holds this file" in line_of(store.secret)
            assert len(list(store.grade_rows())) == 1  # reading goes on
            other.execute("ROLLBACK")
            assert store.secret()
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        held = line_of(lambda: Store.open(path, wait_s=WAIT_S))
        assert held.startswith(f"{path}: another program holds this file; wait until it is done")


AS_NOBODY = """
import os, sys
from pathlib import Path
from grader.batch.records import BatchError
from grader.batch.store import Store
if os.getuid() == 0:
    os.setuid(65534)  # root may write anywhere
try:
    with Store.open(Path("grades.sqlite")) as store:
        print("opened", len(list(store.grade_rows())))
        store.secret()
except BatchError as error:
    print(error)
"""


@pytest.mark.skipif(os.name != "posix", reason="rights of POSIX")
@pytest.mark.parametrize(
    ("file_mode", "folder_mode", "words"),
    [
        (None, 0o555, ".: you may not write into this folder; choose another one\n"),
        (0o444, 0o555, "grades.sqlite: can't be opened for writing; look at the rights"),
        (0o666, 0o555, "grades.sqlite: can't be opened for writing; look at the rights"),
        (0o444, 0o777, "grades.sqlite: can't be opened for writing; look at the rights"),
        (0o000, 0o777, "grades.sqlite: can't be opened for writing; look at the rights"),
    ],
)
def test_a_folder_or_file_that_can_only_be_read_is_told(
    tmp_path: Path, file_mode: int | None, folder_mode: int, words: str
) -> None:
    if file_mode is not None:
        filled(tmp_path / "grades.sqlite", 2)
        (tmp_path / "grades.sqlite").chmod(file_mode)
    tmp_path.chmod(folder_mode)
    try:
        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60,
        )
    finally:
        tmp_path.chmod(0o755)
    last = done.stdout.removeprefix("opened 2\n")
    assert last.startswith(words), done
    assert last.count("\n") == 1
    assert len(list(tmp_path.iterdir())) == (file_mode is not None)


# --- the page ------------------------------------------------------------------------------------


def test_page_lists_the_tables_and_columns_that_there_are(path: Path) -> None:
    parts = re.split(r"^### `(\w+)`\n", PAGE.split("\n## ")[0], flags=re.MULTILINE)
    documented = {
        table: re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
        for table, text in zip(parts[1::2], parts[2::2], strict=True)
    }
    filled(path, 1)
    with closing(sqlite3.connect(path)) as db:
        tables = [
            row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%TABLE%'")
        ]
        real = {
            table: [row[1] for row in db.execute(f"PRAGMA table_info({table})")] for table in tables
        }
    assert documented == real


def test_numbers_on_the_page_are_those_of_the_code() -> None:
    assert f"{MAX_SOURCE_BYTES:,} bytes" in PAGE
    assert f"application_id` is {store_schema.APPLICATION_ID} " in PAGE
    assert f"user_version` is {store_schema.VERSION}:" in PAGE


def test_questions_on_the_page_have_answers(path: Path) -> None:
    with open_store(path) as store:
        save(store, "anna", 6, "a", tree="t")
        save(store, "bert", 6, "a", tree="t")
        save(store, "carl", 6, "b", tree="t")
    with closing(sqlite3.connect(path)) as db:
        answers = [
            db.execute(question).fetchall()
            for question in re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
        ]
    assert answers == [[("overlap", "the calls overlap", 2)], [("t", "anna,bert,carl")]]
