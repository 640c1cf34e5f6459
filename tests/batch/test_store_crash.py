"""Facts about accidents: processes killed while they save, several at once, a full disk."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from grader.batch.store import Store
from tests.batch.store_helpers import key_of, open_store, program
from tests.helpers import ROOT

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals, fork and limits of POSIX")

KILLS = 20

# Each child saves and says so, one line a grade, until it is killed.
KILLED = """
import os, random, signal, sys
from pathlib import Path
from tests.batch.store_helpers import open_store, save

path, kills = Path(sys.argv[1]), int(sys.argv[2])
moments = random.Random(4)
for turn in range(kills):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with open_store(path) as store:
            for n in range(100_000):
                save(store, f"{turn}-{n}", n % 11, tree=f"tree {turn} {n}")
                os.write(writing, f"{turn}-{n}\\n".encode())
        os._exit(1)
    os.close(writing)
    with open(reading) as lines:
        wanted = moments.randrange(60)
        for _ in range(wanted):
            sys.stdout.write(lines.readline())
        for _ in range(moments.randrange(20_000)):
            pass  # not always just after a line
        os.kill(child, signal.SIGKILL)
        sys.stdout.write(lines.read())
    os.waitpid(child, 0)
"""

# Each child begins a file of its own and is killed somewhere on the way.
KILLED_AT_BIRTH = """
import os, random, signal, sys, time
from pathlib import Path
from tests.batch.store_helpers import open_store, save

folder, kills = Path(sys.argv[1]), int(sys.argv[2])
moments = random.Random(5)
for turn in range(kills):
    path = folder / f"{turn}.sqlite"
    child = os.fork()
    if child == 0:
        while True:
            with open_store(path) as store:
                save(store, "anna", 5)
    until = time.perf_counter() + moments.uniform(0, 0.01)
    while time.perf_counter() < until:
        pass
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with open_store(path) as store:
        save(store, "anna", 5)
        print(len(list(store.grade_rows())))
"""

# All children begin at the same moment; each says its answer.
AT_ONCE = """
import os, sys
from pathlib import Path
from grader.batch.store import Store
from tests.batch.store_helpers import open_store, save

path, what, children = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
gate, opened = os.pipe()
for child in range(children):
    if os.fork() == 0:
        os.close(opened)
        os.read(gate, 1)
        if what == "secret":
            with Store.open(path) as store:
                said = store.secret()
        else:
            with open_store(path) as store:
                said = sum(
                    save(store, f"s{n}", n % 11, attempt=1 + n % 3, tree=f"tree {n // 2}")
                    for n in range(child * 50, child * 50 + 100)
                )
        os.write(1, f"{said}\\n".encode())
        os._exit(0)
os.close(opened)
for _ in range(children):
    status = os.wait()[1]
    assert status == 0, status
"""

FULL = """
import resource, sys
from pathlib import Path
from grader.batch.records import BatchError
from tests.batch.store_helpers import open_store, save

path, limit = Path(sys.argv[1]), int(sys.argv[2])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    with open_store(path) as store:
        for n in range(10_000):
            save(store, f"{n}", n % 11)
            print(n, flush=True)
except BatchError as error:
    print(error)
"""


def run(code: str, *args: object, before: str = "") -> list[str]:
    """Run a script in a process of its own; the lines it prints."""
    command = [sys.executable, "-c", code, *map(str, args)]
    if before:
        command = ["unshare", "--mount", "sh", "-c", f'{before} && exec "$@"', "sh", *command]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def check_whole(path: Path) -> None:
    """The file is sound, and every hand-in has its verdict with its items."""
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        torn = """
            SELECT count(*) FROM handins WHERE verdict IS NULL
            UNION ALL SELECT count(*) FROM students WHERE key NOT IN (SELECT student FROM handins)
            UNION ALL SELECT count(*) FROM verdicts
                WHERE id NOT IN (SELECT verdict FROM handins)
                OR (SELECT count(*) FROM items WHERE verdict = verdicts.id) <> 2
            UNION ALL SELECT (SELECT sum(graded) FROM runs) - (SELECT count(*) FROM verdicts)
        """
        assert db.execute(torn).fetchall() == [(0,)] * 4


def test_kill_9_loses_no_grade_that_was_saved(tmp_path: Path) -> None:
    path = tmp_path / "grades.sqlite"
    said = run(KILLED, path, KILLS)
    check_whole(path)
    with Store.open(path) as store:
        kept = {row.student.key for row in store.grade_rows()}
        assert len(said) == len(set(said)) > 0
        assert set(said) <= kept
        assert len(kept) <= len(said) + KILLS  # at most one that it had no time to say
        for key in said[::50]:
            assert store.evidence(key).verdict is not None


def test_kill_9_while_a_file_is_begun_leaves_one_that_serves(tmp_path: Path) -> None:
    assert run(KILLED_AT_BIRTH, tmp_path, KILLS) == ["1"] * KILLS
    for path in tmp_path.glob("*.sqlite"):
        check_whole(path)


def test_processes_that_begin_one_file_at_once_draw_one_secret(tmp_path: Path) -> None:
    for n in range(5):
        said = run(AT_ONCE, tmp_path / f"{n}.sqlite", "secret", 6)
        assert len(said) == 6
        assert len(set(said)) == 1
        assert len(bytes.fromhex(said[0])) == 32


def test_batches_at_once_on_one_file_neither_lose_nor_double(tmp_path: Path) -> None:
    path = tmp_path / "grades.sqlite"
    said = run(AT_ONCE, path, "save", 4)
    students = 250  # each child shares half of its hundred with the next one
    check_whole(path)
    with Store.open(path) as store:
        rows = list(store.grade_rows())
        assert len(rows) == students
        assert len(store.identical_groups()) == students // 2
        assert sum(map(int, said)) == students  # each verdict was written by one of them
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM handins").fetchone()[0] == students


def check_full(path: Path, said: list[str]) -> None:
    """One line says it; all that was saved before is there, and saving can go on."""
    *saved, line = said
    assert line.startswith(f"{path}: ")
    assert "full" in line
    assert line.endswith("then run the same command again")
    assert saved
    check_whole(path)
    with open_store(path) as store:
        assert {row.student.key for row in store.grade_rows()} == set(saved)
        assert store.known_verdict(key_of(program(f"# {saved[-1]} 1"))) is not None


@pytest.mark.parametrize("limit", [150_000, 400_000, 1_000_003])
def test_a_file_that_may_not_grow_is_told_and_nothing_is_half_written(
    tmp_path: Path, limit: int
) -> None:
    path = tmp_path / "grades.sqlite"
    check_full(path, run(FULL, path, limit))


@pytest.mark.skipif(not shutil.which("unshare") or os.getuid() != 0, reason="needs root's mount")
@pytest.mark.parametrize("size", ["300k", "2m"])
def test_a_full_disk_is_told_and_nothing_is_half_written(tmp_path: Path, size: str) -> None:
    disk, path = tmp_path / "disk", tmp_path / "disk" / "grades.sqlite"
    disk.mkdir()
    mount = f"mount -t tmpfs -o size={size} none '{disk}'"
    if subprocess.run(["unshare", "--mount", "sh", "-c", mount], capture_output=True).returncode:
        pytest.skip("tmpfs can't be mounted here")
    copy = tmp_path / "copy"
    copy.mkdir()
    keep = f'"$@"; cp "{disk}"/* "{copy}"; set -- true'
    said = run(FULL, path, 0, before=f"{mount} && {{ {keep}; }}")
    said[-1] = said[-1].replace(str(path), str(copy / "grades.sqlite"))
    check_full(copy / "grades.sqlite", said)
