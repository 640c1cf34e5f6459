"""Facts about the virtual-time loop. Nothing here waits in real time."""

from __future__ import annotations

import asyncio
import gc
import logging
import math
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.worker.loop import SPIN_PASSES, DeadlockError, VirtualLoop

Microseconds = st.integers(min_value=0, max_value=10**11)  # up to the longest run: 100,000 s


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    loop = VirtualLoop()
    yield loop
    loop.close()


@pytest.fixture
def own_garbage() -> Iterator[None]:
    """Leaves what other tests threw away to them: a collection warns of their unclosed sockets."""
    gc.freeze()
    yield
    gc.unfreeze()


def run(coro: Coroutine[Any, Any, Any], loop: VirtualLoop | None = None) -> Any:
    loop = loop or VirtualLoop()
    try:
        return loop.run_until_complete(coro)
    finally:
        loop.close()


def now_us() -> int:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop.now_us


async def work_of_a_thread() -> int:
    return await asyncio.to_thread(sum, range(300_000))


# --- the clock -------------------------------------------------------------------------------


def test_clock_starts_at_zero_and_moves_only_by_sleeping(loop):
    assert (loop.time(), loop.now_us) == (0.0, 0)

    async def main():
        for _ in range(100):
            await asyncio.sleep(0)
        assert now_us() == 0
        await asyncio.sleep(1.5)
        return now_us()

    assert loop.run_until_complete(main()) == 1_500_000
    assert loop.time() == 1.5


def test_float_noise_never_adds_a_microsecond():
    async def main():
        await asyncio.sleep(0.1)
        await asyncio.sleep(3)
        assert now_us() == 3_100_000
        await asyncio.sleep(0.1)
        await asyncio.sleep(0.2)
        assert now_us() == 3_400_000

    run(main())


@given(Microseconds, Microseconds)
def test_whole_microseconds_are_slept_exactly(start, delay):
    loop = VirtualLoop()
    loop.advance_to(start)
    run(asyncio.sleep(delay / 1e6), loop)
    assert loop.now_us == start + delay


@given(Microseconds, st.integers(min_value=1, max_value=10**11))
def test_a_deadline_computed_as_time_plus_delay_is_exact(start, delay):
    loop = VirtualLoop()
    loop.advance_to(start)
    loop.call_at(loop.time() + delay / 1e6, loop.stop)
    loop.run_forever()
    loop.close()
    assert loop.now_us == start + delay


@given(Microseconds, st.floats(min_value=0, max_value=1e5))
def test_sleeping_until_a_time_takes_few_rounds(start, until):
    loop = VirtualLoop()
    loop.advance_to(start)

    async def main():
        rounds = 0
        while loop.time() < until:
            await asyncio.sleep(until - loop.time())
            rounds += 1
        return rounds

    assert run(main(), loop) <= 3


@given(Microseconds, st.floats(min_value=0, max_value=1e5))
def test_waiting_for_an_absolute_time_takes_few_rounds(start, until):
    loop = VirtualLoop()
    loop.advance_to(start)

    async def main():
        rounds = 0
        while loop.time() < until:
            reached = asyncio.Event()
            loop.call_at(until, reached.set)
            await reached.wait()
            rounds += 1
        return rounds

    assert run(main(), loop) <= 3


@given(st.floats(min_value=1e-12, max_value=1e5))
def test_a_sleep_is_rounded_up(delay):
    loop = VirtualLoop()
    run(asyncio.sleep(delay), loop)
    assert loop.now_us >= 1
    assert delay * 1e6 - 0.002 <= loop.now_us < delay * 1e6 + 1.001


def test_clock_never_goes_backwards(loop):
    loop.advance_to(5)
    loop.advance_to(3)
    assert loop.now_us == 5


def test_a_blocking_call_moves_the_clock_and_runs_nothing():
    seen = []

    async def main():
        loop = asyncio.get_running_loop()
        loop.call_later(1, lambda: seen.append(now_us()))
        loop.block(3_000_000)
        assert seen == []
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    run(main())
    assert seen == [3_000_000]


