"""One suite over all executors: the same verdicts, and what a process of its own must withstand."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grader.engine.core import Engine
from grader.engine.schedules import plain_run
from grader.engine.trace import Ending, Run
from grader.executors import forked
from grader.executors.base import Executor, ExecutorFailed, Session
from grader.executors.forked import Zygote, fork_is_safe, forked_executor
from grader.executors.lockdown.layers import ALL_LAYERS
from grader.exercise.model import Limits
from grader.exercise.plan import build_plan
from grader.grade import grade
from grader.reporters import json_report
from tests.executors.processes import children_of, is_alive, wait_until, wait_until_gone
from tests.helpers import EXECUTORS, ROOT, executor_of, installed, submission_from
from tests.worker.runs import program, sample

pytestmark = pytest.mark.skipif(not fork_is_safe(), reason="there is no safe fork here")

SHORT = Limits(cpu_s=1, wall_s=20, memory_mib=256)
# Where the channel is: a spawned worker is told on its command line.
CHANNEL = "import os, sys\nchannel = int(sys.argv[3]) if len(sys.argv) > 3 else 3\n"

GATHER = """\
import asyncio
from services import *
async def get_users_and_locations():
    return await asyncio.gather(get_users(), get_locations())
"""
ENTRY = "from services import *\nimport asyncio, time\nasync def get_users_and_locations():\n    "
PROGRAMS = {
    "right": GATHER,
    "serial": f"{ENTRY}return await get_users(), await get_locations()\n",
    "prints": f"{ENTRY}print('one', end=' ')\n    print('two é')\n    return 1\n",
    "prints at import": f"print('import')\n{GATHER}",
    "standard error": f"{ENTRY}import sys; print('err', file=sys.stderr)\n    return 1\n",
    "raises": f"{ENTRY}return {{}}['key']\n",
    "exits": f"{ENTRY}exit(3)\n",
    "deadlock": f"{ENTRY}await asyncio.Event().wait()\n",
    "livelock": f"{ENTRY}while True: await asyncio.sleep(0)\n",
    "blocks": f"{ENTRY}time.sleep(1)\n    return await get_users(), await get_locations()\n",
    "leaves a task": f"{ENTRY}global task\n    task = asyncio.create_task(asyncio.sleep(9))\n"
    "    return await asyncio.gather(get_users(), get_locations())\n",
    "forgets to await": f"{ENTRY}get_users()\n    return await get_locations()\n",
    "syntax error": "async def get_users_and_locations(:\n",
    "missing": "async def get_users(): pass\n",
    "exits at import": f"import sys\nsys.exit(1)\n{GATHER}",
    "asyncio.run": f"{GATHER}print(asyncio.run(get_users_and_locations()))\n",
    "odd values": f"{ENTRY}return [1e999, -0.0, 2**100, b'\\xff', {{1}}, '\\ud800', object()]\n",
    "large value": f"{ENTRY}return ['x' * 1000] * 5000\n",
    "odd output": f"{ENTRY}print('\\ud800\\x00\\x1b[31m')\n    return 1\n",
    "reads standard input": f"{ENTRY}return input()\n",
}  # fmt: skip


@pytest.fixture(scope="module")
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    with executor_of(request.param) as executor:
        yield executor


on_all = pytest.mark.parametrize("executor", EXECUTORS, indirect=True)
on_processes = pytest.mark.parametrize("executor", EXECUTORS[1:], indirect=True)
# Where a program may fork, signal and read: what holds there does not come from the lock-down.
on_unlocked = pytest.mark.parametrize("executor", ["unlocked", "spawned"], indirect=True)
on_forked = pytest.mark.parametrize("executor", ["forked"], indirect=True)


def play(session: Session, source: str, limits: Limits) -> Run:
    """One run in a session."""
    exercise = replace(sample(), limits=limits)
    plan = build_plan(exercise, exercise.cases[0])
    engine = Engine(exercise, plan, plain_run(plan), submission_from(source), b"seed")
    output = session.play(engine)
    return engine.run(output)


def run_on(executor: Executor, source: str, **limits: int) -> Run:
    """One run in a session of its own."""
    wanted = replace(SHORT, **limits)
    with executor(wanted) as session:
        return play(session, source, wanted)


def ends(run: Run, ending: Ending, part_of_detail: str) -> bool:
    return run.ending is ending and part_of_detail in run.detail


# --- the same verdicts -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def reports() -> dict[str, dict[str, object]]:
    """What each program gets in the grader's own process."""
    with executor_of(EXECUTORS[0]) as executor:
        return {name: report_on(executor, name) for name in PROGRAMS}


