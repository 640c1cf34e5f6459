"""Locked-down workers, each layer on and off: what a program can still do in them."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from grader.engine.trace import Ending, Run
from grader.executors.base import ExecutorFailed, Isolation
from grader.executors.forked import Zygote, fork_is_safe, forked_executor
from grader.executors.lockdown.layers import ALL_LAYERS, LANDLOCK, NAMESPACES, SECCOMP, SPARE_USER
from grader.exercise.model import Limits
from tests.executors.processes import wait_until
from tests.executors.test_conformance import run_on
from tests.helpers import ROOT
from tests.worker.runs import program

pytestmark = pytest.mark.skipif(not fork_is_safe(), reason="the lock-down is Linux's")

CONFIGURATIONS = {
    "everything": (),
    "no namespaces": (NAMESPACES,),
    "no spare user": (SPARE_USER,),
    "no Landlock": (LANDLOCK,),
    "in memory": (NAMESPACES, LANDLOCK),
    "no privilege": (NAMESPACES, SPARE_USER),
    "no seccomp": (SECCOMP,),
    "nothing": ALL_LAYERS,
}
LOCKED = [name for name, without in CONFIGURATIONS.items() if SECCOMP not in without]


on_any = pytest.mark.parametrize("zygote", CONFIGURATIONS, indirect=True)
on_locked = pytest.mark.parametrize("zygote", LOCKED, indirect=True)


@pytest.fixture(scope="module")
def zygote(request: pytest.FixtureRequest) -> Iterator[Zygote]:
    with closing(Zygote(CONFIGURATIONS[request.param])) as zygote:
        found = zygote.isolation()
        if request.param in LOCKED and "seccomp" not in found.layers:
            pytest.skip(f"no seccomp here: {found.missing[SECCOMP]}")
        yield zygote


def value_of(zygote: Zygote, body: str) -> object:
    """What a program's main returns."""
    run = run_of(zygote, body)
    assert run.ending is Ending.RETURNED, (run.ending, run.detail, run.error, run.output)
    return run.value


def run_of(zygote: Zygote, body: str) -> Run:
    limits = Limits(cpu_s=2, wall_s=20, memory_mib=512)
    return run_on(forked_executor(zygote), program(body), **_fields(limits))


def _fields(limits: Limits) -> dict[str, int]:
    return {"cpu_s": limits.cpu_s, "wall_s": limits.wall_s, "memory_mib": limits.memory_mib}


# --- the level -------------------------------------------------------------------------------