def test_sleeping_for_ever_is_no_deadline():
    asked = []

    class StopError(BaseException):
        pass

    def at_rest(next_timer_us, spinning):
        asked.append((next_timer_us, spinning))
        raise StopError

    with pytest.raises(StopError):
        run(asyncio.sleep(math.inf), VirtualLoop(at_rest))
    assert asked == [(None, False)]
    with pytest.raises(DeadlockError):
        run(asyncio.sleep(math.inf))


# --- order -----------------------------------------------------------------------------------


def test_equal_deadlines_finish_in_order_of_creation():
    order = []

    async def sleeper(number):
        await asyncio.sleep(1)
        order.append(number)

    async def main():
        await asyncio.gather(*[sleeper(number) for number in range(200)])

    run(main())
    assert order == list(range(200))


def test_ready_callbacks_run_in_order_of_registration(loop):
    order = []
    for number in range(50):
        loop.call_soon(order.append, number)
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert order == list(range(50))


def test_due_timers_run_after_what_was_ready(loop):
    order = []
    loop.call_later(0, order.append, "timer")
    loop.call_soon(order.append, "soon")
    loop.call_soon(lambda: loop.call_soon(loop.stop))
    loop.run_forever()
    assert order == ["soon", "timer"]
    order.clear()

    def first():
        loop.advance_to(10)
        loop.call_soon(order.append, "made ready before the timer was due")

    loop.call_at(10e-6, order.append, "timer")
    loop.call_soon(first)
    loop.call_later(1, loop.stop)
    loop.run_forever()
    assert order == ["made ready before the timer was due", "timer"]


def test_a_cancelled_handle_does_not_run(loop):
    order = []
    soon, later = loop.call_soon(order.append, 1), loop.call_later(1, order.append, 2)
    soon.cancel()
    later.cancel()
    loop.call_later(2, loop.stop)
    loop.run_forever()
    assert order == []
    assert soon.cancelled()
    assert later.cancelled()
    assert later.when() == 1.0
    assert "cancelled" in repr(soon)


def test_twenty_thousand_cancelled_timers_do_not_pile_up():
    most = 0

    async def main():
        nonlocal most
        for _ in range(20_000):
            await asyncio.wait_for(asyncio.sleep(0), 1000)
            most = max(most, len(asyncio.get_running_loop()._timers))

    run(main())
    assert most < 300


# --- nothing left to run ---------------------------------------------------------------------


def test_a_deadlock_is_reported_at_once_and_the_loop_stays_usable(loop):
    async def main():
        lock = asyncio.Lock()
        await lock.acquire()
        await lock.acquire()

    with pytest.raises(DeadlockError, match="1 task waits"):
        loop.run_until_complete(main())
    for task in loop.tasks():
        task.cancel()
    loop.run_until_complete(asyncio.sleep(1))
    assert loop.now_us == 1_000_000


def test_run_forever_with_nothing_to_do_is_a_deadlock(loop):
    with pytest.raises(DeadlockError, match="no task is left"):
        loop.run_forever()
    assert not loop.is_running()


def test_a_busy_wait_on_a_timer_ends():
    async def main():
        done = False

        def finish():
            nonlocal done
            done = True

        asyncio.get_running_loop().call_later(0.1, finish)
        while not done:
            await asyncio.sleep(0)
        return now_us()

    assert run(main()) == 100_000


# --- at_rest ---------------------------------------------------------------------------------


def test_at_rest_is_told_the_next_timer_and_moves_the_clock():
    asked = []

    def at_rest(next_timer_us, spinning):
        asked.append((loop.now_us, next_timer_us, spinning))
        loop.advance_to(next_timer_us)

    loop = VirtualLoop(at_rest)

    async def main():
        await asyncio.sleep(1)
        await asyncio.sleep(2)

    run(main(), loop)
    assert asked == [(0, 1_000_000, False), (1_000_000, 3_000_000, False)]


