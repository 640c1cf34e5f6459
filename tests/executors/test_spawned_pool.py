"""The pool of interpreters that wait: who takes one, what it has seen, and what is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from grader.engine.trace import Ending
from grader.executors import spawned_pool
from grader.executors.base import ExecutorFailed
from grader.executors.forked import fork_is_safe
from grader.executors.spawned import spawned_executor
from grader.executors.spawned_pool import SpawnedPool
from tests.executors.processes import children_of, wait_until, wait_until_gone
from tests.executors.test_conformance import CHANNEL, SHORT, ends, run_on
from tests.helpers import ROOT
from tests.worker.runs import program

pytestmark = pytest.mark.skipif(not fork_is_safe(), reason="these tests ask Linux about processes")

RIGHT = program("return await fast()")


def waiting(count: int = 1) -> list[int]:
    """The interpreters that this process has started."""
    assert wait_until(lambda: len(children_of(os.getpid())) == count)
    return children_of(os.getpid())


def open_descriptors() -> list[Path]:
    return sorted(Path("/proc/self/fd").iterdir())


@contextmanager
def nothing_left_behind() -> Iterator[None]:
    before = open_descriptors(), children_of(os.getpid()), threading.active_count()
    yield
    assert (open_descriptors(), children_of(os.getpid()), threading.active_count()) == before


# --- what is left behind ---------------------------------------------------------------------


def test_pool_that_nobody_used_leaves_nothing() -> None:
    with nothing_left_behind():
        SpawnedPool(2).close()


@pytest.mark.parametrize(
    "body", ["return 1", "os._exit(1)", "while True: pass", "while True: print('x' * 999)"]
)
def test_sessions_leave_nothing(body: str) -> None:
    with nothing_left_behind(), closing(SpawnedPool()) as pool:
        for _ in range(2):
            run_on(spawned_executor(pool), CHANNEL + program(body))


def test_executor_without_a_pool_leaves_nothing() -> None:
    with nothing_left_behind():
        assert run_on(spawned_executor(), RIGHT).ending is Ending.RETURNED


def test_daemon_that_keeps_the_pipes_open_holds_nothing_up() -> None:
    source = CHANNEL + program(
        """
        import signal
        if os.fork() == 0:
            os.setsid()
            print(os.getpid())
            signal.pause()
        time.sleep(1)
        while True: pass
        """
    )
    with nothing_left_behind(), closing(SpawnedPool()) as pool:
        run = run_on(spawned_executor(pool), source)
    assert run.ending is Ending.CPU_LIMIT
    os.kill(int(run.output), signal.SIGKILL)  # nothing else ends it, as the docstring says
    assert wait_until_gone([int(run.output)])


def test_waiting_interpreters_end_when_their_host_is_killed() -> None:
    host = subprocess.Popen(
        [sys.executable, "-c", f"from {__name__} import *; SpawnedPool(2); signal.pause()"],
        cwd=ROOT,
    )
    assert wait_until(lambda: len(children_of(host.pid)) == 2)
    pids = children_of(host.pid)
    host.kill()
    host.wait()
    assert wait_until_gone(pids)


# --- who takes one ---------------------------------------------------------------------------


def test_submission_gets_the_interpreter_that_was_waiting() -> None:
    with closing(SpawnedPool()) as pool:
        [pid] = waiting()
        run = run_on(spawned_executor(pool), "import os\nasync def main(n): return os.getpid()")
        assert run.value == pid
        assert waiting() != [pid]


def test_pool_for_one_submission_starts_no_other() -> None:
    with closing(SpawnedPool(refill=False)) as pool:
        waiting()
        interpreter = pool.take(SHORT)
        assert waiting() == [interpreter.pid]
        interpreter.discard()
        assert run_on(spawned_executor(pool), RIGHT).ending is Ending.RETURNED
        assert children_of(os.getpid()) == []


def test_no_interpreter_serves_twice() -> None:
    source = "import os, builtins\nbuiltins.mark = 1\nasync def main(n): return os.getpid()"
    seen = "import builtins\nasync def main(n): return hasattr(builtins, 'mark')"
    with closing(SpawnedPool(2)) as pool:
        executor = spawned_executor(pool)
        pids = [run_on(executor, source).value for _ in range(4)]
        assert len(set(pids)) == 4
        assert run_on(executor, seen).value is False


def test_interpreter_that_has_died_is_passed_over() -> None:
    with closing(SpawnedPool(2)) as pool:
        for number in (signal.SIGKILL, signal.SIGTERM):
            for pid in waiting(2):
                os.kill(pid, number)
            assert run_on(spawned_executor(pool), RIGHT).ending is Ending.RETURNED


def test_interpreter_that_was_stopped_goes_on() -> None:
    with closing(SpawnedPool()) as pool:
        for pid in waiting():
            os.kill(pid, signal.SIGSTOP)
        assert run_on(spawned_executor(pool), RIGHT).ending is Ending.RETURNED


def test_interpreter_that_never_answers_is_given_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\necho busy\nexec sleep 1000\n", "utf-8")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    monkeypatch.setattr(spawned_pool, "PATIENCE_S", 0.5)
    with nothing_left_behind(), pytest.raises(ExecutorFailed, match="busy"):
        run_on(spawned_executor(), RIGHT)


def test_interpreter_that_can_not_start_is_told_from_a_bad_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with nothing_left_behind(), closing(SpawnedPool()) as pool:
        with pytest.raises(ExecutorFailed, match="it said nothing"):
            run_on(spawned_executor(pool), RIGHT)
        monkeypatch.setattr(sys, "executable", "/bin/dd")
        with pytest.raises(ExecutorFailed, match="dd"):
            run_on(spawned_executor(pool), RIGHT)
        monkeypatch.setattr(sys, "executable", "/no/such/python")
        with pytest.raises(ExecutorFailed, match="No such file"):
            run_on(spawned_executor(), RIGHT)


def test_closed_pool_starts_nothing() -> None:
    pool = SpawnedPool()
    pool.close()
    with pytest.raises(ExecutorFailed, match="the pool was closed"):
        run_on(spawned_executor(pool), RIGHT)
    assert children_of(os.getpid()) == []


def test_eight_lanes_share_a_pool_of_two() -> None:
    source = program("print(n)\nreturn os.getpid(), await fast()")
    with nothing_left_behind(), closing(SpawnedPool(2)) as pool:
        executor = spawned_executor(pool)
        with ThreadPoolExecutor(8) as lanes:
            runs = list(lanes.map(lambda _: run_on(executor, CHANNEL + source), range(16)))
    assert all(run.ending is Ending.RETURNED for run in runs)
    assert len({run.value[0] for run in runs}) == 16


# --- what it finds ---------------------------------------------------------------------------


def test_limits_are_those_of_the_submission() -> None:
    names = ("CPU", "AS", "FSIZE", "NOFILE", "CORE", "MEMLOCK", "MSGQUEUE")
    source = program(
        f"import resource as r\nreturn [r.getrlimit(getattr(r, 'RLIMIT_' + n)) for n in {names}]"
    )
    for cpu_s, mib in ((7, 300), (9, 400)):
        with closing(SpawnedPool()) as pool:
            run = run_on(spawned_executor(pool), source, cpu_s=cpu_s, memory_mib=mib)
        found = dict(zip(names, run.value, strict=True))
        soft, hard = found.pop("CPU")
        assert soft >= cpu_s  # and what the start took
        assert hard == soft + 1
        assert found.pop("AS") == (mib * 1024**2,) * 2
        assert found.pop("NOFILE") == (64, 64)
        assert set(found.values()) == {(0, 0)}


def test_host_knows_which_limits_are_in_force() -> None:
    with closing(SpawnedPool()) as pool:
        interpreter = pool.take(SHORT)
        assert "RLIMIT_CPU" in interpreter.limits_in_force
        assert "RLIMIT_AS" in interpreter.limits_in_force
        assert "JOB_OBJECT" not in interpreter.limits_in_force
        interpreter.discard()


def test_limits_that_are_tighter_already_stay() -> None:
    code = (
        "import resource; from grader.worker.limits import set_limits\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (20, 30))\n"
        "assert 'RLIMIT_NOFILE' in set_limits(5, 512)\n"
        "assert resource.getrlimit(resource.RLIMIT_NOFILE) == (30, 30)\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_program_finds_its_channel_and_output_only() -> None:
    source = CHANNEL + program(
        """
        def is_open(fd):
            try:
                os.fstat(fd)
            except OSError:
                return False
            return True
        return [fd for fd in range(5000) if is_open(fd)], [int(end) for end in sys.argv[2:]]
        """
    )
    with closing(SpawnedPool(2)) as pool:
        found, ends_of_channel = run_on(spawned_executor(pool), source).value
    assert found == [0, 1, 2, *sorted(ends_of_channel)]


def test_names_that_the_program_replaces_do_not_change_how_it_ended() -> None:
    source = CHANNEL + program("os._exit = lambda code: None\nx = bytearray(2 * 10**9)")
    with closing(SpawnedPool()) as pool:
        assert run_on(spawned_executor(pool), source).ending is Ending.MEMORY_LIMIT


def test_flood_beside_many_calls_does_not_block_the_host() -> None:
    source = CHANNEL + program(
        """
        if os.fork() == 0:
            os.close(channel)
            while True: os.write(1, b'x')
        while True: await fast()
        """
    )
    with closing(SpawnedPool()) as pool:
        run = run_on(spawned_executor(pool), source, cpu_s=5)
    assert ends(run, Ending.OUTPUT_LIMIT, "it printed more than 256 KiB")


# --- the command -----------------------------------------------------------------------------


def test_command_uses_the_pool_where_fork_is_not_safe(tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text("import os\nasync def get_users_and_locations(): print(os.getpid())\n", "utf-8")
    code = (
        "from grader.executors import forked, spawned_pool\n"
        "forked.fork_is_safe = lambda: False\n"
        "first = spawned_pool._spawn\n"
        "def spawn(*ends):\n"
        "    process = first(*ends)\n"
        "    print('started', process.pid)\n"
        "    return process\n"
        "spawned_pool._spawn = spawn\n"
        "from grader import __main__\n"
        "__main__.main()\n"
    )
    command = [sys.executable, "-c", code, "run", "2", str(path)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    started = [line.split()[1] for line in result.stdout.splitlines() if "started" in line]
    assert result.returncode == 0, result.stderr
    assert started[0] in result.stdout.replace(f"started {started[0]}", "")
    assert wait_until_gone([int(pid) for pid in started])
