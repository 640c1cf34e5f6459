"""Facts about batches that are stopped, killed, run twice at once, or have no room to write."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.batch.class_maker import (
    ENDLESS,
    JOBS_A_LANE,
    RIGHT,
    SEED,
    Running,
    batch,
    check_gradebook,
    check_words,
    different,
    folders,
    graded,
    grades,
    said,
)
from tests.cli.commands import COMMAND, asyncgrade
from tests.executors.processes import wait_until
from tests.helpers import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals, and /proc to look at")

STUDENTS = 30
LANES = 2
KILLS = 4
LATEST_S = 0.15  # how long after a grade a batch is killed, at most


class Undisturbed:
    """A class, and what a batch makes of it that nothing has disturbed."""

    def __init__(self, home: Path, students: int = STUDENTS) -> None:
        self.programs = different(students)
        self.source = folders(home / "class", self.programs)
        batch(self.source, home / "out", "--seed", SEED, "-j", str(LANES))
        self.csv = (home / "out" / "grades.csv").read_bytes()
        check_gradebook(home / "out", students)

    def start(self, out: Path) -> Running:
        return Running(self.source, out, "--seed", SEED, "-j", str(LANES))

    def go_on(self, out: Path) -> None:
        """Run to the end: then all is as if nothing had happened."""
        known = len(graded(out))
        done = batch(self.source, out, "--seed", SEED, "-j", str(LANES))
        assert done.returncode == 0
        assert f"{known} were known" in said(done) or known == 0
        assert (out / "grades.csv").read_bytes() == self.csv
        check_gradebook(out, len(self.programs))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return Undisturbed(tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture(scope="module", autouse=True)
def locked_out(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A batch whose gradebook another program holds: begun early, because it waits a while."""
    home = tmp_path_factory.mktemp("locked")
    source = folders(home / "class", different(2))
    batch(source, home / "out", "-j", "1")
    with (
        closing(sqlite3.connect(home / "out" / "gradebook.sqlite", isolation_level=None)) as db,
        Running(source, home / "out", "-j", "1") as running,
    ):
        db.execute("BEGIN IMMEDIATE")
        yield running


# --- killed ------------------------------------------------------------------------------------


def kill_and_check(everything: Undisturbed, out: Path, moments: random.Random) -> int:
    """Start or go on with a batch and kill it somewhere; how many grades are kept."""
    before = graded(out)
    with everything.start(out) as running:
        running.wait_until_graded(len(before) + moments.randrange(8))
        time.sleep(moments.uniform(0, LATEST_S))
        family = running.signal(signal.SIGKILL)
        running.process.wait()
        assert running.leaves_nothing(family)
    kept = graded(out)
    assert before <= kept
    # Programs are handed out in order. What was handed out and is not kept was in flight.
    order = [key for key in sorted(everything.programs) if key not in before]
    latest = max((order.index(key) for key in kept - before), default=-1)
    lost = [key for key in order[: latest + 1] if key not in kept]
    assert len(lost) < JOBS_A_LANE * LANES
    return len(kept)


def test_kill_9_loses_at_most_what_is_in_flight_and_the_end_is_the_same(
    undisturbed: Undisturbed, tmp_path: Path
) -> None:
    moments = random.Random(4)
    for _ in range(KILLS):
        kill_and_check(undisturbed, tmp_path / "out", moments)
    undisturbed.go_on(tmp_path / "out")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_ending_while_lanes_start_leaves_no_process(
    undisturbed: Undisturbed, tmp_path: Path, number: signal.Signals
) -> None:
    with undisturbed.start(tmp_path / "out") as running:
        assert wait_until(running.has_lanes)
        family = running.signal(number)
        running.end()
        assert running.leaves_nothing(family)


def test_lane_that_is_killed_is_told_in_a_line_and_the_next_run_goes_on(
    undisturbed: Undisturbed, tmp_path: Path
) -> None:
    """As the system does when memory runs out."""
    with undisturbed.start(tmp_path / "out") as running:
        running.wait_until_graded(2)
        family = running.family()
        os.kill(running.lanes()[0], signal.SIGKILL)
        code, out, err = running.end()
        assert running.leaves_nothing(family)
    check_words(code, out.encode(), err.encode())
    assert code != 0
    assert len(err.splitlines()) == 1
    assert "again" in err
    undisturbed.go_on(tmp_path / "out")


# --- stopped -----------------------------------------------------------------------------------


@pytest.mark.parametrize("whom", ["group", "batch"])
def test_ctrl_c_stops_in_one_line_and_the_next_run_goes_on(
    undisturbed: Undisturbed, tmp_path: Path, whom: str
) -> None:
    with undisturbed.start(tmp_path / "out") as running:
        running.wait_until_graded(3)
        family = running.signal(signal.SIGINT, group=whom == "group")
        code, out, err = running.end()
        assert running.leaves_nothing(family)
    check_words(code, out.encode(), err.encode())
    assert code == 130
    lines = [line for line in out.splitlines() if not line.startswith(("recognised", "isolation"))]
    assert [*lines, *err.splitlines()] == ["stopped; run the same command again to go on"]
    undisturbed.go_on(tmp_path / "out")


def test_sigterm_stops_without_a_trace(undisturbed: Undisturbed, tmp_path: Path) -> None:
    with undisturbed.start(tmp_path / "out") as running:
        running.wait_until_graded(3)
        family = running.signal(signal.SIGTERM)
        code, _, err = running.end()
        assert running.leaves_nothing(family)
    assert code in (-signal.SIGTERM, 130, 143)
    assert "Traceback" not in err
    undisturbed.go_on(tmp_path / "out")


