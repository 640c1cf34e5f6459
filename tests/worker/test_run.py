"""One run: what is told of work left undone, of errors, of evil objects, and of the end."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator

import pytest

from grader.engine.trace import Ending, Outcome, Run
from grader.executors.base import Executor
from grader.values import Opaque, Record, describe
from tests.helpers import executor_of
from tests.worker.runs import findings, line_of, program, run_main, run_of

needs_groups = pytest.mark.skipif(sys.version_info < (3, 11), reason="TaskGroup: Python 3.11")

EVIL = """
class Meta(type):
    def __instancecheck__(cls, other): raise SystemExit("instancecheck")
    def __eq__(cls, other): raise SystemExit("eq of a class")
    def __hash__(cls): raise SystemExit("hash of a class")
    def __repr__(cls): raise SystemExit("repr of a class")
    def __getattribute__(cls, name): raise SystemExit("attribute of a class")

class Evil(metaclass=Meta):
    def __repr__(self): raise SystemExit("repr")
    def __str__(self): raise SystemExit("str")
    def __eq__(self, other): raise SystemExit("eq")
    def __hash__(self): return 1
    def __bool__(self): raise SystemExit("bool")
    def __len__(self): raise SystemExit("len")
    def __iter__(self): raise SystemExit("iter")
    def __reduce__(self): raise SystemExit("reduce")
    def __del__(self): raise SystemExit("del")
    def __getattribute__(self, name): raise SystemExit("attribute")

"""


def places(run: Run, kind: str) -> list[tuple[int | None, str]]:
    return [(finding.line, finding.detail) for finding in findings(run, kind)]


def line_in(body: str, before: str = "") -> int:
    """The line marked with ``# here`` of a program."""
    return line_of(program(body, before), "# here")


def raised(run: Run) -> str:
    assert run.ending is Ending.RAISED
    assert run.error is not None
    assert "grader" not in run.error.traceback
    return run.error.text


# --- what is returned ------------------------------------------------------------------------


def test_argument_arrives_and_value_returns() -> None:
    run = run_main("return {'n': n, 'value': [await fast(), (1, 2.5, None, b'x', {3})]}")
    assert run.ending is Ending.RETURNED
    assert describe(run.value).startswith("{'n': 7, 'value': ['fast-")
    assert [(c.operation, c.start_us, c.end_us, c.outcome) for c in run.calls] == [
        ("fast", 0, 1_000_000, Outcome.OK)
    ]


def test_calls_carry_the_line_that_awaits_and_the_line_that_made_them() -> None:
    body = """
        call = fast()
        one = 1
        return await call  # here
        """
    [call] = run_main(body).calls
    assert call.line == line_in(body)
    assert call.created_line == line_in(body) - 2


def test_named_tuples_and_dataclasses_come_back_as_records() -> None:
    run = run_main(
        "return Point(1, 2), Pair(3, 4)",
        "from typing import NamedTuple\nfrom dataclasses import dataclass\n"
        "class Point(NamedTuple):\n    x: int\n    y: int\n"
        "@dataclass\nclass Pair:\n    left: int\n    right: int\n",
    )
    assert run.value == (
        Record("Point", (("x", 1), ("y", 2))),
        Record("Pair", (("left", 3), ("right", 4))),
    )


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("helper()", "coroutine"),
        ("asyncio.sleep(1)", "coroutine"),
        ("asyncio.get_running_loop().create_future()", "Future"),
        ("asyncio.current_task()", "Task"),
        ("generator()", "async_generator"),
        ("(i for i in [1])", "generator"),
        ("object()", "object"),
        ("print", "builtin_function_or_method"),
        ("Subclass()", "Subclass"),
        ("asyncio.get_running_loop()", "VirtualLoop"),
    ],
)
def test_what_can_not_cross_is_opaque_with_its_types_name(expression: str, name: str) -> None:
    run = run_main(
        f"return [1, {expression}]",
        "async def helper(): pass\nasync def generator(): yield 1\nclass Subclass(list): pass\n",
    )
    assert run.ending is Ending.RETURNED
    assert run.value == [1, Opaque(name)]


def test_recursive_list_is_cut_at_a_depth() -> None:
    run = run_main("items = [1]\nitems.append(items)\nreturn items")
    assert run.ending is Ending.RETURNED
    assert "list (too deep or too large)" in describe(run.value, 100_000)


