"""The functions of ``time`` in a run: virtual on the run's threads, equal to the loop's clock."""

from __future__ import annotations

import threading
import time

import pytest

from grader.engine.trace import Ending
from grader.worker import virtual_time
from grader.worker.virtual_time import EPOCH_S, ImportClock, clock_on, virtual_time_module
from tests.worker.runs import findings, line_of, program, run_main, run_of


def test_blocking_sleep_costs_virtual_time_and_is_told_with_its_line() -> None:
    source = program("time.sleep(2.5)  # here\nreturn await fast()")
    begun = time.monotonic()
    run = run_of(source)
    assert time.monotonic() - begun < 2
    [finding] = findings(run, "blocked")
    assert finding.detail == "time.sleep() for 2.5 s"
    assert finding.line == line_of(source, "# here")
    assert [(call.start_us, call.end_us) for call in run.calls] == [(2_500_000, 3_500_000)]
    assert run.end_us == 3_500_000


@pytest.mark.parametrize(
    "before",
    [
        "from time import sleep\n",
        "import time as t\nsleep = t.sleep\n",
        "def sleep(seconds):\n    time.sleep(seconds)\n",
    ],
)
def test_sleep_is_caught_under_any_name(before: str) -> None:
    run = run_main("sleep(1)\nreturn await fast()", before)
    assert len(findings(run, "blocked")) == 1
    assert run.end_us == 2_000_000


def test_sleep_in_a_library_is_told_with_the_line_of_the_submission() -> None:
    run = run_main("return list(map(time.sleep, [1]))  # here")
    [finding] = findings(run, "blocked")
    assert finding.line == 4


def test_calls_end_while_the_loop_is_blocked() -> None:
    run = run_main(
        """
        task = asyncio.create_task(fast())
        await asyncio.sleep(0)
        time.sleep(5)
        await task
        return time.monotonic()
        """
    )
    assert run.value == 5.0
    assert [(call.start_us, call.end_us) for call in run.calls] == [(0, 1_000_000)]


def test_all_clocks_are_the_loops_clock() -> None:
    run = run_main(
        f"""
        loop = asyncio.get_running_loop()
        seen = []
        for delay in (0, 0.1, 0.2, 1e-6, 3):
            await asyncio.sleep(delay)
            now = loop.time()
            seen.append(now)
            assert time.monotonic() == time.perf_counter() == now
            assert time.monotonic_ns() == time.perf_counter_ns() == round(now * 1e9)
            assert time.time() == {EPOCH_S} + now
            assert time.time_ns() == {EPOCH_S} * 10**9 + round(now * 1e9)
        return seen
        """
    )
    assert run.value == [0.0, 0.1, 0.3, 0.300001, 3.300001]


def test_a_loop_until_a_time_ends() -> None:
    run = run_main(
        """
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            await asyncio.sleep(end - time.monotonic())
        return time.monotonic()
        """
    )
    assert run.value == 0.3


def test_sleep_of_nothing_is_no_blocking() -> None:
    run = run_main("time.sleep(0)\nreturn time.monotonic()")
    assert run.value == 0.0


@pytest.mark.parametrize(
    ("argument", "error"),
    [
        ("-1", "ValueError: sleep length must be non-negative"),
        ("float('nan')", "ValueError"),
        ("'1'", "TypeError"),
        ("None", "TypeError"),
        ("", "TypeError"),
    ],
)
def test_wrong_sleeps_are_errors_of_the_student(argument: str, error: str) -> None:
    run = run_main(f"time.sleep({argument})")
    assert run.ending is Ending.RAISED
    assert run.error is not None
    assert run.error.text.startswith(error)
    assert run.error.line == 4


@pytest.mark.parametrize("seconds", ["1e9", "float('inf')", "10**30"])
def test_endless_sleep_ends_in_the_limit_of_virtual_time(seconds: str) -> None:
    run = run_main(f"time.sleep({seconds})\nreturn await fast()")
    assert run.ending is Ending.VIRTUAL_TIME_LIMIT


def test_small_sleeps_are_rounded_up_to_a_microsecond() -> None:
    run = run_main("time.sleep(1e-9)\ntime.sleep(1.5e-6)\nreturn time.monotonic_ns()")
    assert run.value == 3000


def test_sleep_on_another_thread_is_a_timer_of_the_loop() -> None:
    begun = time.monotonic()
    run = run_main(
        """
        first = time.monotonic()
        await asyncio.gather(asyncio.to_thread(time.sleep, 200), fast())
        return time.monotonic() - first
        """
    )
    assert run.value == 200.0
    assert findings(run, "blocked") == []
    assert time.monotonic() - begun < 60


def test_sleeps_of_several_threads_overlap() -> None:
    run = run_main(
        """
        def job(seconds):
            begun = time.monotonic()
            time.sleep(seconds)
            return time.monotonic() - begun
        return await asyncio.gather(*[asyncio.to_thread(job, k) for k in (30, 20, 10)])
        """
    )
    assert run.value == [30.0, 20.0, 10.0]
    assert run.end_us == 30_000_000


def test_thread_that_still_sleeps_at_the_end_is_let_go() -> None:
    before = threading.active_count()
    run = run_main(
        """
        threading.Thread(target=time.sleep, args=(10**6,)).start()
        return await fast()
        """,
        "import threading\n",
    )
    assert run.ending is Ending.RETURNED
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and "sleep" in thread.name:
            thread.join(10)
    assert threading.active_count() <= before


def test_other_threads_of_the_grader_keep_the_real_time() -> None:
    seen: list[float] = []
    ready, go = threading.Event(), threading.Event()

    def watch() -> None:
        ready.set()
        go.wait()
        seen.append(time.monotonic())

    thread = threading.Thread(target=watch)
    thread.start()
    ready.wait()
    real = time.monotonic
    with virtual_time_module(), clock_on(ImportClock()):
        assert time.monotonic() == 0.0
        go.set()
        thread.join()
        assert real() - 60 < seen[0] <= real()


def test_functions_are_the_real_ones_when_no_run_is_on() -> None:
    with virtual_time_module():
        assert time.sleep is virtual_time.sleep
        assert abs(time.monotonic() - virtual_time.real_monotonic()) < 60
        time.sleep(0)
    assert time.sleep is not virtual_time.sleep
    assert time.monotonic is virtual_time.real_monotonic
