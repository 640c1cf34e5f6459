"""What programs for a virtual clock stumble over: each is answered, and in the same way every time.

The rows are those that were measured on other virtual loops; ``test_loop`` has the ones that the
loop decides alone.
"""

from __future__ import annotations

import sys

import pytest

from grader.engine.trace import Ending, Run
from tests.worker.runs import findings, line_of, program, run_main, run_of

needs_311 = pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio.timeout: Python 3.11")
needs_312 = pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks: Python 3.12")


def error(run: Run) -> str:
    assert run.ending is Ending.RAISED
    assert run.error is not None
    assert "grader" not in run.error.traceback
    return run.error.text


# --- order and time --------------------------------------------------------------------------


def test_equal_deadlines_finish_in_order_of_creation() -> None:
    run = run_main(
        """
        order = []
        async def one(k):
            await asyncio.sleep(1)
            order.append(k)
        await asyncio.gather(*[one(k) for k in range(30)])
        return order
        """
    )
    assert run.value == list(range(30))


def test_calls_that_end_together_come_back_in_order_of_their_starts() -> None:
    run = run_main(
        """
        order = []
        async def one(k):
            await look_up(k)
            order.append(k)
        await asyncio.gather(*[one(k) for k in range(30)])
        return order
        """
    )
    assert run.value == list(range(30))


def test_timer_of_the_program_and_call_that_end_together_both_end() -> None:
    run = run_main("return await asyncio.gather(asyncio.sleep(1, 'slept'), look_up(1))")
    assert run.ending is Ending.RETURNED
    assert run.end_us == 1_000_000


