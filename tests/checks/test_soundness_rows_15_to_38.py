"""Cases in which a simple check of concurrency is wrong, each with the verdict it must get.

The numbers are the rows of the table in the project's notes on soundness, 15 to 38; rows on limits,
streams and cancellations by the caller have no exercise yet.
"""

from __future__ import annotations

import sys

import pytest

from grader.verdict import Status
from tests.checks.samples import (
    AFTER,
    CHAIN,
    CHAINS,
    LIST,
    PAIR,
    RUBRIC,
    graded,
    item_of,
    lost,
    sample,
)

BOTH = "await asyncio.gather(get_a(), get_b())"


# 15
def test_blocking_that_looks_concurrent_fails_clean() -> None:
    program = """
    import time
    async def go():
        a, b = asyncio.create_task(get_a()), asyncio.create_task(get_b())
        await asyncio.sleep(0)
        time.sleep(1.5)
        return await a, await b
    """
    item = item_of(PAIR, "clean", program)
    assert item.status is Status.FAILED
    assert "time.sleep() for 1.5 s froze the event loop" in item.message
    assert "overlap" not in lost(PAIR, program)


# 16 is tested with rule 6
# 19
def test_timers_with_equal_deadlines_end_in_the_order_of_their_creation() -> None:
    program = """
    async def go():
        order = []
        async def nap(i):
            await asyncio.sleep(1)
            order.append(i)
        a, b, *_ = await asyncio.gather(get_a(), get_b(), *[nap(i) for i in range(12)])
        assert order == list(range(12)), order
        return a, b
    """
    assert lost(PAIR, program) == set()


# 21
def test_tenths_of_seconds_add_up() -> None:
    body = CHAIN.replace("duration: 3", "duration: 0.1").replace("duration: 2", "duration: 0.2")
    program = """
    async def go(user_id):
        profile = await get_profile((await get_user(user_id))['name'])
        return profile
    """
    assert lost(body, program) == set()
    verdict = graded(body, program)
    assert verdict.timeline is not None
    assert verdict.timeline.makespan_us == 300_000


# 22
def test_the_order_of_starts_among_independent_calls_does_not_matter() -> None:
    for order in ("ids", "reversed(ids)", "sorted(ids, key=lambda i: i * 7 % 5)", "set(ids)"):
        program = f"""
        async def go(ids):
            tasks = {{i: asyncio.create_task(get(i)) for i in {order}}}
            await asyncio.wait(tasks.values())
            return [tasks[i].result() for i in ids]
        """
        assert lost(LIST, program) == set()


def test_as_completed_is_accepted_when_the_order_is_put_right() -> None:
    program = """
    async def one(k, i): return k, await second(await first(i))
    async def go(ids):
        tasks = [asyncio.create_task(one(k, i)) for k, i in enumerate(ids)]
        return [v for _, v in sorted([await done for done in asyncio.as_completed(tasks)])]
    """
    assert lost(CHAINS, program) == set()


# 23 is tested with the check result
# 24
@pytest.mark.parametrize(
    "body",
    ["pass", "raise ValueError", "return None", "return 1, 2", "await asyncio.sleep(3)", "1 / 0"],
)
def test_zero_activity_passes_nothing(body: str) -> None:
    verdict = graded(PAIR, f"async def go(): {body}")
    statuses = {item.id: item.status for item in verdict.items}
    assert verdict.score == 0
    assert statuses.pop("result") is Status.FAILED
    assert set(statuses.values()) == {Status.NOT_ASSESSED}


def test_zero_activity_in_one_case_does_not_pass_the_others() -> None:
    body = LIST.replace("  plain:", "  none: {call: [[]]}\n  plain:")
    program = "async def go(ids): return []"
    verdict = graded(body, program)
    assert verdict.score == 0


# 25 is tested with rule 1
# 27
def test_one_call_many_times_in_series_fails_overlap() -> None:
    body = LIST.replace("[1, 2, 3, 5]", "[4, 4, 4, 4, 4]")
    program = "async def go(ids): return [await get(i) for i in ids]"
    assert lost(body, program) == {"overlap", "time"}
    all_but_one = """
    async def go(ids):
        many = await asyncio.gather(*map(get, ids[1:]))
        return [await get(ids[0]), *many]
    """
    assert lost(body, all_but_one) == {"overlap", "time"}


# 28
def test_an_order_without_data_is_kept_by_awaiting() -> None:
    program = "async def go(): return tuple(await asyncio.gather(save(), send()))"
    assert {"overlap", "time"} == lost(AFTER, program)


# 29
@pytest.mark.parametrize(
    "value",
    [
        "get_a(), get_b()",
        "get_a()",
        "asyncio.create_task(get_a())",
        "[asyncio.create_task(get_a()), asyncio.create_task(get_b())]",
        "asyncio.gather(get_a(), get_b())",
    ],
)
def test_returned_awaitable_fails_result_with_its_name(value: str) -> None:
    item = item_of(PAIR, "result", f"async def go(): return {value}")
    assert (item.status, item.misconception) == (Status.FAILED, "returned_awaitable")