def test_timers_strictly_before_until_us_run_without_asking():
    asked = []

    def at_rest(next_timer_us, spinning):
        asked.append(next_timer_us)
        loop.until_us = None

    loop = VirtualLoop(at_rest)
    loop.until_us = 3_000_000

    async def main():
        for _ in range(5):
            await asyncio.sleep(1)

    run(main(), loop)
    assert asked == [3_000_000]
    assert loop.now_us == 5_000_000


def test_at_rest_may_resolve_a_future():
    loop = VirtualLoop(lambda next_timer_us, spinning: future.set_result("answer"))
    future = loop.create_future()

    async def main():
        return await future

    assert run(main(), loop) == "answer"


def test_at_rest_is_told_that_a_program_spins():
    asked = []
    done = False

    def at_rest(next_timer_us, spinning):
        nonlocal done
        asked.append((next_timer_us, spinning))
        done = len(asked) == 2

    passes = 0

    async def main():
        nonlocal passes
        while not done:
            passes += 1
            await asyncio.sleep(0)

    run(main(), VirtualLoop(at_rest))
    assert asked == [(None, True), (None, True)]
    assert 2 * SPIN_PASSES <= passes <= 2 * SPIN_PASSES + 2


def test_a_clock_that_moves_is_no_spinning():
    async def main():
        for _ in range(3):
            for _ in range(SPIN_PASSES - 10):
                await asyncio.sleep(0)
            asyncio.get_running_loop().block(1)

    def at_rest(next_timer_us, spinning):
        raise AssertionError("not at rest")

    run(main(), VirtualLoop(at_rest))


@pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt, GeneratorExit])
def test_what_at_rest_raises_leaves_the_loop_closable(error):
    def at_rest(next_timer_us, spinning):
        raise error

    loop = VirtualLoop(at_rest)
    with pytest.raises(error):
        loop.run_until_complete(loop.create_future())
    assert not loop.is_running()
    loop.close()
    assert loop.is_closed()


def test_at_rest_may_stop_the_loop():
    loop = VirtualLoop(lambda next_timer_us, spinning: loop.stop())
    loop.run_forever()
    loop.close()


def test_the_hook_runs_once_before_each_movement_of_the_clock():
    def at_rest(next_timer_us, spinning):
        loop.advance_to(next_timer_us)

    for at_rest_or_none in (None, at_rest):
        seen = []
        loop = VirtualLoop(at_rest_or_none)
        loop.before_clock_step = lambda seen=seen, loop=loop: seen.append(loop.now_us)

        async def main(loop=loop):
            await asyncio.sleep(1)
            loop.block(1_000_000)
            await asyncio.sleep(1)

        run(main(), loop)
        assert seen == [0, 1_000_000, 2_000_000]


def test_what_the_hook_makes_ready_runs_before_the_clock_moves():
    seen = []
    loop = VirtualLoop()

    def hook():
        if not seen:
            loop.call_soon(lambda: seen.append(loop.now_us))

    loop.before_clock_step = hook
    run(asyncio.sleep(1), loop)
    assert seen == [0]


# --- tasks -----------------------------------------------------------------------------------


def test_tasks_are_listed_in_order_of_creation_done_ones_too(loop):
    async def main():
        made = [asyncio.ensure_future(asyncio.sleep(3 - number)) for number in range(3)]
        await asyncio.gather(*made)
        return made

    made = loop.run_until_complete(main())
    assert [task for task in loop.tasks() if task in made] == made
    assert all(task.done() for task in loop.tasks())


def test_a_task_made_without_create_task_is_listed_too(loop):
    async def main():
        task = asyncio.Task(asyncio.sleep(1), loop=asyncio.get_running_loop())
        assert task in loop.tasks()
        await task

    loop.run_until_complete(main())


@pytest.mark.usefixtures("own_garbage")
def test_the_loop_keeps_no_task_alive():
    contexts = []

    async def forgotten():
        await asyncio.get_running_loop().create_future()

    async def main():
        task = weakref.ref(asyncio.ensure_future(forgotten()))
        await asyncio.sleep(1)
        gc.collect()
        return task

    loop = VirtualLoop(on_exception=lambda context: contexts.append(context["message"]))
    task = loop.run_until_complete(main())
    assert task() is None
    assert [left for left in loop.tasks() if not left.done()] == []
    assert contexts == ["Task was destroyed but it is pending!"]
    loop.close()