# --- two at once, locked, no room --------------------------------------------------------------


def test_two_batches_at_once_lose_and_double_nothing(
    undisturbed: Undisturbed, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with undisturbed.start(out) as one, undisturbed.start(out) as other:
        ends = [one.end(), other.end()]
    assert [code for code, _, _ in ends] == [0, 0], ends
    assert [err for _, _, err in ends] == ["", ""]
    assert (out / "grades.csv").read_bytes() == undisturbed.csv
    check_gradebook(out, STUDENTS)


def one_line(done: object, *words: str) -> None:
    """It ended for one reason, which is said in one line or two."""
    lines = done.stderr.decode().splitlines()  # type: ignore[attr-defined]
    assert done.returncode == 2, done  # type: ignore[attr-defined]
    assert 1 <= len(lines) <= 2, lines
    assert lines[0].startswith("asyncgrade: ")
    assert [word for word in words if word not in "\n".join(lines)] == []


def test_file_limit_is_told_and_the_next_run_goes_on(
    undisturbed: Undisturbed, tmp_path: Path
) -> None:
    limited = "import os, resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (60000, 60000))"
    command = (sys.executable, "-c", f"{limited}; os.execv(sys.argv[1], sys.argv[1:])", *COMMAND)
    done = asyncgrade(
        *("batch", "exercise-2", undisturbed.source, "--seed", SEED, "-j", str(LANES)),
        *("--out", tmp_path / "out"),
        command=command,
    )
    check_words(done.returncode, done.stdout, done.stderr)
    one_line(done, "again")
    undisturbed.go_on(tmp_path / "out")


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("unshare"), reason="needs root's mount")
def test_full_disk_is_told_and_what_fits_is_whole(undisturbed: Undisturbed, tmp_path: Path) -> None:
    disk, copy = tmp_path / "disk", tmp_path / "copy"
    disk.mkdir()
    script = f'mount -t tmpfs -o size=200k none "{disk}" || exit 99; "$@"; code=$?'
    script += f'; cp -r "{disk}" "{copy}"; exit $code'
    done = asyncgrade(
        *("batch", "exercise-2", undisturbed.source, "--seed", SEED, "-j", str(LANES)),
        *("--out", disk),
        command=("unshare", "--mount", "sh", "-c", script, "sh", *COMMAND),
    )
    if done.returncode == 99:
        pytest.skip("tmpfs can't be mounted here")
    check_words(done.returncode, done.stdout, done.stderr)
    one_line(done, "full", "again")
    assert graded(copy)
    undisturbed.go_on(copy)


def test_folder_that_can_not_be_made_or_written_is_told(
    undisturbed: Undisturbed, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_text("a file\n", encoding="utf-8")
    one_line(batch(undisturbed.source, file / "out"), "file")
    if os.getuid() != 0:
        (tmp_path / "read-only").mkdir(mode=0o555)
        one_line(batch(undisturbed.source, tmp_path / "read-only"), "write")


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("unshare"), reason="needs root's mount")
def test_read_only_disk_is_told(undisturbed: Undisturbed, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    script = f'mount -t tmpfs -o ro none "{out}" || exit 99; exec "$@"'
    command = ("unshare", "--mount", "sh", "-c", script, "sh", *COMMAND)
    arguments = ("batch", "exercise-2", undisturbed.source, "--out", out)
    done = asyncgrade(*arguments, command=command)
    if done.returncode == 99:
        pytest.skip("tmpfs can't be mounted here")
    check_words(done.returncode, done.stdout, done.stderr)
    one_line(done, str(out))


# --- what changes meanwhile --------------------------------------------------------------------


def test_files_that_vanish_or_change_meanwhile_are_named_and_the_rest_is_graded(
    tmp_path: Path,
) -> None:
    """Endless programs hold the lane up between listing the last files and reading them."""
    text = (ROOT / "exercises" / "exercise-2.yaml").read_text("utf-8")
    (tmp_path / "exercises").mkdir()
    limits = "limits: {cpu_s: 1, wall_s: 60}\n"
    (tmp_path / "exercises" / "exercise-2.yaml").write_text(text + limits, "utf-8")
    endless = {f"b{n}": f"{ENDLESS}number = {n}\n" for n in range(3)}
    programs = {"a": RIGHT, **endless}
    programs |= {key: f"{RIGHT}\n{key} = 1\n" for key in ("changes", "stays", "vanishes")}
    source = folders(tmp_path / "class", programs)
    out = tmp_path / "out"
    with Running(source, out, "-j", "1", "--exercises", tmp_path / "exercises") as running:
        running.wait_until_graded(1)
        shutil.rmtree(source / "vanishes")
        (source / "changes" / "exercise_2.py").write_text(f"{RIGHT}\nother = 1\n", "utf-8")
        code, said_, err = running.end()
    check_words(code, said_.encode(), err.encode())
    assert (code, err) == (1, "")
    rows = grades(out)
    assert {key for key, row in rows.items() if row["problem"]} == {"changes", "vanishes"}
    assert "changed" in rows["changes"]["problem"]
    assert "can't be read" in rows["vanishes"]["problem"]
    assert rows["stays"]["final_score"] == "10"


def test_locked_gradebook_is_told(locked_out: Running) -> None:
    code, _, err = locked_out.end()
    assert code == 2
    (line,) = err.splitlines()
    assert "gradebook.sqlite" in line
    assert "another program holds this file" in line