def test_list_nested_too_deep_is_cut() -> None:
    run = run_main("items = []\nfor _ in range(100_000):\n    items = [items]\nreturn items")
    assert run.ending is Ending.RETURNED


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("list(range(1_000_000))", "<list (too large)>"),
        ("['x' * 1000] * 30_000", "<list (too large)>"),
        ("'x' * 5_000_000", "<str (too large)>"),
        ("bytes(5_000_000)", "<bytes (too large)>"),
        ("10 ** 5000", "<int (too large)>"),
        ("{i: i for i in range(1_000_000)}", "<dict (too large)>"),
    ],
)
def test_value_that_is_too_large_says_so(expression: str, shown: str) -> None:
    run = run_main(f"return {expression}")
    assert run.ending is Ending.RETURNED
    assert describe(run.value) == shown


@pytest.fixture(scope="module")
def forked() -> Iterator[Executor]:
    """A process of its own for objects that pytest itself can't bear."""
    with executor_of("forked") as executor:
        yield executor


def test_evil_object_as_a_result_runs_none_of_its_methods(forked: Executor) -> None:
    source = program("return [Evil(), {'key': Evil()}, Evil]", EVIL)
    run = run_of(source, executor=forked)
    assert run.ending is Ending.RETURNED
    assert describe(run.value) == "[<Evil>, {'key': <Evil>}, <Meta>]"


def test_evil_object_as_an_argument_runs_none_of_its_methods(forked: Executor) -> None:
    run = run_of(program("return await look_up(Evil())", EVIL), executor=forked)
    [call] = run.calls
    assert call.args == (Opaque("Evil"),)


def test_subclasses_that_lie_are_not_believed() -> None:
    run = run_main(
        "return Text('a'), Items([1])",
        "class Text(str):\n    def __eq__(self, other): return True\n"
        "    def __hash__(self): return 0\n"
        "class Items(list):\n    def __iter__(self): return iter([2])\n",
    )
    assert run.value == (Opaque("Text"), Opaque("Items"))


# --- work that is left undone ----------------------------------------------------------------


def test_service_call_that_is_never_awaited_is_told_with_its_line() -> None:
    body = """
        look_up(1)  # here
        return await fast()
        """
    run = run_main(body)
    assert places(run, "never_awaited") == [(line_in(body), "look_up()")]
    assert [call.operation for call in run.calls] == ["fast"]


def test_kept_service_call_that_is_never_awaited_is_told_too() -> None:
    body = """
        global KEPT
        KEPT = look_up(1)  # here
        return await fast()
        """
    assert places(run_main(body), "never_awaited") == [(line_in(body), "look_up()")]


def test_own_coroutine_that_is_never_awaited_is_told_with_its_line() -> None:
    before = "async def helper(): return await fast()\n"
    body = """
        helper()  # here
        return await fast()
        """
    run = run_main(body, before)
    assert places(run, "never_awaited") == [(line_in(body, before), "helper()")]
    assert run.output == ""


def test_coroutine_that_is_returned_is_never_awaited() -> None:
    run = run_main("return fast()")
    assert run.value == Opaque("coroutine")
    assert places(run, "never_awaited") == [(3 + 1, "fast()")]


def test_task_left_over_is_told_with_the_line_that_made_it() -> None:
    before = "async def helper():\n    await asyncio.sleep(100)\n"
    body = """
        global TASK
        TASK = asyncio.create_task(helper())  # here
        return await fast()
        """
    assert places(run_main(body, before), "task_left") == [(line_in(body, before), "helper")]


def test_task_left_over_in_a_wrapper_of_asyncio_is_told_with_a_line_of_the_submission() -> None:
    before = """
        class Wait:
            def __await__(self):
                return asyncio.sleep(100).__await__()
        """
    body = """
        global TASK
        TASK = asyncio.ensure_future(Wait())
        return await fast()
        """
    run = run_of(program(body) + textwrap.dedent(before))
    [(line, _)] = places(run, "task_left")
    assert line in (None, line_of(program(body) + before, "asyncio.sleep(100)"))


def test_call_that_still_runs_is_witnessed_with_its_line() -> None:
    body = """
        task = asyncio.create_task(slow())  # here
        return await fast()
        """
    run = run_main(body)
    [finding] = findings(run, "call_left")
    assert finding.witnessed
    assert finding.line == line_in(body)