def report_on(executor: Executor, name: str) -> dict[str, object]:
    submission = submission_from(PROGRAMS[name])
    verdict = grade(installed("exercise-2"), submission, executor, "same")
    report: dict[str, object] = json.loads(json_report.render(verdict))
    with executor(Limits()) as session:
        assert report.pop("isolation") == session.isolation.level
        assert report.pop("isolation_note") == session.isolation.note
    return report


@pytest.mark.parametrize("name", PROGRAMS)
@on_processes
def test_verdict_is_the_one_of_the_grader_s_own_process(
    executor: Executor, name: str, reports: dict[str, dict[str, object]]
) -> None:
    if name == "reads standard input":
        assert "EOFError" in str(report_on(executor, name)["error"])
        return
    assert report_on(executor, name) == reports[name]


@on_all
def test_output_belongs_to_the_run_that_printed_it(executor: Executor) -> None:
    with executor(SHORT) as session:
        outputs = [
            play(session, f"print('import {i}')\n" + program(f"print('run {i}')"), SHORT).output
            for i in range(5)
        ]
    assert outputs == [f"import {i}\nrun {i}\n" for i in range(5)]


@on_all
def test_seventy_kilobytes_of_output_are_no_problem(executor: Executor) -> None:
    run = run_on(executor, program("for i in range(7000):\n    print(f'{i:09}')\nreturn i"))
    assert run.value == 6999
    assert run.output == "".join(f"{i:09}\n" for i in range(7000))


@on_all
def test_output_without_a_final_newline_arrives(executor: Executor) -> None:
    assert run_on(executor, program("print('no newline', end='')")).output == "no newline"


@on_processes
def test_output_by_descriptor_and_by_print_keeps_its_order(executor: Executor) -> None:
    run = run_on(executor, program("import os\nprint('a')\nos.write(1, b'b\\n')\nprint('c')"))
    assert run.output == "a\nb\nc\n"


@on_processes
def test_cap_on_the_output_is_exact(executor: Executor) -> None:
    for extra, ending in ((0, Ending.RETURNED), (1, Ending.OUTPUT_LIMIT)) * 5:
        source = program(f"import os\nos.write(1, b'x' * {100_000 + extra})")
        run = run_on(executor, source, output_bytes=100_000)
        assert run.ending is ending
        assert len(run.output) == 100_000


# --- what a submission finds -----------------------------------------------------------------


@on_unlocked
def test_environment_is_empty(executor: Executor) -> None:
    os.environ["ASYNCGRADE_SECRET"] = "secret"
    try:
        source = "import os, sys\nasync def main(n): return dict(os.environ), os.getcwd()"
        assert run_on(executor, source).value[1] == "/"
        assert len(run_on(executor, source).value[0]) == 0
    finally:
        del os.environ["ASYNCGRADE_SECRET"]


@pytest.mark.parametrize("executor", ["unlocked"], indirect=True)
def test_environment_block_of_the_process_holds_no_secret(executor: Executor) -> None:
    source = "async def main(n): return open('/proc/self/environ').read()"
    block = run_on(executor, source).value
    names = {entry.partition("=")[0] for entry in block.strip("\0").split("\0")}
    assert names <= {
        "PYTHONHASHSEED",
        "MALLOC_ARENA_MAX",
        "LC_CTYPE",
    }  # the second is Python's own doing


