"""The filter in the kernel: a child under it tries things, each in a process of its own."""

from __future__ import annotations

import errno
import json
import platform
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from grader.executors.lockdown.syscalls import MACHINES, number_of

MACHINE = platform.machine()
ROOT = Path(__file__).parents[3]

# Runs in an interpreter of its own: forks for each deed, installs the filter, reports what came.
HARNESS = """
import ctypes, json, os, platform, sys, time
root, locked, may_open, deeds = json.loads(sys.argv[1])
sys.path.insert(0, root)
from grader.executors.lockdown import seccomp

filter_ = seccomp.prepare(platform.machine(), may_open=may_open)
libc = ctypes.CDLL(None, use_errno=True)

def call(number, *args):
    if libc.syscall(ctypes.c_long(number), *[ctypes.c_long(arg) for arg in args]) < 0:
        raise OSError(ctypes.get_errno(), "")
    return 0

def attempt(deed, out):
    try:
        if locked:
            filter_.install(os.getpid())
    except OSError as error:
        os.write(out, f"no seccomp: {error}".encode())
        return
    names = {"call": call, "root": root}
    try:
        exec(deed, names)
        os.write(out, b"done" if "said" not in names else str(names["said"]).encode())
    except OSError as error:
        os.write(out, f"errno {error.errno}".encode())
    except BaseException as error:
        os.write(out, f"{type(error).__name__}: {error}".encode())

outcomes = {}
for name, deed in deeds.items():
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        attempt(deed, writing)
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as file:
        text = file.read().decode()
    signal = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    outcomes[name] = text if signal == 0 else f"signal {-signal}"
print(json.dumps(outcomes))
"""

IMPORTS = """
    argparse asyncio base64 bz2 calendar collections.abc concurrent.futures.process csv ctypes
    curses dataclasses datetime decimal difflib email.message enum fractions hashlib heapq
    html.parser http.client importlib.metadata inspect ipaddress locale lzma multiprocessing.pool
    mmap pickle pydoc random secrets select sqlite3 ssl statistics string subprocess tempfile
    timeit tkinter unittest.mock urllib.request uuid xml.etree.ElementTree zlib zoneinfo
"""
DONE, EPERM, EACCES, ENOSYS = "done", "errno 1", "errno 13", "errno 38"