def test_nothing_is_left_over_by_a_tidy_program() -> None:
    run = run_main(
        """
        async with Session("db") as session:
            first, *others = await asyncio.gather(session.read("k"), fast(), slow())
        task = asyncio.create_task(slow())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        async for value in numbers():
            pass
        return first
        """,
        "async def numbers():\n    yield 1\n    await fast()\n    yield 2\n",
    )
    assert run.value == "k"
    assert run.findings == ()
    assert run.output == ""


def test_open_context_is_witnessed() -> None:
    body = """
        session = Session("db")
        await session.__aenter__()  # here
        return await session.read("k")
        """
    run = run_main(body)
    [finding] = findings(run, "context_open")
    assert (finding.line, finding.witnessed) == (line_in(body), True)


def test_exception_that_nobody_looks_at_is_told_with_its_line() -> None:
    before = "async def helper():\n    raise KeyError('lost')  # here\n"
    body = """
        asyncio.create_task(helper())
        return await fast()
        """
    assert places(run_main(body, before), "lost_exception") == [
        (line_in(body, before), "KeyError: 'lost'")
    ]


def test_exception_of_a_callback_is_told() -> None:
    body = """
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)  # here
        return await fast()
        """
    assert places(run_main(body), "lost_exception") == [
        (line_in(body), "ZeroDivisionError: division by zero")
    ]


def test_task_that_nothing_refers_to_is_destroyed_in_a_hostile_run_only() -> None:
    before = "async def helper():\n    await look_up(1)\n    await look_up(2)\n"
    body = """
        asyncio.create_task(helper())  # here
        return await slow()
        """
    source = program(body, before)
    assert [call.operation for call in run_of(source).calls] == ["slow", "look_up", "look_up"]
    run = run_of(source, hostile=True)
    assert places(run, "destroyed") == [(line_in(body, before), "helper")]
    assert [call.operation for call in run.calls] == ["slow", "look_up"]


@pytest.mark.parametrize(
    "body",
    [
        "task = asyncio.create_task(slow())\nawait fast()\nreturn await task",
        "return await asyncio.gather(slow(), fast())",
        "tasks = {asyncio.create_task(slow()), asyncio.create_task(fast())}\n"
        "done, _ = await asyncio.wait(tasks)\nreturn len(done)",
        "return [await next_ for next_ in asyncio.as_completed([slow(), fast()])]",
        "return await asyncio.wait_for(slow(), 10)",
        "return await asyncio.shield(slow())",
        "background.add(asyncio.create_task(slow()))\nawait asyncio.sleep(5)\nreturn 1",
        pytest.param(
            "async with asyncio.TaskGroup() as group:\n    group.create_task(slow())\nreturn 1",
            marks=needs_groups,
        ),
    ],
)
def test_tasks_that_are_kept_survive_a_hostile_run(body: str) -> None:
    run = run_main(body, "background = set()\n", hostile=True)
    assert run.ending is Ending.RETURNED
    assert run.findings == ()


def test_async_generator_that_is_left_to_the_collector_is_told() -> None:
    before = """
async def numbers():
    for i in range(10):
        yield await look_up(i)  # here

"""
    body = """
        async for number in numbers():
            break
        return await fast()
        """
    assert places(run_main(body, before), "asyncgen_left") == [(line_in(body, before), "numbers")]


def test_leftovers_are_bounded() -> None:
    run = run_main("for _ in range(5000):\n    fast()\nreturn await fast()")
    assert 1 <= len(run.findings) <= 200


# --- the run is taken apart ------------------------------------------------------------------


def test_what_a_task_does_after_the_end_counts_for_nothing() -> None:
    run = run_main(
        """
        tasks = [asyncio.create_task(helper()) for _ in range(3)]
        await fast()
        return 1
        """,
        """
async def helper():
    try:
        await asyncio.sleep(1000)
    finally:
        print("too late")
        time.sleep(3600)
        await slow()

""",
    )
    assert run.ending is Ending.RETURNED
    assert run.end_us == 1_000_000
    assert run.output == ""
    assert [call.operation for call in run.calls] == ["fast"]
    assert {finding.kind for finding in run.findings} == {"task_left"}


def test_task_that_refuses_to_end_does_no_harm() -> None:
    run = run_main(
        "task = asyncio.create_task(helper())\nawait fast()\nreturn 1",
        """
async def helper():
    for _ in range(2):
        try:
            await asyncio.sleep(1000)
        except BaseException:
            pass

""",
    )
    assert run.ending is Ending.RETURNED
    assert run.output == ""