def test_the_list_of_tasks_does_not_grow_with_dead_ones():
    async def main():
        for _ in range(5000):
            await asyncio.ensure_future(asyncio.sleep(0))
        return len(asyncio.get_running_loop()._task_refs)

    assert run(main()) <= 1001


def test_a_closed_loop_is_freed_without_the_collector():
    loop = VirtualLoop()
    loop.run_until_complete(asyncio.sleep(1))
    loop.close()
    gone = weakref.ref(loop)
    gc.disable()
    try:
        del loop
        assert gone() is None
    finally:
        gc.enable()


def test_a_task_factory_need_not_know_names(loop):
    def factory(loop, coro, **kwargs):
        kwargs.pop("name", None)
        return asyncio.Task(coro, loop=loop, **kwargs)

    async def main():
        unnamed = asyncio.create_task(asyncio.sleep(0))
        assert unnamed.get_name().startswith("Task-")
        if sys.version_info < (3, 14):
            assert asyncio.create_task(asyncio.sleep(0), name="mine").get_name() == "mine"
        await asyncio.sleep(0)

    loop.set_task_factory(factory)
    assert loop.get_task_factory() is factory
    loop.run_until_complete(main())
    with pytest.raises(TypeError):
        loop.set_task_factory(1)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with Python 3.12")
def test_eager_tasks_start_inside_create_task(loop):
    async def main():
        seen = []

        async def step():
            seen.append(now_us())
            await asyncio.sleep(1)
            seen.append(now_us())

        task = asyncio.create_task(step())
        assert seen == [0]
        await task
        return seen

    loop.set_task_factory(asyncio.eager_task_factory)
    assert loop.run_until_complete(main()) == [0, 1_000_000]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="TaskGroup and timeout: Python 3.11")
def test_task_groups_and_timeouts_use_the_virtual_clock():
    async def main():
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(5))
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(2):
                    await asyncio.sleep(3)
            assert now_us() == 2_000_000
        return now_us()

    assert run(main()) == 5_000_000


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Runner came with Python 3.11")
def test_it_serves_as_a_loop_factory():
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        assert runner.run(asyncio.wait_for(asyncio.sleep(10_000, "late"), 20_000)) == "late"
        assert runner.get_loop().time() == 10_000


# --- async generators ------------------------------------------------------------------------


async def numbers():
    try:
        for number in range(3):
            yield number
    finally:
        await asyncio.sleep(1)


@pytest.mark.usefixtures("own_garbage")
def test_a_generator_left_to_the_collector_is_recorded():
    async def main():
        async for _ in numbers():
            break
        gc.collect()
        await asyncio.sleep(2)

    loop = VirtualLoop()
    run(main(), loop)
    (lost,) = loop.unclosed_asyncgens
    assert (lost.name, lost.filename) == ("numbers", __file__)
    assert lost.line is not None
    assert loop.open_asyncgens() == []


def test_a_generator_still_open_at_the_end_is_listed_and_can_be_closed(loop):
    kept = []

    async def main():
        kept.append(numbers())
        await kept[0].__anext__()
        complete = numbers()
        assert [number async for number in complete] == [0, 1, 2]
        kept.append(complete)

    loop.run_until_complete(main())
    assert [lost.name for lost in loop.open_asyncgens()] == ["numbers"]
    loop.run_until_complete(loop.shutdown_asyncgens())
    assert loop.open_asyncgens() == []
    assert loop.unclosed_asyncgens == []


# --- exceptions ------------------------------------------------------------------------------