@on_forked
def test_no_descriptor_above_the_channel_is_open(executor: Executor) -> None:
    source = program(
        """
        import os
        def is_open(fd):
            try:
                os.fstat(fd)
            except OSError:
                return False
            return True
        return [fd for fd in range(5000) if is_open(fd)]
        """
    )
    assert run_on(executor, source).value == [0, 1, 2, 3]


@on_processes
def test_standard_library_only_can_be_imported(executor: Executor) -> None:
    run = run_on(executor, "import sys\nasync def main(n): return sys.path")
    assert str(ROOT) not in run.value
    assert not any("site-packages" in folder for folder in run.value)
    assert run_on(executor, "import yaml\n").ending is Ending.LOAD_ERROR


@on_unlocked
def test_process_leads_a_session_of_its_own(executor: Executor) -> None:
    source = "import os\nasync def main(n): return os.getpid() == os.getsid(0) == os.getpgrp()"
    assert run_on(executor, source).value is True


@on_processes
def test_hash_seed_is_fixed(executor: Executor) -> None:
    source = "async def main(n): return hash('text'), list({'a', 'b', 'c', 'd'})"
    assert run_on(executor, source).value == run_on(executor, source).value


# --- programs that must be stopped -----------------------------------------------------------


@on_processes
@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass",
        "x = 7 ** 10_000_000",
    ],
)
def test_program_that_never_awaits_ends_in_the_cpu_limit(executor: Executor, body: str) -> None:
    run = run_on(executor, program(body))
    assert ends(run, Ending.CPU_LIMIT, "it used 1 s of processor time")


@on_processes
@pytest.mark.parametrize(
    ("statement", "detail"),
    [
        ("os._exit(0)", "it ended its own process (exit status 0)"),
        ("os._exit(3)", "it ended its own process (exit status 3)"),
        ("import ctypes; ctypes.string_at(0)", "its process was killed by SIGSEGV"),
        ("os.abort()", "its process was killed by SIGABRT"),
        ("os.kill(os.getpid(), 9)", "its process was killed by SIGKILL"),
        ("os.kill(os.getpid(), 15)", "its process was killed by SIGTERM"),
        ("os.close(channel)\n    os._exit(5)", "it ended its own process (exit status 5)"),
    ],
)
@pytest.mark.parametrize("where", ["import", "run"])
def test_program_that_ends_its_process_has_crashed(
    executor: Executor, statement: str, detail: str, where: str
) -> None:
    statement = statement.replace("\n    ", "\n")
    source = f"{CHANNEL}{statement}\n" if where == "import" else CHANNEL + program(statement)
    assert ends(run_on(executor, source), Ending.CRASHED, detail)


@on_unlocked
def test_program_that_becomes_another_one_has_crashed(executor: Executor) -> None:
    run = run_on(executor, f"{CHANNEL}os.execv('/bin/true', ['true'])\n")
    assert ends(run, Ending.CRASHED, "it ended its own process (exit status 0)")


@on_processes
@pytest.mark.parametrize(
    "body",
    [
        "x = bytearray(2 * 10**9)",
        "x = []\nwhile True: x.append(bytearray(10**7))",
        "x = 'x' * 10**10",
        "x = [0] * 10**10",
    ],
)
def test_memory_bomb_ends_in_the_memory_limit(executor: Executor, body: str) -> None:
    assert run_on(executor, program(body)).ending is Ending.MEMORY_LIMIT
    assert run_on(executor, body).ending is Ending.MEMORY_LIMIT


@on_processes
@pytest.mark.parametrize(
    "body",
    [
        "while True: print('x' * 1000)",
        "while True: os.write(1, b'x' * 100_000)",
        "while True: os.write(2, b'x' * 100_000)",
    ],
)
def test_endless_output_ends_in_the_output_limit(executor: Executor, body: str) -> None:
    run = run_on(executor, CHANNEL + program(body))
    assert ends(run, Ending.OUTPUT_LIMIT, "it printed more than 256 KiB")
    assert len(run.output) == SHORT.output_bytes