def test_returned_future_that_was_cancelled_fails_result_only() -> None:
    program = f"""
    async def go():
        {BOTH}
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        return future
    """
    assert lost(PAIR, program) == {"result"}


# 30
@pytest.mark.parametrize("keep", ["", "kept = "])
def test_never_awaited_is_seen_whether_the_coroutine_is_kept_or_not(keep: str) -> None:
    program = f"""
    async def go():
        {keep}get_a()
        return {BOTH}
    """
    assert lost(PAIR, program) == {"clean"}
    item = item_of(PAIR, "clean", program)
    assert (item.misconception, item.line) == ("never_awaited", 5)


# 31
def test_a_dangling_task_is_not_kept_alive_by_the_grader() -> None:
    program = """
    async def background(event): event.set() if await get_a() else None
    async def go():
        event = asyncio.Event()
        asyncio.create_task(background(event))
        await event.wait()
        return 'a', await get_b()
    """
    item = item_of(PAIR, "refs", program)
    assert item.status is Status.FAILED


# 32
def test_a_task_factory_of_its_own_is_no_trouble() -> None:
    program = f"""
    async def go():
        def factory(loop, coroutine, **context):
            return asyncio.Task(coroutine, loop=loop)
        asyncio.get_running_loop().set_task_factory(factory)
        return {BOTH}
    """
    assert lost(PAIR, program) == set()


# 33
@pytest.mark.parametrize(
    "names",
    ["lock = asyncio.Lock()", "gate = asyncio.Semaphore(9)", "queue = asyncio.Queue()", "box = {}"],
)
def test_objects_of_the_module_belong_to_one_run(names: str) -> None:
    name = names.split()[0]
    program = f"""
    {names}
    async def go():
        if hasattr({name}, 'acquire'):
            async with {name}:
                return {BOTH}
        assert not getattr({name}, 'qsize', lambda: len({name}))()
        if isinstance({name}, dict):
            {name}[1] = 1
        else:
            await {name}.put(1)
        return {BOTH}
    """
    assert lost(PAIR, program) == set()


# 34
def test_early_break_of_a_generator_fails_clean() -> None:
    program = f"""
    async def numbers():
        try:
            while True:
                yield 1
        finally:
            await asyncio.sleep(0)
    async def go():
        async for number in numbers():
            break
        return {BOTH}
    """
    assert lost(PAIR, program) == {"clean"}
    assert "the async generator numbers()" in item_of(PAIR, "clean", program).message


# 36
@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are new in Python 3.12")
def test_eager_task_factory_is_accepted() -> None:
    program = """
    async def go():
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        a, b = asyncio.create_task(get_a()), asyncio.create_task(get_b())
        return await a, await b
    """
    assert lost(PAIR, program) == set()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are new in Python 3.12")
def test_eager_task_factory_does_not_hide_a_serial_program() -> None:
    program = """
    async def go():
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        return await asyncio.create_task(get_a()), await asyncio.create_task(get_b())
    """
    assert lost(PAIR, program) == {"overlap", "time"}


# 37
def test_a_stricter_program_loses_only_the_items_that_ask_for_more() -> None:
    rubric = RUBRIC.partition("  - {id: overlap")[0]
    program = "async def go(): return await get_a(), await get_b()"
    assert lost(sample(PAIR, rubric), program) == set()
    assert lost(PAIR, program) == {"overlap", "time"}


# 38
def test_gather_of_awaited_futures_is_accepted() -> None:
    """``await send(x)`` gives a task: what is written in the gather says nothing."""
    program = """
    async def send(i): return asyncio.ensure_future(get(i))
    async def go(ids): return await asyncio.gather(*[await send(i) for i in ids])
    """
    assert lost(LIST, program) == set()


def test_gather_of_awaited_values_fails_overlap() -> None:
    program = """
    async def same(value): return value
    async def go(ids): return await asyncio.gather(*[same(await get(i)) for i in ids])
    """
    assert lost(LIST, program) == {"overlap", "time"}


# traps for those who build it


def test_the_clocks_of_the_program_are_virtual() -> None:
    program = f"""
    from time import monotonic, perf_counter, time as wall
    async def go():
        before = monotonic(), perf_counter(), wall()
        values = {BOTH}
        passed = [round(b - a, 6) for a, b in zip(before, (monotonic(), perf_counter(), wall()))]
        assert len(set(passed)) == 1, passed
        assert passed[0] == asyncio.get_running_loop().time(), passed
        return values
    """
    assert lost(PAIR, program) == set()


def test_the_names_in_a_message_are_those_of_the_plan() -> None:
    """The student calls things as they like; what is wanted is said in the plan's words."""
    program = """
    fetch = get_b
    async def go(): return await get_a(), None
    """
    item = item_of(PAIR, "calls", program)
    assert item.message.startswith("get_b() was never started")
    assert item.wanted == "get_a() once, get_b() once"