@pytest.mark.usefixtures("own_garbage")
def test_exceptions_nobody_saw_go_to_on_exception_and_not_to_the_log(caplog):
    seen = []

    async def fails():
        raise ValueError("lost")

    async def main():
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        asyncio.ensure_future(fails())
        await asyncio.sleep(1)
        gc.collect()

    run(main(), VirtualLoop(on_exception=seen.append))
    kinds = [type(context["exception"]) for context in seen]
    assert kinds == [ZeroDivisionError, ValueError]
    assert caplog.records == []


def test_without_on_exception_they_are_logged_as_asyncio_does(caplog):
    with caplog.at_level(logging.ERROR, logger="asyncio"):
        loop = VirtualLoop()
        loop.call_soon(lambda: 1 / 0)
        loop.call_soon(loop.stop)
        loop.run_forever()
        loop.close()
    (record,) = caplog.records
    assert "Exception in callback" in record.getMessage()


def test_an_exception_handler_of_the_program_comes_first(loop):
    seen = []
    loop.set_exception_handler(lambda loop, context: seen.append(context["message"]))
    loop.call_exception_handler({"message": "hello"})
    assert seen == ["hello"]
    assert loop.get_exception_handler() is not None
    with pytest.raises(TypeError):
        loop.set_exception_handler(1)


# --- threads ---------------------------------------------------------------------------------


def test_the_clock_waits_for_a_thread_inside_wait_for():
    async def main():
        assert await asyncio.wait_for(work_of_a_thread(), 30) == sum(range(300_000))
        return now_us()

    async def and_shut_down():
        at = await main()
        await asyncio.get_running_loop().shutdown_default_executor()
        return at

    assert run(and_shut_down()) == 0


def test_at_rest_is_not_asked_while_a_job_works():
    def at_rest(next_timer_us, spinning):
        raise AssertionError("the loop is not at rest")

    async def main():
        await work_of_a_thread()
        await asyncio.get_running_loop().shutdown_default_executor()

    run(main(), VirtualLoop(at_rest))


def test_a_busy_wait_for_a_thread_does_not_move_the_clock():
    async def main():
        asyncio.get_running_loop().call_later(60, lambda: None)
        task = asyncio.ensure_future(work_of_a_thread())
        while not task.done():
            await asyncio.sleep(0)
        await asyncio.get_running_loop().shutdown_default_executor()
        return now_us()

    assert run(main()) == 0


def test_a_job_may_wait_for_a_coroutine_of_its_own_loop():
    async def main():
        loop = asyncio.get_running_loop()

        def job():
            return asyncio.run_coroutine_threadsafe(asyncio.sleep(2, "slept"), loop).result()

        assert await asyncio.to_thread(job) == "slept"
        await loop.shutdown_default_executor()
        return now_us()

    assert run(main()) == 2_000_000


def test_a_thread_of_the_program_is_waited_for():
    async def main():
        loop = asyncio.get_running_loop()
        future = loop.create_future()

        def work():
            loop.call_soon_threadsafe(future.set_result, sum(range(300_000)))

        thread = threading.Thread(target=work)
        thread.start()
        await asyncio.wait_for(future, 60)
        thread.join()
        return now_us()

    assert run(main()) == 0


def test_a_loop_in_a_thread_waits_for_the_main_thread():
    loop = VirtualLoop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    results = [
        asyncio.run_coroutine_threadsafe(asyncio.sleep(1, number), loop) for number in range(3)
    ]
    assert [result.result() for result in results] == [0, 1, 2]
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_idle_pool_threads_do_not_hide_a_deadlock():
    async def main():
        await work_of_a_thread()
        await asyncio.get_running_loop().create_future()

    loop = VirtualLoop()
    with pytest.raises(DeadlockError):
        loop.run_until_complete(main())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


def test_an_error_of_a_job_reaches_the_await():
    async def main():
        with pytest.raises(ValueError, match="invalid literal"):
            await asyncio.to_thread(int, "x")
        await asyncio.get_running_loop().shutdown_default_executor()
        with pytest.raises(RuntimeError, match="shutdown"):
            await asyncio.to_thread(int, "1")

    run(main())


def test_only_a_thread_pool_can_be_the_default_executor(loop):
    with pytest.raises(TypeError):
        loop.set_default_executor(object())