@on_processes
@pytest.mark.parametrize(
    "data",
    [
        r"b'\0\0\0\x05['",  # half a frame: the worker's own next one becomes its rest
        r"b'garbage' * 100",
        r"b'\xff\xff\xff\xff'",
        r"b'\0\0\0\x02{}'",
        r"b'\0\0\0\x0a[[\"nope\"]]'",
        r"b'\0\0\0\x02[]' * 600_000",
        r"(b'\0\0\0\x19[[\"idle\",0,null,false]]' + b' ') * 3",
        r"b'\0\0\0\x16[[\"cancel\",0,999999]]'",
        r"b'\0\0\0\x10[[\"locked\",[]]] '",
        r"os.urandom(100_000)",
    ],
)
def test_bytes_of_its_own_on_the_channel_are_a_violation(executor: Executor, data: str) -> None:
    source = CHANNEL + program(
        f"""
        data = {data}
        while data:
            data = data[os.write(channel, data):]
        return 1
        """
    )
    assert run_on(executor, source).ending is Ending.VIOLATION


@on_processes
def test_half_a_frame_and_silence_end_in_the_wall_limit(executor: Executor) -> None:
    source = CHANNEL + program(
        "import signal\nos.write(channel, b'\\0\\0\\0\\x05[')\nsignal.pause()"
    )
    assert ends(run_on(executor, source, wall_s=1), Ending.WALL_LIMIT, "it ran for 1 s")


@on_processes
def test_process_that_stops_itself_ends_in_the_wall_limit(executor: Executor) -> None:
    source = CHANNEL + program("import signal\nos.kill(os.getpid(), signal.SIGSTOP)")
    assert ends(run_on(executor, source, wall_s=1), Ending.WALL_LIMIT, "it ran for 1 s")


@on_processes
def test_files_can_not_be_filled(executor: Executor, tmp_path: Path) -> None:
    path = tmp_path / "filled"
    source = program(f"with open({str(path)!r}, 'w') as file:\n    file.write('x' * 10**6)")
    run = run_on(executor, source)
    assert run.ending in (Ending.RAISED, Ending.CRASHED)  # OSError, or SIGXFSZ
    assert not path.exists() or path.stat().st_size == 0


# --- afterwards ------------------------------------------------------------------------------


@on_unlocked
@pytest.mark.parametrize(
    "ending", ["return 1", "os._exit(0)", "while True: pass", "os.kill(os.getpid(), 9)"]
)
def test_children_of_the_program_are_gone_afterwards(executor: Executor, ending: str) -> None:
    source = CHANNEL + program(
        f"""
        import signal
        for _ in range(2):
            pid = os.fork()
            if pid == 0:
                signal.pause()
            print(pid)
        {ending}
        """
    )
    pids = [int(line) for line in run_on(executor, source).output.split()]
    assert len(pids) == 2
    assert wait_until_gone(pids)


@pytest.mark.parametrize("executor", ["unlocked"], indirect=True)
def test_daemons_of_the_program_are_gone_afterwards(executor: Executor) -> None:
    source = CHANNEL + program(
        """
        import signal
        if os.fork() == 0:
            os.setsid()
            if os.fork():
                os._exit(0)
            print(os.getpid())
            os.close(channel)
            signal.pause()
        os.wait()
        while True: pass
        """
    )
    [pid] = [int(line) for line in run_on(executor, source).output.split()]
    assert wait_until_gone([pid])


@on_processes
def test_new_process_after_a_crash_plays_the_next_run_right(executor: Executor) -> None:
    right = program("print('right')\nreturn await fast()")
    crash = CHANNEL + program("print('crash')\nos._exit(1)")
    limits = replace(SHORT, cpu_s=4)
    with executor(limits) as session:
        for _ in range(3):
            assert play(session, crash, limits).ending is Ending.CRASHED
            run = play(session, right, limits)
            assert run.ending is Ending.RETURNED
            assert run.output == "right\n"


