"""Whatever a student hands in gets a verdict: few points, no exception, and the right words."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from grader.executors.base import Executor
from grader.executors.forked import fork_is_safe
from grader.exercise.model import Limits
from grader.grade import grade
from grader.verdict import Status, Verdict
from tests.helpers import executor_of, installed, item, submission_from

pytestmark = pytest.mark.skipif(not fork_is_safe(), reason="there is no safe fork here")

HEAD = "import asyncio, time\nfrom services import *\n"
ENTRY = f"{HEAD}async def get_users_and_locations():\n"
RIGHT = f"{ENTRY}    return await asyncio.gather(get_users(), get_locations())\n"
WANTED = "write `async def get_users_and_locations()`"


@pytest.fixture(scope="module")
def executor() -> Iterator[Executor]:
    with executor_of("forked") as executor:
        yield executor


def verdict_on(executor: Executor, data: str | bytes, **limits: int) -> Verdict:
    exercise = installed("exercise-2")
    if limits:
        exercise = replace(exercise, limits=replace(Limits(), **limits))
    verdict = grade(exercise, submission_from(data), executor, "bad input")
    assert verdict.passed or verdict.score <= 3
    return verdict


def body(text: str) -> str:
    return ENTRY + "".join(f"    {line}\n" for line in text.splitlines())


def error_of(verdict: Verdict) -> tuple[str, str, int | None]:
    assert verdict.error is not None
    assert "grader" not in verdict.error.traceback
    return verdict.error.kind, verdict.error.text, verdict.error.line


# --- what can't be loaded --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "kind", "text", "line"),
    [
        (b"", "missing", f"there is no function get_users_and_locations(): {WANTED}", None),
        (b" \n\n\t\n", "missing", WANTED, None),
        (b"# only a comment", "missing", WANTED, None),
        (b"\xef\xbb\xbf", "missing", WANTED, None),
        ("# é\n".encode("latin-1"), "unreadable", "line 1: byte 0xe9 is not UTF-8", None),
        ("x = 1\n# ö".encode("cp1252"), "unreadable", "line 2: byte 0xf6 is not UTF-8", None),
        (RIGHT.encode("utf-16"), "unreadable", "save the file with the encoding UTF-8", None),
        (b"x = 1\n\0\n", "unreadable", "line 2: the file holds a NUL byte", None),
        (bytes(range(256)), "unreadable", "is not UTF-8", None),
        (b"\x7fELF\x02\x01\x01\0", "unreadable", "NUL byte", None),
        (b"x = 1\n" * 900_000, "unreadable", "the file is too large: 5.4 MB", None),
        (b"\0" * 5_000_000, "unreadable", "the file is too large: 5.0 MB", None),
        (b"async def get_users(): pass", "missing", WANTED, None),
        (b"get_users_and_locations = 3", "missing", "is a int, not a function", None),
        (b"\n\nasync def get_users_and_locations(x): pass", "signature", WANTED, 3),
        (b"async def get_users_and_locations():\n    yield", "not_async", "uses `yield`", 1),
        (b"import requests\n", "ModuleNotFoundError", "No module named 'requests'", 1),
        (b"from services import users", "ImportError", "users", 1),
        (b"x = 1\nx.y\n", "AttributeError", "'int' object has no attribute 'y'", 2),
        (b"import sys\nsys.exit()", "exit", "ended itself while it was imported", 2),
        (b"exit()", "exit", "ended itself while it was imported", 1),
        (b"from services import *\nx = get_users()\n", "RuntimeError", "inside", 2),
    ],
)  # fmt: skip
def test_file_that_can_not_be_loaded_gets_no_points_and_a_reason(
    executor: Executor, data: bytes, kind: str, text: str, line: int | None
) -> None:
    verdict = verdict_on(executor, data)
    assert verdict.ending == "load_error"
    assert verdict.score == 0
    assert {result.status for result in verdict.items} == {Status.NOT_ASSESSED}
    seen_kind, seen_text, seen_line = error_of(verdict)
    assert (seen_kind, seen_line) == (kind, line)
    assert text in seen_text


def test_syntax_error_has_its_line_and_caret(executor: Executor) -> None:
    verdict = verdict_on(executor, body("users = await get_users(\nreturn users"))
    assert verdict.ending == "load_error"
    assert verdict.score == 0
    kind, _, line = error_of(verdict)
    assert (kind, line) == ("SyntaxError", 4)
    assert verdict.error is not None
    shown = verdict.error.traceback.splitlines()
    assert shown[:2] == ['  File "s.py", line 4', "    users = await get_users("]
    assert shown[2].strip() == "^"
    assert "was never closed" in shown[3]


@pytest.mark.parametrize(
    "source", ["x = " + "-" * 100_000 + "1", "(" * 10_000, "x = 9**9**9**9", "x = 'a' * 10**11"]
)
def test_source_that_overwhelms_the_compiler_gets_a_verdict(
    executor: Executor, source: str
) -> None:
    verdict = verdict_on(executor, source)
    assert verdict.ending in ("load_error", "memory_limit", "cpu_limit", "crashed")
    assert verdict.score == 0
    assert verdict.error is not None


def test_function_that_is_not_async_is_told_so(executor: Executor) -> None:
    verdict = verdict_on(executor, "def get_users_and_locations():\n    return 1\n")
    assert verdict.score == 0
    assert WANTED.replace("()`", "(…)`") in error_of(verdict)[1]


# --- what may be odd and is right all the same -----------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + RIGHT.encode(),
        RIGHT.replace("\n", "\r\n").encode(),
        RIGHT.replace("\n", "\r").encode(),
        RIGHT.rstrip("\n").encode(),
        b"#!/usr/bin/python\n# -*- coding: latin-1 -*-\n" + RIGHT.encode() + "# é\n".encode(),
        RIGHT.encode() + b"\x0c\n\x1a" if sys.platform == "win32" else RIGHT.encode() + b"\x0c\n",
        RIGHT.replace("    ", "\t").encode(),
        RIGHT.encode() + b"# " + b"x" * 900_000,
        RIGHT.encode() + "café = '\N{SNOWMAN}'\n".encode(),
        RIGHT.encode() + b"\nasyncio.run(get_users_and_locations())\n",
        RIGHT.encode() + b"\nif __name__ == '__main__':\n    asyncio.run(nothing())\n",
    ],
)
def test_odd_file_that_is_right_passes(executor: Executor, data: bytes) -> None:
    assert verdict_on(executor, data).passed


# --- what does not end -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "ending", "words"),
    [
        ("while True:\n    await asyncio.sleep(0)", "livelock", "without ever waiting"),
        ("while True:\n    await asyncio.sleep(1)", "virtual_time_limit", "very long (virtual)"),
        ("await asyncio.sleep(1e9)", "virtual_time_limit", "very long (virtual) time"),
        ("time.sleep(1e9)\nawait get_users()", "virtual_time_limit", "very long (virtual) time"),
        ("await asyncio.Event().wait()", "deadlock", "every task waits"),
        ("await asyncio.get_running_loop().create_future()", "deadlock", "every task waits"),
        ("await asyncio.sleep(float('inf'))", "deadlock", "every task waits"),
    ],
)
def test_program_that_waits_for_ever_is_told_where(
    executor: Executor, text: str, ending: str, words: str
) -> None:
    begun = time.process_time()
    verdict = verdict_on(executor, body(text))
    assert time.process_time() - begun < 20
    assert verdict.ending == ending
    assert verdict.score <= 1
    kind, told, line = error_of(verdict)
    assert kind == ending
    assert words in told
    assert line == 3 + len(text.splitlines())


def test_deadlock_after_half_of_the_work_names_the_line_and_what_is_waited_for(
    executor: Executor,
) -> None:
    verdict = verdict_on(executor, body("await get_users()\nawait asyncio.Event().wait()"))
    assert verdict.ending == "deadlock"
    assert verdict.score <= 1
    _, told, line = error_of(verdict)
    assert line == 5
    assert "get_users_and_locations() at line 5 in Event.wait" in told


@pytest.mark.parametrize(
    ("text", "endings"),
    [
        ("while True: pass", {"cpu_limit"}),
        ("while True: await asyncio.sleep(1e-6)", {"cpu_limit", "virtual_time_limit"}),
        ("tasks = [asyncio.create_task(asyncio.sleep(1)) for _ in range(10**7)]\n"
         "await asyncio.wait(tasks)", {"cpu_limit", "memory_limit", "crashed"}),  # as below
        ("await asyncio.gather(*[get_users() for _ in range(10**7)])",
         {"cpu_limit", "memory_limit", "violation", "crashed"}),
        ("async def f(): await asyncio.gather(f(), f())\nawait f()",
         {"cpu_limit", "memory_limit", "crashed"}),  # no memory: Python itself gives up
        ("while True: print('x' * 10**6)", {"output_limit"}),
        ("for _ in range(3000): print('x' * 10**6)", {"output_limit"}),
        ("x = []\nwhile True: x.append(' ' * 10**6)", {"memory_limit"}),
    ],
)  # fmt: skip
def test_program_without_measure_ends_within_the_limits(
    executor: Executor, text: str, endings: set[str]
) -> None:
    verdict = verdict_on(executor, body(text), cpu_s=1, wall_s=10, memory_mib=256)
    assert verdict.ending in endings
    assert verdict.score == 0
    assert {result.status for result in verdict.items} <= {Status.NOT_ASSESSED, Status.FAILED}
    assert error_of(verdict)[0]
    assert len(verdict.output) <= 256 * 1024


# --- what is returned ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("return get_users()", "you returned a coroutine, not its result"),
        ("return get_users(), get_locations()", "holds a coroutine, not its result"),
        ("return asyncio.gather(get_users(), get_locations())", "an unfinished gather"),
        ("return asyncio.create_task(get_users())", "a task, not its result"),
        ("async def f():\n    yield 1\nreturn f()", "<async_generator>"),
        ("return (x for x in [1])", "<generator>"),
        ("x = []\nx.append(x)\nreturn x", "[[[["),
        ("x = {}\nx[1] = x\nreturn x", "{1: {1: "),
        ("return list(range(10**6))", "<list (too large)>"),
        ("return 'x' * 10**7", "<str (too large)>"),
        ("class Evil:\n    def __repr__(self): raise SystemExit\n"
         "    __eq__ = __hash__ = __str__ = __bool__ = __len__ = __iter__ = __repr__\n"
         "return Evil()", "<Evil>"),
        ("class Evil(tuple):\n    def __eq__(self, other): return True\n"
         "    def __len__(self): return 2\n    __hash__ = None\nreturn Evil()", "<Evil>"),
        ("class Meta(type):\n    def __getattribute__(c, name): raise SystemExit\n"
         "    def __instancecheck__(c, other): return True\n"
         "class Evil(metaclass=Meta): pass\nreturn Evil()", "<Evil>"),
        ("return None", "None"),
        ("pass", "None"),
    ],
)  # fmt: skip
def test_what_is_returned_instead_of_the_result_is_named(
    executor: Executor, text: str, words: str
) -> None:
    verdict = verdict_on(executor, body(text))
    assert verdict.ending == "returned"
    result = item(verdict, "result")
    assert result.status is Status.FAILED
    assert words in result.message
    assert len(result.message) < 1000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("class Evil(Exception):\n    def __str__(self): raise SystemExit\nraise Evil",
         "its text can't be shown"),
        ("raise SystemExit(0)", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("raise StopIteration", "coroutine raised StopIteration"),
        ("def f(k): return f(k + 1)\nf(1)", "maximum recursion depth"),
        ("asyncio.get_running_loop().stop()\nawait get_users()", "stopped the event loop"),
        ("asyncio.get_running_loop().close()", "Cannot close a running event loop"),
        ("return asyncio.run(get_users())", "cannot be called from a running event loop"),
        ("await asyncio.open_connection('localhost', 1)", "is not available here"),
        ("raise Exception('x' * 10**7)", "xxx"),
        ("raise Exception('\\x1b[2J\\u202e')", "\x1b[2J\u202e"),
    ],
)  # fmt: skip
def test_error_of_the_program_is_shown_with_its_line(
    executor: Executor, text: str, words: str
) -> None:
    verdict = verdict_on(executor, body(text))
    assert verdict.ending == "raised"
    kind, told, line = error_of(verdict)
    assert words in f"{kind}: {told}"
    assert line is not None or "stopped the event loop" in told
    assert len(told) < 10_000


def test_right_program_passes_after_all_of_this(executor: Executor) -> None:
    assert verdict_on(executor, RIGHT).passed