@on_any
def test_level_is_found_by_trial(zygote: Zygote, request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.params["zygote"]
    found = zygote.isolation()
    complete = {"namespaces", "seccomp"} <= {*found.layers} and LANDLOCK not in found.missing
    complete = complete and "threads" not in found.reachable
    if name in ("no seccomp", "nothing"):
        assert found.level == "weak"
        assert "fork" in found.reachable
    elif complete:
        assert (found.level, found.reachable) == ("strong", ())
    elif SECCOMP not in found.missing:
        assert found.level == "standard"
        assert {*found.reachable} <= {"stat", "threads"}
    for layer in CONFIGURATIONS[name]:
        assert found.missing[layer] == "left out on request"


@on_any
def test_worker_says_which_layers_it_has_put_on(zygote: Zygote) -> None:
    assert value_of(zygote, "return 1") == 1
    assert isinstance(zygote.isolation(), Isolation)


# --- what goes on working --------------------------------------------------------------------


@on_locked
def test_threads_late_imports_and_time_zones_work(zygote: Zygote) -> None:
    body = """
        import bz2, colorsys, csv, decimal, fractions, hashlib, lzma, sqlite3, statistics
        import xml.etree.ElementTree, zoneinfo, datetime, random, secrets, uuid, tempfile
        names = await asyncio.gather(*(asyncio.to_thread(lambda n: n * n, i) for i in range(20)))
        berlin = zoneinfo.ZoneInfo("Europe/Berlin")
        noon = datetime.datetime(2024, 7, 1, 12, tzinfo=berlin).utcoffset().total_seconds()
        total = sqlite3.connect(":memory:").execute("select 40 + 2").fetchone()[0]
        packed = len(bz2.compress(b"x" * 999)) + len(lzma.compress(b"x" * 999))
        return sum(names), noon, total, packed < 300, hashlib.sha256(b"").hexdigest()[:4]
    """
    assert value_of(zygote, body) == (2470, 7200.0, 42, True, "e3b0")


@on_locked
def test_error_in_a_program_is_shown_with_its_line(zygote: Zygote) -> None:
    run = run_of(zygote, "return {}['key']")
    assert run.ending is Ending.RAISED
    assert run.error is not None
    assert "KeyError" in run.error.text


# --- what does not ---------------------------------------------------------------------------


DENIED = {
    "open a file": "open('/etc/passwd')",
    "open this package": f"open({__file__!r})",
    "list a folder": "os.listdir('/var')",
    "write": "open('/tmp/asyncgrade-written', 'w')",
    "make a folder": "os.mkdir('/tmp/asyncgrade-made')",
    "change the folder": "os.chdir('/tmp')",
    "see a process": "open('/proc/1/cmdline')",
    "a socket": "__import__('socket').socket()",
    "a unix socket": "__import__('socket').socket(__import__('socket').AF_UNIX)",
    "fork": "os.fork()",
    "another program": "os.execv('/bin/true', ['true'])",
    "spawn": "os.posix_spawn('/bin/true', ['true'], {})",
    "signal its parent": "os.kill(os.getppid(), 0)",
    "signal everybody": "os.kill(-1, 0)",
    "signal its group": "os.killpg(0, 0)",
    "another user": "os.setuid(0)",
    "a longer life": "__import__('resource').setrlimit(0, (99, 99))",
    "a session": "os.setsid()",
    "a memory file": "os.memfd_create('x')",
}


@on_locked
@pytest.mark.parametrize("attempt", DENIED)
def test_attempt_is_refused(zygote: Zygote, attempt: str) -> None:
    body = f"""
        import os
        try:
            {DENIED[attempt]}
        except (OSError, ValueError) as error:
            return str(error)
        return "got through"
    """
    assert value_of(zygote, body) != "got through"


@on_locked
def test_installed_packages_are_out_of_reach(zygote: Zygote) -> None:
    folders = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    files = [os.path.join(folder, "pytest", "__init__.py") for folder in folders]  # noqa: PTH118
    body = f"""
        import os
        found = []
        for path in {files!r}:
            try:
                found.append(open(path).read(1))
            except OSError:
                pass
        return found
    """
    assert value_of(zygote, body) == []


@on_locked
def test_root_folder_holds_the_library_only(zygote: Zygote) -> None:
    if "namespaces" not in zygote.isolation().layers:
        pytest.skip("no namespaces in this configuration, or on this system")
    body = """
        import os
        def exists(path):
            try:
                os.stat(path)
            except OSError:
                return False
            return True
        return [p for p in ("/etc/passwd", "/proc", "/dev", "/tmp", "/home", "/var") if exists(p)]
    """
    found = value_of(zygote, body)
    assert found == []


@on_locked
def test_threads_are_counted_where_the_system_can(zygote: Zygote) -> None:
    if "threads" in zygote.isolation().reachable:
        pytest.skip("the kernel counts no threads of root, or those of all the user's processes")
    body = """
        import threading
        gate = threading.Event()
        threading.stack_size(65536)
        count = 0
        try:
            for count in range(500):
                threading.Thread(target=gate.wait, daemon=True).start()
        except RuntimeError:
            pass
        return count
    """
    count = value_of(zygote, body)
    assert isinstance(count, int)
    assert 30 < count < 64


# --- one after the other ---------------------------------------------------------------------


@on_any
def test_spare_child_is_made_anew_for_other_limits(zygote: Zygote) -> None:
    body = "import resource\nreturn resource.getrlimit(resource.RLIMIT_AS)[0] // 2**20"
    usual = Limits()
    for memory_mib in (256, 256, 512, 300, 512):
        wanted = _fields(replace(usual, memory_mib=memory_mib))
        run = run_on(forked_executor(zygote), program(body), **wanted)
        assert run.value == memory_mib


@on_any
def test_each_submission_has_a_process_of_its_own(zygote: Zygote) -> None:
    body = "import builtins\nseen = hasattr(builtins, 'mark')\nbuiltins.mark = 1\nreturn seen"
    assert [value_of(zygote, body) for _ in range(4)] == [False] * 4


@on_any
def test_nothing_is_carried_over_by_standard_input(zygote: Zygote) -> None:
    body = """
        import fcntl, os
        before = fcntl.fcntl(0, fcntl.F_GETFL)
        fcntl.fcntl(0, fcntl.F_SETFL, before | os.O_NONBLOCK | os.O_APPEND)
        return before
    """
    assert len({value_of(zygote, body) for _ in range(4)}) == 1


@on_locked
def test_memory_holds_no_names_of_other_files(zygote: Zygote) -> None:
    body = """
        import sys
        seen = [sys.argv, sys.orig_argv[1:], sorted(map(str, sys.path_importer_cache))]
        return repr(seen) + repr([vars(f) for f in sys.path_importer_cache.values() if f])
    """
    text = value_of(zygote, body)
    assert isinstance(text, str)
    assert str(ROOT) not in text
    assert "solutions" not in text
    assert "spare_user" not in text


def test_host_out_of_descriptors_says_so_and_leaks_nothing() -> None:
    with closing(Zygote()) as zygote:
        zygote.isolation()
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        executor = forked_executor(zygote)
        highest = os.dup(0)
        os.close(highest)
        try:
            for free in range(3):
                resource.setrlimit(resource.RLIMIT_NOFILE, (highest + free, limits[1]))
                with pytest.raises(ExecutorFailed, match="too many files"):
                    run_on(executor, program("return 1"))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        lowest_free = os.dup(0)
        os.close(lowest_free)
        assert lowest_free == highest
        assert run_on(executor, program("return 1")).value == 1


# --- the host --------------------------------------------------------------------------------


def test_memory_of_the_grading_command_is_closed_to_its_own_user(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("to whom a process belongs can't be seen as root, who reads everything")
    path = tmp_path / "endless.py"
    path.write_text("while True: pass\n", "utf-8")
    command = [sys.executable, "-m", "grader", "check", "2", str(path)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as check:
        # What is not dumpable belongs to root in /proc (proc(5)).
        assert wait_until(lambda: Path(f"/proc/{check.pid}/mem").stat().st_uid == 0)
        check.kill()