# --- what is refused, and debug mode ---------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda: asyncio.open_connection("localhost", 1),
        lambda: asyncio.start_server(print, "localhost", 0),
        lambda: asyncio.create_subprocess_exec("true"),
        lambda: asyncio.get_running_loop().getaddrinfo("localhost", 1),
    ],
)
def test_real_io_is_refused_with_a_sentence_that_teaches(call):
    async def main():
        with pytest.raises(NotImplementedError, match="virtual time"):
            await call()

    run(main())


def test_signal_handlers_and_readers_are_refused(loop):
    with pytest.raises(NotImplementedError, match="add_signal_handler"):
        loop.add_signal_handler(2, print)
    with pytest.raises(NotImplementedError, match="add_reader"):
        loop.add_reader(0, print)


def test_a_closed_loop_takes_nothing():
    loop = VirtualLoop()
    loop.close()
    loop.close()
    coro = asyncio.sleep(1)
    calls: list[Callable[[], Any]] = [
        lambda: loop.call_soon(print),
        lambda: loop.call_soon_threadsafe(print),
        lambda: loop.call_later(1, print),
        lambda: loop.call_at(1, print),
        lambda: loop.create_task(coro),
        lambda: loop.run_in_executor(None, print),
        loop.run_forever,
    ]
    for call in calls:
        with pytest.raises(RuntimeError, match="closed"):
            call()
    coro.close()


def test_a_running_loop_cannot_be_closed_or_run_again():
    async def main():
        loop = asyncio.get_running_loop()
        with pytest.raises(RuntimeError, match="running"):
            loop.close()
        with pytest.raises(RuntimeError, match="already running"):
            loop.run_forever()
        other = VirtualLoop()
        with pytest.raises(RuntimeError, match="another loop"):
            other.run_forever()
        other.close()

    run(main())


def test_an_unclosed_loop_warns():
    loop = VirtualLoop()
    with pytest.warns(ResourceWarning, match="unclosed event loop"):
        loop.__del__()
    assert loop.is_closed()


def test_a_stopped_run_says_so(loop):
    loop.call_soon(loop.stop)
    future = loop.create_future()
    with pytest.raises(RuntimeError, match="stopped before"):
        loop.run_until_complete(future)


def test_debug_mode_checks_callbacks_and_threads_and_keeps_tracebacks(loop):
    loop.set_debug(True)
    assert loop.get_debug()
    with pytest.raises(TypeError, match="coroutines"):
        loop.call_soon(numbers_of)
    with pytest.raises(TypeError, match="callable"):
        loop.call_later(1, "text")
    for handle in (loop.call_soon(print), loop.call_later(1, print), loop.call_at(1, print)):
        assert handle._source_traceback[-1].filename == __file__
        handle.cancel()

    async def main():
        with pytest.raises(RuntimeError, match="Non-thread-safe"):
            await asyncio.to_thread(loop.call_soon, print)
        loop.set_debug(False)
        await asyncio.sleep(1)
        await loop.shutdown_default_executor()

    depth = sys.get_coroutine_origin_tracking_depth()
    loop.run_until_complete(main())
    assert not loop.get_debug()
    assert sys.get_coroutine_origin_tracking_depth() == depth


async def numbers_of() -> None: ...


def test_callbacks_run_in_their_context(loop):
    import contextvars

    name: contextvars.ContextVar[str] = contextvars.ContextVar("name", default="outer")
    context = contextvars.copy_context()
    context.run(name.set, "inner")
    seen: list[str] = []
    loop.call_soon(lambda: seen.append(name.get()), context=context)
    loop.call_later(1, lambda: seen.append(name.get()), context=context)
    loop.call_later(2, loop.stop)
    loop.run_forever()
    assert seen == ["inner", "inner"]


def test_importing_the_loop_does_not_import_pathlib():
    check = "import sys, asyncio; had = 'pathlib' in sys.modules; import grader.worker.loop; "
    check += "assert had or 'pathlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", check], check=True)