# What a program of a learner does, and gets: with files open to be read.
WORKS = {
    "prints": ("print(end='')", DONE),
    "reads a file": ("said = open(root + '/pyproject.toml').read(13)", "[build-system"),
    "lists a folder": ("import os; said = 'grader' in os.listdir(root)", "True"),
    "asks for a file's size": ("import os; said = os.stat(root).st_size > 0", "True"),
    "asks about a descriptor": ("import os; said = os.fstat(0).st_size >= 0", "True"),
    "sleeps": ("import time; time.sleep(0.001)", DONE),
    "reads clocks": ("import time; said = time.time() > 1e9 and time.monotonic() > 0", "True"),
    "draws at random": ("import random; said = 0 <= random.SystemRandom().random() < 1", "True"),
    "takes memory and gives it back": ("for n in range(9): x = bytearray(8 << 20); del x", DONE),
    "starts threads": (
        "import threading; said = []\n"
        "threads = [threading.Thread(target=said.append, args=(1,)) for _ in range(20)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]; said = sum(said)",
        "20",
    ),
    "runs a loop and threads of asyncio": (
        "import asyncio, time\n"
        "async def main():\n"
        "    await asyncio.gather(*[asyncio.to_thread(time.sleep, 0.001) for _ in range(8)])\n"
        "    return await asyncio.wait_for(asyncio.sleep(0.001, 'slept'), 5)\n"
        "said = asyncio.run(main())",
        "slept",
    ),
    "sets an alarm and meets it": (
        "import signal\n"
        "def ring(*_): raise LookupError('rang')\n"
        "signal.signal(signal.SIGALRM, ring); signal.setitimer(signal.ITIMER_REAL, 0.001)\n"
        "signal.pause()",
        "LookupError: rang",
    ),
    "signals itself": ("import os; os.kill(os.getpid(), 9)", "signal 9"),
    "aborts": ("import os; os.abort()", "signal 6"),
    "makes a pipe and polls it": (
        "import os, select\n"
        "r, w = os.pipe(); os.write(w, b'x'); said = len(select.select([r], [], [], 5)[0])",
        "1",
    ),
    "counts processors": ("import os; said = (os.cpu_count() or 1) > 0", "True"),
    "computes hashes": ("import hashlib; said = hashlib.sha256(b'').hexdigest()[:4]", "e3b0"),
    "computes in decimals": ("from decimal import Decimal as D; said = D('0.1') * 3", "0.3"),
    "keeps a table in memory": (
        "import sqlite3; said = sqlite3.connect(':memory:').execute('select 6 * 7').fetchone()[0]",
        "42",
    ),
    "makes a UUID": ("import uuid; said = uuid.uuid4().version, uuid.uuid1().version", "(4, 1)"),
    "reads its limits": (
        "import resource; said = len(resource.getrlimit(resource.RLIMIT_NOFILE))",
        "2",
    ),
}
# What it must not do. The kernel's own refusals would be other numbers, or none for root.
FAILS = {
    "opens a file to write": ("open('/tmp/asyncgrade-canary', 'w')", EPERM),
    "opens a file to add": ("open('/tmp/asyncgrade-canary', 'a')", EPERM),
    "opens a nameless file": ("import os; os.open('/tmp', os.O_TMPFILE | os.O_RDWR)", EPERM),
    "opens without reading": ("import os; os.open('/', os.O_PATH)", EPERM),
    "changes the folder": ("import os; os.chdir('/')", EPERM),
    "removes a file": ("import os; os.unlink('/tmp/asyncgrade-canary')", EPERM),
    "makes a folder": ("import os; os.mkdir('/tmp/asyncgrade-canary')", EPERM),
    "makes a link": ("import os; os.symlink('/', '/tmp/asyncgrade-canary')", EPERM),
    "changes rights": ("import os; os.chmod('/tmp/asyncgrade-canary', 0)", EPERM),
    "changes times": ("import os; os.utime('/tmp/asyncgrade-canary')", EPERM),
    "reads attributes": ("import os; os.listxattr('/')", EPERM),
    "makes a socket": ("import socket; socket.socket()", EPERM),
    "makes a Unix socket": ("import socket; socket.socket(socket.AF_UNIX)", EPERM),
    "makes a datagram pair": (
        "import socket; socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)",
        EPERM,
    ),
    "sends a descriptor": (
        "import array, socket\n"
        "a, b = socket.socketpair(); a.send(b'x'); assert b.recv(1) == b'x'\n"
        "fds = array.array('i', [a.fileno()])\n"
        "a.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])",
        EPERM,
    ),
    "asks who is at the other end": (
        "import socket; socket.socketpair()[0].getsockopt(socket.SOL_SOCKET, 17, 12)",
        EPERM,
    ),
    "forks": ("import os; os.fork()", EPERM),
    "starts a program": ("import os; os.execv('/bin/true', ['true'])", EPERM),
    "spawns a program": ("import os; os.posix_spawn('/bin/true', ['true'], {})", EPERM),
    "runs a subprocess": ("import subprocess; subprocess.run(['/bin/true'])", EPERM),
    "signals its parent": ("import os; os.kill(os.getppid(), 0)", EPERM),
    "signals its group": ("import os; os.kill(0, 0)", EPERM),
    "signals everybody": ("import os; os.kill(-1, 0)", EPERM),
    "leaves its session": ("import os; os.setsid()", EPERM),
    "raises a limit": (
        "import resource; resource.setrlimit(7, (9, 9))",
        "ValueError: not allowed to raise maximum limit",
    ),
    "pins itself": ("import os; os.sched_setaffinity(0, {0})", EPERM),
    "asks for the life of its parent": ("import ctypes; call(PRCTL, 1, 0, 0, 0, 0)", EPERM),
    "becomes dumpable": ("call(PRCTL, 4, 1, 0, 0, 0)", EPERM),
    "traces": ("call(PTRACE, 0, 0, 0, 0)", EPERM),
    "makes a file in memory": ("import os; os.memfd_create('x')", EPERM),
    "sets up io_uring": ("call(IO_URING_SETUP, 8, 0)", ENOSYS),
    "asks for what no kernel has": ("call(5000)", ENOSYS),
    "hides a process in a high half": ("call(CLONE, 17 | 1 << 32, 0, 0, 0, 0)", EPERM),
}
# With files closed, what works above works still, but for these.
CLOSED = {
    "reads a file": EACCES,
    "lists a folder": EACCES,
    "asks for a file's size": EACCES,
    "opens a file to write": EACCES,
    "opens a file to add": EACCES,
    "opens a nameless file": EACCES,
    "opens without reading": EACCES,
}
WITH_LIBRARIES = {  # import what may have to be read: not with files closed
    *("starts threads", "runs a loop and threads of asyncio", "sets an alarm and meets it"),
    *("makes a pipe and polls it", "computes hashes", "computes in decimals"),
    *("keeps a table in memory", "makes a UUID", "reads its limits", "draws at random"),
    *("makes a datagram pair", "sends a descriptor", "asks who is at the other end"),
    *("makes a socket", "makes a Unix socket", "runs a subprocess", "raises a limit"),
}
# push rbx; mov eax, 20 (getpid of i386); int 0x80; pop rbx; ret
INT80 = """
import ctypes, mmap
memory = mmap.mmap(-1, 4096, prot=7)
memory.write(bytes.fromhex("53b814000000cd805bc3"))
ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))()
"""
X32 = "call(0x40000000 + 39)"  # getpid

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="seccomp is Linux's"),
    pytest.mark.skipif(MACHINE not in MACHINES, reason=f"no filter for the machine {MACHINE}"),
    pytest.mark.skipif(sys.maxsize < 2**32, reason="no filter for a 32-bit Python"),
]


