"""The rules of sound verdicts, each with the programs that broke a simpler check.

A program in a test begins on line 4. The numbers are those of the project's notes on soundness.
"""

from __future__ import annotations

import sys

import pytest

from grader.verdict import Status
from tests.checks.samples import CHAIN, CHAINS, LIST, PAIR, graded, item_of, lost, sample

BOTH = "await asyncio.gather(get_a(), get_b())"

# --- 1: quiescence, and the student's own timers ------------------------------------------------


def test_timeout_of_30_s_that_never_fires_is_accepted() -> None:
    program = f"async def go(): return await asyncio.wait_for({BOTH[6:]}, 30)"
    assert lost(PAIR, program) == set()


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio.timeout is new in Python 3.11")
@pytest.mark.parametrize("seconds", [30, 3.001])
def test_timeout_block_that_never_fires_is_accepted(seconds: float) -> None:
    program = f"""
    async def go():
        async with asyncio.timeout({seconds}):
            return {BOTH}
    """
    assert lost(PAIR, program) == set()


def test_wait_for_around_each_call_is_accepted() -> None:
    program = """
    async def one(i):
        value = await asyncio.wait_for(first(i), 10)
        return await asyncio.wait_for(second(value), 10)
    async def go(ids): return await asyncio.gather(*map(one, ids))
    """
    assert lost(CHAINS, program) == set()


HEARTBEAT = """
async def beat():
    while True:
        await asyncio.sleep(0.5)
async def go():
    heart = asyncio.create_task(beat())
    try:
        return {work}
    finally:
        heart.cancel()
        await asyncio.gather(heart, return_exceptions=True)
"""


def test_heartbeat_beside_the_work_is_accepted() -> None:
    assert lost(PAIR, HEARTBEAT.format(work=BOTH)) == set()


def test_heartbeat_does_not_hide_a_serial_program() -> None:
    program = HEARTBEAT.format(work="await get_a(), await get_b()")
    assert lost(PAIR, program) == {"overlap", "time"}
    item = item_of(PAIR, "overlap", program)
    assert "get_b() had not started while get_a()" in item.message
    assert item.line == 10


def test_watching_tasks_with_sleep_0_is_accepted() -> None:
    program = """
    async def go():
        a, b = asyncio.create_task(get_a()), asyncio.create_task(get_b())
        while not (a.done() and b.done()):
            await asyncio.sleep(0)
        return a.result(), b.result()
    """
    assert lost(PAIR, program) == set()


def test_polling_with_sleeps_fails_and_is_told_so() -> None:
    program = """
    async def go(user_id):
        task = asyncio.create_task(get_user(user_id))
        while not task.done():
            await asyncio.sleep(0.1)
        return await get_profile(task.result()['name'])
    """
    item = item_of(CHAIN, "overlap", program)
    assert item.status is Status.FAILED
    assert (item.misconception, item.line) == ("polling", 7)


def test_pacing_with_sleeps_fails() -> None:
    program = """
    async def go(ids):
        tasks = []
        for i in ids:
            tasks.append(asyncio.create_task(get(i)))
            await asyncio.sleep(0.01)
        return await asyncio.gather(*tasks)
    """
    assert lost(LIST, program) == {"overlap", "time"}


# --- 2: the orders in which gates are opened ----------------------------------------------------


def test_hidden_semaphore_of_two_fails_overlap() -> None:
    program = """
    async def go(ids):
        gate = asyncio.Semaphore(2)
        async def one(i):
            async with gate:
                return await get(i)
        return await asyncio.gather(*map(one, ids))
    """
    assert lost(LIST, program) == {"overlap", "time"}


def test_or_wait_before_the_rest_fails_overlap() -> None:
    program = """
    async def go(ids):
        tasks = [asyncio.create_task(get(i)) for i in ids[:2]]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        tasks += [asyncio.create_task(get(i)) for i in ids[2:]]
        return await asyncio.gather(*tasks)
    """
    assert "overlap" in lost(LIST, program)


ANY_OTHER = """
async def go(ids):
    ones = [asyncio.create_task(first(i)) for i in ids]
    async def chain(k):
        value = await ones[k]
        others = [task for n, task in enumerate(ones) if n != k]
        await asyncio.wait(others, return_when=asyncio.{when})
        return await second(value)
    return await asyncio.gather(*map(chain, range(len(ids))))
"""


@pytest.mark.parametrize("when", ["FIRST_COMPLETED", "ALL_COMPLETED"])
@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_a_chain_that_waits_for_its_own_detail_and_any_other_fails_overlap(
    when: str, seed: str
) -> None:
    assert "overlap" in lost(CHAINS, ANY_OTHER.format(when=when), seed)


@pytest.mark.parametrize("waited", [0, 1, 2])
def test_a_chain_that_waits_for_one_other_chain_fails_overlap(waited: int) -> None:
    program = f"""
    async def go(ids):
        ones = [asyncio.create_task(first(i)) for i in ids]
        async def chain(k):
            if k == {(waited + 1) % 3}:
                await asyncio.wait([ones[{waited}]])
            return await second(await ones[k])
        return await asyncio.gather(*map(chain, range(len(ids))))
    """
    assert "overlap" in lost(CHAINS, program)


@pytest.mark.parametrize("size", [2, 3])
def test_batches_fail_overlap(size: int) -> None:
    program = f"""
    async def go(ids):
        out = []
        for i in range(0, len(ids), {size}):
            out += await asyncio.gather(*map(get, ids[i:i + {size}]))
        return out
    """
    assert lost(LIST, program) == {"overlap", "time"}