def test_run_that_is_stopped_by_the_engine_is_taken_apart_in_silence() -> None:
    run = run_main(
        """
        try:
            await asyncio.get_running_loop().create_future()  # here
        finally:
            print("too late")
        """
    )
    assert run.ending is Ending.DEADLOCK
    assert run.output == ""


# --- errors ----------------------------------------------------------------------------------


def test_traceback_shows_the_students_frames_only() -> None:
    source = program(
        "return (await asyncio.gather(helper(), fast()))[0]",
        "async def helper():\n    await fast()\n    return {}['key']\n",
    )
    run = run_of(source)
    assert raised(run) == "KeyError: 'key'"
    assert run.error is not None
    assert run.error.line == line_of(source, "{}['key']")
    assert run.error.traceback.splitlines() == [
        "Traceback (most recent call last):",
        f'  File "s.py", line {line_of(source, "gather")}, in main',
        "    return (await asyncio.gather(helper(), fast()))[0]",
        f'  File "s.py", line {line_of(source, "{}")}, in helper',
        "    return {}['key']",
        "KeyError: 'key'",
    ]


def test_error_of_a_service_is_raised_at_the_await() -> None:
    run = run_main("return await look_up('missing')")
    assert raised(run) == "LookupError: missing"
    assert run.error is not None
    assert run.error.line == 4
    assert [call.outcome for call in run.calls] == [Outcome.RAISED]


@needs_groups
def test_error_inside_a_task_group_is_shown_with_its_own_line() -> None:
    before = "async def helper():\n    await fast()\n    raise KeyError('inner')  # here\n"
    body = """
        async with asyncio.TaskGroup() as group:
            group.create_task(helper())
            group.create_task(slow())
        """
    run = run_main(body, before)
    assert raised(run) == "ExceptionGroup: the first of its errors is KeyError: 'inner'"
    assert run.error is not None
    assert run.error.kind == "ExceptionGroup"
    assert run.error.line == line_in(body, before)
    assert "raise KeyError('inner')" in run.error.traceback


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("raise SystemExit(3)", "SystemExit"),
        ("import sys; sys.exit('text')", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("raise StopIteration(1)", "RuntimeError"),
        ("raise StopAsyncIteration(1)", "RuntimeError"),
        ("raise MemoryError", "MemoryError"),
        ("raise BaseException('text')", "BaseException"),
    ],
)
@pytest.mark.parametrize("where", ["", "await fast()\n", "in a task"])
def test_any_exception_ends_the_run_as_raised(statement: str, kind: str, where: str) -> None:
    if where == "in a task":
        body = "await asyncio.create_task(helper())"
        before = f"async def helper():\n    await fast()\n    {statement}\n"
    else:
        body, before = where + statement, ""
    run = run_main(body, before)
    wanted = Ending.MEMORY_LIMIT if kind == "MemoryError" else Ending.RAISED
    if kind == "RuntimeError" and "Async" in statement:
        kind = "StopAsyncIteration"  # only an async generator turns it into a RuntimeError
    assert run.ending is wanted
    assert run.error is not None
    assert run.error.kind == kind
    assert run.error.line == line_of(program(body, before), statement)
    assert "grader" not in run.error.traceback


def test_cancellation_of_the_entry_is_an_ending_of_its_own() -> None:
    assert run_main("asyncio.current_task().cancel()\nawait fast()").ending is Ending.CANCELLED
    assert run_main("raise asyncio.CancelledError").ending is Ending.CANCELLED


def test_loop_that_is_stopped_from_inside_is_told() -> None:
    run = run_main("asyncio.get_running_loop().stop()\nawait slow()")
    assert "stopped the event loop" in raised(run)


def test_loop_can_not_be_closed_from_inside() -> None:
    run = run_main("asyncio.get_running_loop().close()\nawait slow()")
    assert raised(run) == "RuntimeError: Cannot close a running event loop"


def test_stop_in_the_last_moment_does_no_harm() -> None:
    run = run_main("value = await fast()\nasyncio.get_running_loop().stop()\nreturn value")
    assert run.ending is Ending.RETURNED