@on_processes
def test_run_that_is_stopped_does_not_disturb_the_next(executor: Executor) -> None:
    endings = ["await asyncio.Event().wait()", "while True: await asyncio.sleep(0)", "return 1"]
    with executor(SHORT) as session:
        for body in endings * 2:
            late = f"try:\n    {body}\nfinally:\n    print('late')\n    time.sleep(9)"
            run = play(session, program(late), SHORT)
            assert run.ending in (Ending.DEADLOCK, Ending.LIVELOCK, Ending.RETURNED)
            assert run.output == ("late\n" if body == "return 1" else "")


@on_all
def test_right_program_passes_after_all_of_this(executor: Executor) -> None:
    assert grade(installed("exercise-2"), submission_from(GATHER), executor, "1").passed


# --- host and zygote -------------------------------------------------------------------------


def start_host(name: str) -> tuple[subprocess.Popen[str], list[int]]:
    """A host that grades an endless program, and all the processes that it has started."""
    host = subprocess.Popen(
        [sys.executable, "-m", "tests.executors.host", name],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )

    def below(pid: int) -> list[int]:
        return [pid_ for child in children_of(pid) for pid_ in (child, *below(child))]

    # The zygote (in namespaces two processes), the worker, and where it may the worker's child.
    wanted = 2 if name == "spawned" else 3
    assert wait_until(lambda: len(below(host.pid)) >= wanted)
    return host, below(host.pid)


@pytest.mark.parametrize("name", [*EXECUTORS[1:], "unlocked"])
def test_ctrl_c_leaves_no_process(name: str) -> None:
    host, pids = start_host(name)
    host.send_signal(signal.SIGINT)
    output, _ = host.communicate(timeout=60)
    assert output == "ready\ninterrupted\n"
    assert wait_until_gone(pids)


@pytest.mark.parametrize("name", ["forked", "unlocked"])
def test_zygote_and_workers_die_with_their_host(name: str) -> None:
    host, pids = start_host(name)
    host.kill()
    host.communicate(timeout=60)
    assert wait_until_gone(pids)


@pytest.mark.parametrize("name", ["forked", "unlocked"])
def test_host_says_that_its_zygote_was_killed(name: str) -> None:
    host, pids = start_host(name)
    os.kill(pids[0], signal.SIGKILL)
    output, _ = host.communicate(timeout=60)
    assert output.startswith("ready\nfailed: the process that starts programs was killed")
    for pid in pids[1:]:
        if is_alive(pid):  # a grandchild has no one left to end it
            os.kill(pid, signal.SIGKILL)


def test_program_that_kills_the_zygote_gets_no_verdict_and_the_next_zygote_works() -> None:
    source = CHANNEL + program("os.kill(os.getppid(), 9)\nwhile True: pass")
    with executor_of("unlocked") as executor, pytest.raises(ExecutorFailed, match="was killed"):
        run_on(executor, source)
    with executor_of("forked") as executor:
        assert run_on(executor, program("return 1")).value == 1


def test_command_says_it_in_one_line_when_the_zygote_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "endless.py"
    path.write_text("while True: pass\n", "utf-8")
    command = [sys.executable, "-m", "grader", "check", "2", str(path)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as check:
        assert wait_until(lambda: len(children_of(check.pid)) == 1)
        os.kill(children_of(check.pid)[0], signal.SIGKILL)
        output, errors = check.communicate(timeout=60)
    assert (check.returncode, output) == (4, "")
    [line] = errors.splitlines()
    assert line.startswith("asyncgrade: the process that starts programs was killed or stopped")


def test_zygote_that_a_program_has_stopped_holds_nothing_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forked, "ANSWER_S", 3.0)
    source = CHANNEL + program("os.kill(os.getppid(), 19)\nos.kill(os.getpid(), 19)")
    zygote = Zygote(without=ALL_LAYERS)
    try:
        run = run_on(forked_executor(zygote), source, wall_s=1)
    finally:
        zygote.close()
    assert run.ending is Ending.WALL_LIMIT
    assert not is_alive(zygote.pid)


def test_closed_zygote_leaves_no_process() -> None:
    zygote = Zygote()
    run_on(forked_executor(zygote), program("return 1"))
    zygote.close()
    assert not is_alive(zygote.pid)