def test_a_pool_of_workers_that_is_too_small_fails_overlap() -> None:
    program = """
    async def go(ids):
        queue, out = asyncio.Queue(), {}
        for k, i in enumerate(ids):
            queue.put_nowait((k, i))
        async def worker():
            while not queue.empty():
                k, i = queue.get_nowait()
                out[k] = await get(i)
        await asyncio.gather(*[worker() for _ in range(3)])
        return [out[k] for k in range(len(ids))]
    """
    assert lost(LIST, program) == {"overlap", "time"}
    assert lost(LIST, program.replace("range(3)", "range(4)")) == set()


def test_in_a_plan_of_many_calls_one_call_that_waits_is_found() -> None:
    ids = list(range(1, 10)) * 5
    body = LIST.replace("[1, 2, 3, 5]", str(ids))
    program = """
    async def go(ids):
        early = asyncio.gather(*map(get, ids[:-1]))
        await asyncio.sleep(0.001)
        return [*await early, await get(ids[-1])]
    """
    assert "overlap" in lost(body, program)
    assert lost(body, "async def go(ids): return await asyncio.gather(*map(get, ids))") == set()


# --- 3: durations of the other timed runs -------------------------------------------------------


def test_a_right_deadline_never_fires() -> None:
    program = """
    async def one(i): return await second(await first(i))
    async def go(ids): return await asyncio.wait_for(asyncio.gather(*map(one, ids)), 5.001)
    """
    for seed in ("0", "1", "2", "3"):
        assert lost(CHAINS, program, seed) == set()


def test_a_barrier_fails_time_whatever_the_seed() -> None:
    program = """
    async def go(ids):
        ones = await asyncio.gather(*map(first, ids))
        return await asyncio.gather(*map(second, ones))
    """
    for seed in range(6):
        assert lost(CHAINS, program, str(seed)) == {"overlap", "time"}


def test_a_sleep_as_long_as_the_best_schedule_fails_time() -> None:
    """The gates open before any timer, and all best schedules would take 3 s, were they scaled
    to the nominal length."""
    program = """
    async def go():
        a, b = asyncio.create_task(get_a()), asyncio.create_task(get_b())
        await asyncio.sleep(3)
        return a.result(), b.result()
    """
    for seed in ("0", "1", "2", "3"):
        assert "time" in lost(PAIR, program, seed)


# --- 4: the result holds in every run -----------------------------------------------------------


def test_a_lucky_order_of_results_fails_result() -> None:
    program = """
    async def go():
        tasks = [asyncio.create_task(get_b()), asyncio.create_task(get_a())]
        return [await task for task in asyncio.as_completed(tasks)][::-1]
    """
    assert lost(PAIR, program) == {"result"}  # right with 3 s and 2 s


# --- 5: state between runs is tested in test_tidiness ---------------------------------------------
# --- 6: the trace is frozen when the entry has returned -------------------------------------------


def test_leaked_task_is_frozen_before_teardown() -> None:
    """The grader takes the run apart by cancelling: that must not look like a clean-up."""
    program = """
    async def go():
        task = asyncio.create_task(get_a())
        return await get_b()
    """
    verdict = graded(PAIR, program)
    assert verdict.timeline is not None
    shown = {call.service: (call.outcome, call.end_us) for call in verdict.timeline.calls}
    assert shown == {"get_a": ("open", None), "get_b": ("ok", 2_000_000)}


def test_what_runs_during_the_teardown_is_not_seen() -> None:
    program = """
    async def late():
        try:
            await asyncio.sleep(100)
        finally:
            await get_a()
    async def go():
        task = asyncio.create_task(late())
        return await get_b()
    """
    verdict = graded(PAIR, program)
    assert verdict.timeline is not None
    assert [call.service for call in verdict.timeline.calls] == ["get_b"]


def test_callbacks_that_were_ready_when_the_entry_returned_have_run() -> None:
    program = f"""
    async def last(): pass
    async def go():
        values = {BOTH}
        task = asyncio.create_task(last())
        return values
    """
    assert lost(PAIR, program) == set()


# --- 7: ties, and times that are rounded ----------------------------------------------------------


def test_waiting_until_a_time_ends() -> None:
    program = """
    async def until(time):
        loop = asyncio.get_running_loop()
        while loop.time() < time:
            await asyncio.sleep(time - loop.time())
    async def go():
        a, b, *_ = await asyncio.gather(get_a(), get_b(), until(0.1 + 0.2), until(1 / 3))
        return a, b
    """
    assert lost(PAIR, program) == set()


def test_calls_that_end_at_the_same_time_are_no_trouble() -> None:
    body = LIST.replace('"10 - x"', "2").replace("[1, 2, 3, 5]", "[4, 4, 4, 2, 2]")
    for program in (
        "async def go(ids): return await asyncio.gather(*map(get, ids))",
        """
        async def go(ids):
            tasks = [asyncio.create_task(get(i)) for i in reversed(ids)]
            return [await task for task in tasks][::-1]
        """,
        """
        async def go(ids):
            tasks = {asyncio.create_task(get(i)): k for k, i in enumerate(ids)}
            done, _ = await asyncio.wait(tasks)
            return [task.result() for task in sorted(done, key=tasks.get)]
        """,
    ):
        assert lost(body, program) == set()


# --- 8 and 9 are tested in test_outcome -----------------------------------------------------------


@pytest.mark.parametrize(
    "program",
    [
        "value = asyncio.run(get_a())\nasync def go(): return value",
        "class Page:\n    value = get_a()\nasync def go(): return 1",
        "session = get_b\nlater = session()\nasync def go(): return 1",
    ],
)
def test_services_called_at_import_time_raise_a_teaching_error(program: str) -> None:
    verdict = graded(sample(PAIR), program)
    assert {item.status for item in verdict.items} == {Status.NOT_ASSESSED}
    assert verdict.error is not None
    assert "while the module was being imported" in verdict.error.text
    assert "call services inside go()" in verdict.error.text
