"""Internal errors and Ctrl-C, in real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.cli.problems import ExitCode
from tests.cli.commands import COMMAND, LOOPS, RIGHT, asyncgrade, environment

# An installation with a part missing is the plainest error that no command foresees.
DAMAGED = (
    sys.executable,
    "-c",
    "import sys; sys.modules['grader.checks'] = None; import grader.__main__ as m; m.main()",
)


def test_internal_error_is_told_without_a_traceback() -> None:
    result = asyncgrade("check", "2", RIGHT, command=DAMAGED)
    assert result.returncode == ExitCode.GRADER_AT_FAULT
    assert result.stdout == b""
    first, second = result.stderr.decode().splitlines()
    assert first.startswith("asyncgrade: internal error: ModuleNotFoundError")
    assert first.endswith("; please report it")
    assert "ASYNCGRADE_DEBUG=1" in second


def test_internal_error_has_its_traceback_when_asked_for() -> None:
    result = asyncgrade("check", "2", RIGHT, command=DAMAGED, ASYNCGRADE_DEBUG="1")
    assert result.returncode == ExitCode.GRADER_AT_FAULT
    assert b"Traceback" in result.stderr


def children_of(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    except OSError:
        return []
    return [int(word) for word in text.split()]


@pytest.mark.skipif(
    not Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").exists(),
    reason="only Linux tells which children a process has",
)
@pytest.mark.parametrize("command", ["check", "run"])
def test_ctrl_c_ends_everything(tmp_path: Path, command: str) -> None:
    program = tmp_path / "loops.py"
    program.write_text(LOOPS, "utf-8")
    with subprocess.Popen(
        [*COMMAND, command, "2", str(program)],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        below: list[int] = []
        deadline = time.monotonic() + 20
        while not below and time.monotonic() < deadline and process.poll() is None:
            below = [pid for child in children_of(process.pid) for pid in children_of(child)]
            time.sleep(0.005)
        everyone = [*children_of(process.pid), *below]
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, b"", b"interrupted\n")
    assert below
    for pid in everyone:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
