"""Makes small classes and runs the real batch command on them; what the class tests share."""

from __future__ import annotations

import csv
import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path

from tests.cli.commands import COMMAND, asyncgrade, environment
from tests.executors.processes import PATIENCE_S, children_of, is_alive, wait_until
from tests.helpers import SOLUTIONS

SEED = "the seed of these tests"
JOBS_A_LANE = 3  # what the documentation promises: so many grades a lane are in flight
EXERCISE_2 = SOLUTIONS / "exercise-2"
RIGHT = (EXERCISE_2 / "right" / "gather.py").read_text("utf-8")
SERIAL = (EXERCISE_2 / "wrong" / "serial.py").read_text("utf-8")
SWAPPED = (EXERCISE_2 / "wrong" / "swapped.py").read_text("utf-8")
ENDLESS = "while True:\n    pass\n"
HEAD = "student"  # the first column of grades.csv


def folders(source: Path, programs: Mapping[str, str | bytes], name: str = "exercise_2.py") -> Path:
    """A folder a student."""
    for student, program in programs.items():
        folder = source / student
        folder.mkdir(parents=True)
        data = program if isinstance(program, bytes) else program.encode()
        (folder / name).write_bytes(data)
    return source


def different(count: int) -> dict[str, str]:
    """Programs of so many students, no two with the same syntax tree; a third is wrong."""
    kinds = (RIGHT, RIGHT, SERIAL)
    return {f"s{n:03}": f"{kinds[n % 3]}\nnumber = {n}\n" for n in range(count)}


def batch(
    source: Path, out: Path, *more: str | Path, exercise: str = "exercise-2", **extra: str
) -> subprocess.CompletedProcess[bytes]:
    """Run a batch to its end; it must end in words, never in a traceback."""
    done = asyncgrade(*_arguments(source, out, *more, exercise=exercise), **extra)
    check_words(done.returncode, done.stdout, done.stderr)
    return done


def _arguments(source: Path, out: Path, *more: str | Path, exercise: str) -> list[str | Path]:
    return ["batch", exercise, source, "--out", out, *more]


def check_words(code: int, out: bytes, err: bytes) -> None:
    """What a person saw is in words, and the exit code is one that is documented."""
    for words in (b"Traceback", b"internal error", b"Warning", b"leaked", b"Error:"):
        assert words not in err + out, err.decode()
    assert code in (0, 1, 2, 3, 4, 5, 130), (code, err.decode())


def said(done: subprocess.CompletedProcess[bytes]) -> str:
    return done.stdout.decode()


def complaints(done: subprocess.CompletedProcess[bytes]) -> list[str]:
    return done.stderr.decode().splitlines()


def table(path: Path) -> dict[str, dict[str, str]]:
    """The rows of a CSV file by what is in the first column."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    assert len({row[HEAD] for row in rows}) == len(rows)
    return {row[HEAD]: row for row in rows}


def grades(out: Path) -> dict[str, dict[str, str]]:
    """The rows of the CSV file of a batch, by student."""
    return table(out / "grades.csv")


def state_of(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Everything below a folder, with what shows that something was written."""
    found = {}
    for path in [folder, *sorted(folder.rglob("*"))]:
        about = path.lstat()
        data = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        digest = hashlib.sha256(data).hexdigest()
        found[str(path.relative_to(folder))] = (about.st_mode, about.st_mtime_ns, digest)
    return found


def ask(out: Path, query: str) -> list[tuple[object, ...]]:
    """Look into the gradebook of a batch that may be running; nothing when it isn't there yet."""
    path = out / "gradebook.sqlite"
    if not path.exists():
        return []
    try:
        with closing(sqlite3.connect(path, timeout=PATIENCE_S)) as db:
            return db.execute(query).fetchall()
    except sqlite3.OperationalError:  # its tables are being made
        return []


def graded(out: Path) -> set[str]:
    """The students whose grade is kept."""
    query = "SELECT student FROM handins WHERE verdict IS NOT NULL"
    return {str(row[0]) for row in ask(out, query)}


def check_gradebook(out: Path, programs: int) -> None:
    """The file is sound and nothing is in it twice."""
    assert ask(out, "PRAGMA integrity_check") == [("ok",)]
    assert ask(out, "PRAGMA foreign_key_check") == []
    assert ask(out, "SELECT count(*) FROM verdicts") == [(programs,)]
    assert ask(out, "SELECT sum(graded) FROM runs") == [(programs,)]
    assert not list(out.glob(".asyncgrade-*"))


class Running:
    """A batch that is running, in a session of its own, with all the processes that it starts."""

    def __init__(
        self, source: Path, out: Path, *more: str | Path, exercise: str = "exercise-2"
    ) -> None:
        self.out = out
        arguments = _arguments(source, out, *more, exercise=exercise)
        self.process = subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        """Whatever a test found, nothing of it goes on."""
        for pid in (*self.family(), self.process.pid):
            with suppress(ProcessLookupError):
                if self.process.returncode is None or pid != self.process.pid:
                    os.kill(pid, signal.SIGKILL)
        self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()

    def has_lanes(self) -> bool:
        """Whether a lane is starting or there."""
        return bool(self.lanes())

    def lanes(self) -> list[int]:
        return [pid for pid in children_of(self.process.pid) if b"spawn_main" in _command(pid)]

    def wait_until_graded(self, count: int) -> None:
        """Until so many grades are kept, or all are."""
        ended = self.process.poll
        assert wait_until(lambda: len(graded(self.out)) >= count or ended() is not None)

    def family(self) -> set[int]:
        """Its living processes: those of its session, and all below them (Linux)."""
        parents: dict[int, int] = {}
        found: set[int] = set()
        if not Path("/proc/self/stat").exists():
            return found
        for entry in (path.name for path in Path("/proc").iterdir()):
            if entry.isdecimal() and is_alive(int(entry)):
                with suppress(OSError):
                    text = Path(f"/proc/{entry}/stat").read_text("utf-8", "replace")
                    fields = text.rpartition(")")[2].split()
                    parents[int(entry)] = int(fields[1])
                    if int(fields[3]) == self.process.pid:
                        found.add(int(entry))
        while below := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= below
        return found - {self.process.pid}

    def signal(self, number: int, *, group: bool = False) -> set[int]:
        """Send a signal; the processes that were there when it was sent."""
        family = self.family()
        (os.killpg if group else os.kill)(self.process.pid, number)
        return family

    def end(self) -> tuple[int, str, str]:
        """Wait for its end: exit code, output, errors."""
        out, err = self.process.communicate(timeout=2 * PATIENCE_S)
        return self.process.returncode, out.decode(), err.decode()

    def leaves_nothing(self, family: set[int]) -> bool:
        """Whether all of these processes, and those that were started since, end."""
        return wait_until(lambda: not self.family() and not any(map(is_alive, family)))


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def copy_of(out: Path, to: Path) -> Path:
    """A copy of the folder of a batch that has ended."""
    shutil.copytree(out, to)
    return to