@pytest.mark.parametrize(
    ("before", "text"),
    [
        ("def __str__(self): raise SystemExit", "Broken: (its text can't be shown)"),
        ("def __str__(self): return 3", "Broken: (its text can't be shown)"),
        ("__str__ = None", "Broken: (its text can't be shown)"),
        ("def __str__(self): return 'x' * 10**6", None),
        ("def __getattribute__(self, name): raise SystemExit", "Broken"),
        ("def __eq__(self, other): raise SystemExit\n    __hash__ = None", "Broken"),
    ],
)
def test_evil_exception_is_told_by_its_name(before: str, text: str | None) -> None:
    run = run_main("raise Broken", f"class Broken(Exception):\n    {before}\n")
    assert run.ending is Ending.RAISED
    assert run.error is not None
    assert run.error.kind == "Broken"
    assert len(run.error.text) < 10_000
    if text is not None:
        assert run.error.text == text


def test_exceptions_that_refer_to_each_other_are_told() -> None:
    run = run_main(
        """
        one, two = ValueError("one"), KeyError("two")
        one.__cause__, two.__cause__ = two, one
        one.__context__, two.__context__ = two, one
        raise one
        """
    )
    assert raised(run) == "ValueError: one"


def test_deep_recursion_is_told_with_a_short_traceback() -> None:
    run = run_main("return helper(1)", "def helper(k):\n    return helper(k + 1)\n")
    assert raised(run).startswith("RecursionError: maximum recursion depth exceeded")
    assert run.error is not None
    assert "… " in run.error.traceback
    assert len(run.error.traceback.splitlines()) < 40


def test_deep_recursion_of_coroutines_is_told() -> None:
    run = run_main(
        "return await helper(1)", "async def helper(k):\n    return await helper(k + 1)\n"
    )
    assert raised(run).startswith("RecursionError")


def test_output_of_a_run_is_its_own() -> None:
    source = program("print('seen', n)\nimport sys\nprint('err', file=sys.stderr)\nreturn 1")
    assert [run_of(source).output for _ in range(2)] == ["seen 7\nerr\n"] * 2


# --- waiting for ever ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "before"),
    [
        ("await asyncio.Event().wait()  # here", ""),
        ("await asyncio.get_running_loop().create_future()  # here", ""),
        ("await asyncio.Queue().get()  # here", ""),
        ("lock = asyncio.Lock()\nawait lock.acquire()\nawait lock.acquire()  # here", ""),
        ("await helper()", "async def helper():\n    await asyncio.sleep(float('inf'))  # here\n"),
        (
            "await asyncio.gather(fast(), helper())",
            "async def helper():\n    await asyncio.Event().wait()  # here\n",
        ),
    ],
)
def test_deadlock_is_found_at_once_with_the_line(body: str, before: str) -> None:
    run = run_main(body, before)
    assert run.ending is Ending.DEADLOCK
    assert line_in(body, before) in [place.line for place in run.places]


@pytest.mark.parametrize(
    ("awaited", "waits_for"),
    [
        ("asyncio.Event().wait()", "Event.wait"),
        ("asyncio.Queue().get()", "Queue.get"),
        ("asyncio.sleep(float('inf'))", "sleep"),
        ("asyncio.get_running_loop().create_future()", ""),
        ("helper()", "Event.wait"),
    ],
)
def test_deadlock_names_what_is_waited_for(awaited: str, waits_for: str) -> None:
    run = run_main(f"await {awaited}", "async def helper(): await asyncio.Event().wait()\n")
    [place] = run.places
    assert place.waits_for == waits_for


def test_deadlock_of_two_tasks_shows_both() -> None:
    run = run_main(
        "await asyncio.gather(left(), right())",
        """
import functools
@functools.cache
def locks(): return asyncio.Lock(), asyncio.Lock()
async def left():
    async with locks()[0]:
        await fast()
        async with locks()[1]: pass
async def right():
    async with locks()[1]:
        await fast()
        async with locks()[0]: pass

""",
    )
    assert run.ending is Ending.DEADLOCK
    assert {place.task for place in run.places} >= {"left", "right"}


def test_held_run_tells_where_the_code_is_suspended() -> None:
    source = program("first = await fast()  # here\nreturn first, await slow()")
    run = run_of(source, held=0)
    assert run.ending is Ending.HELD
    assert [(p.line, p.waits_for) for p in run.places if p.line] == [
        (line_of(source, "# here"), "fast")
    ]


def test_texts_of_python_on_tasks_name_no_file_of_the_grader() -> None:
    run = run_main(
        "print(asyncio.current_task(), asyncio.create_task(fast()))\nreturn await fast()"
    )
    assert "coro=<fast() " in run.output
    assert "worker" not in run.output