def test_spin_up_to_a_time_that_floats_miss_ends() -> None:
    run = run_main(
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + 0.1 + 0.2
        rounds = 0
        while loop.time() < end:
            await asyncio.sleep(end - loop.time())
            rounds += 1
        return rounds
        """
    )
    assert run.ending is Ending.RETURNED
    assert run.value <= 2


def test_polling_for_a_call_with_sleep_0_ends_when_the_call_ends() -> None:
    run = run_main(
        """
        task = asyncio.create_task(slow())
        while not task.done():
            await asyncio.sleep(0)
        return task.result()
        """
    )
    assert run.ending is Ending.RETURNED
    assert run.end_us == 3_000_000


def test_polling_for_a_timer_with_sleep_0_ends_when_the_timer_is_due() -> None:
    run = run_main(
        """
        done = []
        asyncio.get_running_loop().call_later(2, done.append, 1)
        while not done:
            await asyncio.sleep(0)
        return time.monotonic()
        """
    )
    assert run.value == 2.0


def test_polling_with_a_short_sleep_ends_soon_after_the_call() -> None:
    run = run_main(
        """
        task = asyncio.create_task(slow())
        while not task.done():
            await asyncio.sleep(0.001)
        return task.result()
        """
    )
    assert run.ending is Ending.RETURNED
    assert 3_000_000 <= run.end_us <= 3_001_000


def test_sleep_0_for_ever_is_a_livelock() -> None:
    assert run_main("while True:\n    await asyncio.sleep(0)").ending is Ending.LIVELOCK


def test_sleep_1_for_ever_ends_in_the_limit_of_virtual_time() -> None:
    assert run_main("while True:\n    await asyncio.sleep(1)").ending is Ending.VIRTUAL_TIME_LIMIT


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ("await asyncio.wait_for(slow(), 100)", 3),
        ("await asyncio.wait_for(asyncio.sleep(50), 100)", 50),
        ("await asyncio.wait([asyncio.create_task(slow())], timeout=2)", 2),
        ("await asyncio.wait([asyncio.create_task(fast())], timeout=2)", 1),
        ("try:\n    await asyncio.wait_for(slow(), 2)\nexcept asyncio.TimeoutError: pass", 2),
        ("try:\n    await asyncio.wait_for(asyncio.Event().wait(), 9)\n"
         "except asyncio.TimeoutError: pass", 9),
        pytest.param("async with asyncio.timeout(100):\n    await slow()", 3, marks=needs_311),
        pytest.param("try:\n    async with asyncio.timeout(2): await slow()\n"
                     "except TimeoutError: pass", 2, marks=needs_311),
        pytest.param("try:\n    async with asyncio.timeout_at(2): await slow()\n"
                     "except TimeoutError: pass", 2, marks=needs_311),
    ],
)  # fmt: skip
def test_timeouts_use_the_virtual_clock(body: str, seconds: int) -> None:
    run = run_main(body)
    assert run.ending is Ending.RETURNED
    assert run.end_us == seconds * 1_000_000


def test_cancelled_call_is_told_to_the_engine() -> None:
    run = run_main(
        """
        task = asyncio.create_task(slow())
        await asyncio.sleep(1)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            return time.monotonic()
        """
    )
    assert run.value == 1.0
    assert [(call.outcome.value, call.end_us) for call in run.calls] == [("cancelled", 1_000_000)]


def test_timeout_does_not_fire_because_of_a_thousand_polite_sleeps() -> None:
    run = run_main(
        """
        async def polite():
            for _ in range(1000):
                await asyncio.sleep(0)
            return time.monotonic()
        return await asyncio.wait_for(polite(), 30)
        """
    )
    assert run.value == 0.0


@needs_312
def test_eager_tasks_make_their_calls_at_once() -> None:
    run = run_main(
        """
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        return await asyncio.gather(fast(), slow())
        """
    )
    assert run.ending is Ending.RETURNED
    assert [(call.operation, call.start_us) for call in run.calls] == [("fast", 0), ("slow", 0)]
    assert run.findings == ()


# --- another event loop ----------------------------------------------------------------------


def test_asyncio_run_inside_the_coroutine_is_the_stock_error() -> None:
    source = program("return asyncio.run(fast())  # here")
    run = run_of(source)
    assert error(run) == "RuntimeError: asyncio.run() cannot be called from a running event loop"
    assert run.error is not None
    assert run.error.line == line_of(source, "# here")
    assert [finding.detail for finding in findings(run, "never_awaited")] == ["fast()"]


@pytest.mark.parametrize(
    "call",
    [
        "asyncio.get_event_loop().run_until_complete(fast())",
        "asyncio.get_running_loop().run_forever()",
        "from contextlib import closing\nwith closing(asyncio.new_event_loop()) as loop:\n"
        "    loop.run_until_complete(fast())",
    ],
)
def test_running_a_loop_inside_the_loop_is_an_error_of_asyncio(call: str) -> None:
    source = "import warnings\nwarnings.simplefilter('ignore')\n" + program(call)
    assert "running" in error(run_of(source))


def test_library_that_patches_loops_of_asyncio_gets_a_clear_error() -> None:
    """What nest_asyncio does: it wants a loop that derives from BaseEventLoop."""
    run = run_main(
        """
        loop = asyncio.get_running_loop()
        if not isinstance(loop, asyncio.BaseEventLoop):
            raise ValueError(f"Can't patch loop of type {type(loop)}")
        """
    )
    assert run.ending is Ending.RAISED
    assert run.error is not None
    assert "Can't patch loop of type" in run.error.text


def test_asyncio_run_in_a_thread_runs_on_a_loop_of_its_own() -> None:
    run = run_main(
        """
        async def other():
            await asyncio.sleep(0)
            return "other"
        return await asyncio.to_thread(asyncio.run, other()), await fast()
        """
    )
    assert run.ending is Ending.RETURNED
    assert run.value[0] == "other"


def test_service_called_on_another_loop_is_an_error() -> None:
    run = run_main("return await asyncio.to_thread(asyncio.run, slow())")
    assert "attached to a different loop" in error(run)


# --- real input and output -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("await asyncio.open_connection('localhost', 80)", "create_connection"),
        ("await asyncio.start_server(print, 'localhost', 0)", "create_server"),
        ("await asyncio.create_subprocess_exec('true')", "subprocess_exec"),
        ("await asyncio.create_subprocess_shell('true')", "subprocess_shell"),
        ("await asyncio.get_running_loop().getaddrinfo('localhost', 80)", "getaddrinfo"),
        ("asyncio.get_running_loop().add_signal_handler(2, print)", "add_signal_handler"),
        ("asyncio.get_running_loop().add_reader(0, print)", "add_reader"),
        ("await asyncio.get_running_loop().sock_recv(None, 1)", "sock_recv"),
    ],
)
def test_real_io_gets_an_error_that_says_what_to_do(call: str, name: str) -> None:
    source = program(f"{call}  # here")
    run = run_of(source)
    assert error(run).startswith(f"NotImplementedError: loop.{name}() is not available here")
    assert "Use the services of the exercise instead" in error(run)
    assert run.error is not None
    assert run.error.line == line_of(source, "# here")


# --- threads ---------------------------------------------------------------------------------


def test_work_in_a_thread_takes_no_virtual_time() -> None:
    run = run_main(
        """
        total, _ = await asyncio.gather(asyncio.to_thread(sum, range(100_000)), fast())
        return total, time.monotonic()
        """
    )
    assert run.value == (sum(range(100_000)), 1.0)
    assert run.findings == ()


def test_timeout_does_not_fire_while_a_thread_works() -> None:
    run = run_main("return await asyncio.wait_for(asyncio.to_thread(sum, range(300_000)), 0.5)")
    assert run.value == sum(range(300_000))


def test_thread_of_the_program_that_calls_back_is_waited_for() -> None:
    run = run_main(
        """
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        def work():
            loop.call_soon_threadsafe(future.set_result, sum(range(300_000)))
        thread = threading.Thread(target=work)
        thread.start()
        await asyncio.wait_for(future, 60)
        thread.join()
        return time.monotonic()
        """,
        "import threading\n",
    )
    assert run.value == 0.0


def test_thread_may_wait_for_a_coroutine_of_the_loop() -> None:
    run = run_main(
        """
        loop = asyncio.get_running_loop()
        def work():
            return asyncio.run_coroutine_threadsafe(slow(), loop).result()
        return await asyncio.to_thread(work)
        """
    )
    assert str(run.value).startswith("slow-")
    assert run.end_us == 3_000_000


def test_error_in_a_thread_is_raised_at_the_await() -> None:
    source = program("await asyncio.to_thread(work)", "def work():\n    return {}['key']  # here\n")
    run = run_of(source)
    assert error(run) == "KeyError: 'key'"
    assert run.error is not None
    assert run.error.line == line_of(source, "# here")


def test_deadlock_after_work_in_threads_is_found() -> None:
    run = run_main("await asyncio.to_thread(int)\nawait asyncio.Event().wait()  # here")
    assert run.ending is Ending.DEADLOCK


def test_context_variables_reach_tasks_and_threads() -> None:
    run = run_main(
        """
        variable.set("main")
        return await asyncio.gather(asyncio.to_thread(variable.get), helper(), fast())
        """,
        "import contextvars\nvariable = contextvars.ContextVar('variable')\n"
        "async def helper():\n    await fast()\n    return variable.get()\n",
    )
    assert run.value[:2] == ["main", "main"]


# --- between runs ----------------------------------------------------------------------------


def test_locks_and_queues_of_the_module_belong_to_one_run() -> None:
    source = "import asyncio\nlock = asyncio.Lock()\nqueue = asyncio.Queue()\n" + program(
        """
        async def use():
            async with lock:
                queue.put_nowait(await fast())
        await asyncio.gather(use(), use())
        return queue.qsize()
        """
    )
    assert [run_of(source).value for _ in range(2)] == [2, 2]


def test_patched_asyncio_is_the_programs_own_problem() -> None:
    run = run_main(
        """
        asyncio_sleep = asyncio.sleep
        try:
            asyncio.sleep = lambda *args: fast()
            return await asyncio.sleep(1)
        finally:
            asyncio.sleep = asyncio_sleep
        """
    )
    assert [call.operation for call in run.calls] == ["fast"]