def with_numbers(deed: str) -> str:
    """The names of system calls in capitals become their numbers on this machine."""
    for name in ("io_uring_setup", "prctl", "ptrace", "clone"):
        deed = deed.replace(f"({name.upper()}", f"({number_of(name, MACHINE)}")
    return deed


def attempt(deeds: dict[str, str], *, locked: bool = True, may_open: bool = True) -> dict[str, str]:
    """Each deed's outcome: what it said, ``done``, ``errno N``, ``signal N``, an exception."""
    numbered = {name: with_numbers(deed) for name, deed in deeds.items()}
    argument = json.dumps([str(ROOT), locked, may_open, numbered])
    process = subprocess.run(
        [sys.executable, "-I", "-B", "-c", HARNESS, argument],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert process.returncode == 0, process.stderr
    outcomes: dict[str, str] = json.loads(process.stdout.splitlines()[-1])
    for text in outcomes.values():
        if text.startswith("no seccomp"):
            pytest.skip(text)  # a system that refuses filters
    return outcomes


@cache
def outcomes(may_open: bool) -> dict[str, Any]:
    deeds = {name: deed for name, (deed, _) in {**WORKS, **FAILS}.items()}
    if not may_open:
        deeds = {name: deed for name, deed in deeds.items() if name not in WITH_LIBRARIES}
    return attempt(deeds, may_open=may_open)


@pytest.mark.parametrize("name", WORKS)
def test_an_honest_program_works(name):
    assert outcomes(True)[name] == WORKS[name][1]


@pytest.mark.parametrize("name", FAILS)
def test_a_program_that_reaches_out_fails(name):
    assert outcomes(True)[name] == FAILS[name][1]


@pytest.mark.parametrize("name", [n for n in (*WORKS, *FAILS) if n not in WITH_LIBRARIES])
def test_with_files_closed_names_are_closed_and_the_rest_is_as_before(name):
    wanted = CLOSED.get(name, {**WORKS, **FAILS}[name][1])
    seen = outcomes(False)[name]
    if name == "asks about a descriptor":  # depends on the C library: see the policy
        assert seen in (wanted, EACCES)
    else:
        assert seen == wanted


def test_with_files_closed_a_descriptor_can_still_be_opened_as_a_file():
    deed = "import os; r, w = os.pipe(); print('hello', file=open(w, 'w'), flush=True)\n"
    deed += "said = os.read(r, 9)"
    assert attempt({"open": deed}, may_open=False) == {"open": r"b'hello\n'"}


def test_the_standard_library_is_imported_late():
    """Also what is loaded from shared libraries: bz2, lzma, sqlite3, hashlib, decimal, ssl."""
    deeds = {name: f"import {name}" for name in IMPORTS.split()}
    without = attempt(deeds, locked=False)  # a Python may have been built without some modules
    assert list(without.values()).count(DONE) > 30
    assert attempt(deeds) == without


def test_time_zones_are_read():
    if not Path("/usr/share/zoneinfo/Europe/Oslo").exists():
        pytest.skip("this system has no time zones")
    deed = "from zoneinfo import ZoneInfo; said = ZoneInfo('Europe/Oslo').key"
    assert attempt({"zone": deed}) == {"zone": "Europe/Oslo"}


@pytest.mark.skipif(MACHINE != "x86_64", reason="int 0x80 and x32 are of x86_64")
def test_another_table_of_system_calls_kills():
    assert attempt({"int 0x80": INT80, "x32": X32}) == {"int 0x80": "signal 31", "x32": "signal 31"}


def test_the_filter_holds_for_threads_too():
    deed = (
        "import os, threading\n"
        "said = []\n"
        "def reach_out():\n"
        "    try: os.kill(os.getppid(), 0)\n"
        "    except OSError as error: said.append(error.errno)\n"
        "thread = threading.Thread(target=reach_out); thread.start(); thread.join()"
    )
    assert attempt({"thread": deed}) == {"thread": f"[{errno.EPERM}]"}


def test_a_second_filter_can_not_be_added():
    deed = "import ctypes, platform\nfrom grader.executors.lockdown import seccomp\n"
    deed += "seccomp.prepare(platform.machine(), may_open=True).install(1)"
    assert attempt({"again": deed}) == {"again": EPERM}
