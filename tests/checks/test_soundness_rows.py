"""Cases in which a simple check of concurrency is wrong, each with the verdict it must get.

The numbers are the rows of the table in the project's notes on soundness; rows on limits, streams
and cancellations by the caller have no exercise yet.
"""

from __future__ import annotations

import sys

import pytest

from grader.exercise.model import ExerciseError
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
from tests.helpers import installed

GATHER = "async def go(): return await asyncio.gather(get_a(), get_b())"
BOTH = "await asyncio.gather(get_a(), get_b())"
DIAMOND = installed("exercise-6")


# 1
def test_zero_duration_calls_are_refused_where_time_is_looked_at():
    with pytest.raises(ExerciseError, match="takes 0 s"):
        sample(PAIR.replace("duration: 3", "duration: 0"))


def test_zero_duration_calls_suspend_all_the_same():
    """A call that takes no time still lets the other tasks run."""
    rubric = RUBRIC.partition("  - {id: overlap")[0]
    exercise = sample(PAIR.replace("duration: 3", "duration: 0"), rubric)
    program = """
    async def go():
        seen = []
        async def a():
            seen.append('a starts')
            value = await get_a()
            assert seen == ['a starts', 'b starts'], seen
            return value
        async def b():
            seen.append('b starts')
            return await get_b()
        return await asyncio.gather(a(), b())
    """
    assert lost(exercise, program) == set()


# 2
def test_a_call_that_starts_when_the_one_it_needs_ends_is_in_order():
    program = "async def go(i): return await get_profile((await get_user(i))['name'])"
    assert lost(CHAIN, program) == set()
    assert lost(AFTER, "async def go(): return await save(), await send()") == set()


# 4
def test_a_call_that_is_started_before_and_awaited_after_overlaps():
    program = """
    async def go():
        a = asyncio.create_task(get_a())
        b = await get_b()
        return await a, b
    """
    assert lost(PAIR, program) == set()


# 5
def test_a_coroutine_made_early_and_awaited_late_does_not_overlap():
    program = """
    async def go():
        a = get_a()
        b = await get_b()
        return await a, b
    """
    assert lost(PAIR, program) == {"overlap", "time"}
    item = item_of(PAIR, "overlap", program)
    assert (item.misconception, item.line) == ("coroutine_not_started", 5)


# 6
def test_a_speculative_start_and_then_the_real_call_fails_calls():
    program = """
    async def go(user_id):
        guess = asyncio.create_task(get_profile(f'user{user_id}'))
        user = await get_user(user_id)
        guess.cancel()
        return await get_profile(user['name'])
    """
    assert {"calls", "overlap"} <= lost(CHAIN, program)


def test_prefetch_of_what_is_needed_anyway_is_accepted():
    """Tasks for the second calls are made by whoever has the first value."""
    program = """
    async def go(ids):
        seconds = {}
        async def prefetch(k, i):
            seconds[k] = asyncio.create_task(second(await first(i)))
        await asyncio.gather(*[prefetch(k, i) for k, i in enumerate(ids)])
        return [await seconds[k] for k in range(len(ids))]
    """
    assert lost(CHAINS, program) == set()


def test_prefetch_of_what_nobody_needs_fails_calls():
    program = """
    async def go(ids):
        more = asyncio.create_task(get(9))
        values = await asyncio.gather(*map(get, ids))
        await more
        return values
    """
    assert {"calls", "overlap"} <= lost(LIST, program)


# 7
@pytest.mark.parametrize(
    "program",
    [
        """
        async def one(i): return await second(await first(i))
        async def go(ids): return await asyncio.gather(*map(one, ids))
        """,
        """
        async def then(before, after): return await after(await before)
        async def go(ids):
            tasks = [asyncio.ensure_future(then(first(i), second)) for i in ids]
            return [await task for task in tasks]
        """,
        """
        async def go(ids):
            loop, out = asyncio.get_running_loop(), []
            def go_on(future):
                def done(task):
                    start = asyncio.ensure_future(second(task.result()))
                    start.add_done_callback(lambda task: future.set_result(task.result()))
                    future.keep = start
                return done
            for i in ids:
                out.append(loop.create_future())
                task = asyncio.ensure_future(first(i))
                task.add_done_callback(go_on(out[-1]))
                out[-1].first = task
            return [await future for future in out]
        """,
        """
        async def go(ids):
            out = {}
            async def finish(k, task): out[k] = await second(await task)
            firsts = [asyncio.create_task(first(i)) for i in ids]
            for task in [asyncio.create_task(finish(k, t)) for k, t in enumerate(firsts)]:
                await task
            return [out[k] for k in range(len(ids))]
        """,
    ],
    ids=["helpers", "then", "callbacks", "two layers of tasks"],
)
def test_the_structure_of_the_program_does_not_matter(program: str):
    assert lost(CHAINS, program) == set()


# 8
def test_a_diamond_that_asks_for_the_user_twice_fails_calls():
    program = """
    async def shop_page(user_id):
        async def orders(): return await get_orders(await get_user(user_id))
        async def recs(): return await get_recommendations(await get_user(user_id))
        return await build_page(*await asyncio.gather(orders(), recs()))
    """
    assert "calls" in lost(DIAMOND, program)
    assert "time" not in lost(DIAMOND, program)  # 7 s: as good as the best


def test_a_diamond_whose_user_is_one_task_that_two_await_is_accepted():
    program = """
    async def shop_page(user_id):
        user = asyncio.create_task(get_user(user_id))
        async def orders(): return await get_orders(await user)
        async def recs(): return await get_recommendations(await user)
        return await build_page(*await asyncio.gather(orders(), recs()))
    """
    assert lost(DIAMOND, program) == set()


# 9
def test_equal_calls_of_the_plan_are_all_needed():
    body = LIST.replace("[1, 2, 3, 5]", "[3, 1, 3]")
    program = """
    async def go(ids):
        tasks = {i: asyncio.create_task(get(i)) for i in dict.fromkeys(ids)}
        return [await tasks[i] for i in ids]
    """
    assert {"calls", "overlap"} <= lost(body, program)


@pytest.mark.parametrize("step", [1, -1])
def test_equal_calls_are_interchangeable(step: int):
    body = LIST.replace("[1, 2, 3, 5]", "[3, 1, 3, 1, 3]")
    program = f"""
    async def go(ids):
        tasks = [asyncio.create_task(get(i)) for i in ids[::{step}]]
        return [await task for task in tasks][::{step}]
    """
    assert lost(body, program) == set()


def test_equal_calls_whose_results_are_exchanged_are_the_same_result():
    body = LIST.replace("[1, 2, 3, 5]", "[3, 1, 3]")
    program = """
    async def go(ids):
        three, one, other = await asyncio.gather(*map(get, ids))
        return other, one, three
    """
    assert lost(body, program) == set()


def test_one_value_given_twice_is_not_two_values():
    body = LIST.replace("[1, 2, 3, 5]", "[3, 1, 3]").replace("f'page{nonce}'", "f'{x}-{nonce}'")
    program = """
    async def go(ids):
        values = await asyncio.gather(*map(get, ids))
        return values[1], values[1], values[1]
    """
    assert lost(body, program) == {"result"}


# 10
def test_barrier_with_equal_durations_fails_overlap():
    program = """
    async def go(ids):
        ones = await asyncio.gather(*map(first, ids))
        return await asyncio.gather(*map(second, ones))
    """
    assert lost(CHAINS, program) == {"overlap", "time"}


# 11
def test_started_then_cancelled_then_run_serially_does_not_overlap():
    program = """
    async def go():
        both = [asyncio.create_task(get_a()), asyncio.create_task(get_b())]
        await asyncio.sleep(0)
        for task in both:
            task.cancel()
        await asyncio.wait(both)
        return await get_a(), await get_b()
    """
    assert lost(PAIR, program) == {"calls", "overlap", "time"}


# 12
@pytest.mark.parametrize("seconds", [3, 3.5])
def test_lucky_sleep_fails(seconds: float):
    program = f"""
    async def go(user_id):
        box = []
        async def user(): box.append(await get_user(user_id))
        task = asyncio.create_task(user())
        await asyncio.sleep({seconds})
        return await get_profile(box[0]['name'])
    """
    assert {"result", "overlap"} <= lost(CHAIN, program)


# 15
def test_blocking_that_looks_concurrent_fails_clean():
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
def test_timers_with_equal_deadlines_end_in_the_order_of_their_creation():
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
def test_tenths_of_seconds_add_up():
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
def test_the_order_of_starts_among_independent_calls_does_not_matter():
    for order in ("ids", "reversed(ids)", "sorted(ids, key=lambda i: i * 7 % 5)", "set(ids)"):
        program = f"""
        async def go(ids):
            tasks = {{i: asyncio.create_task(get(i)) for i in {order}}}
            await asyncio.wait(tasks.values())
            return [tasks[i].result() for i in ids]
        """
        assert lost(LIST, program) == set()


def test_as_completed_is_accepted_when_the_order_is_put_right():
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
def test_zero_activity_passes_nothing(body: str):
    verdict = graded(PAIR, f"async def go(): {body}")
    statuses = {item.id: item.status for item in verdict.items}
    assert verdict.score == 0
    assert statuses.pop("result") is Status.FAILED
    assert set(statuses.values()) == {Status.NOT_ASSESSED}


def test_zero_activity_in_one_case_does_not_pass_the_others():
    body = LIST.replace("  plain:", "  none: {call: [[]]}\n  plain:")
    program = "async def go(ids): return []"
    verdict = graded(body, program)
    assert verdict.score == 0


# 25 is tested with rule 1
# 27
def test_one_call_many_times_in_series_fails_overlap():
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
def test_an_order_without_data_is_kept_by_awaiting():
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
def test_returned_awaitable_fails_result_with_its_name(value: str):
    item = item_of(PAIR, "result", f"async def go(): return {value}")
    assert (item.status, item.misconception) == (Status.FAILED, "returned_awaitable")


def test_returned_future_that_was_cancelled_fails_result_only():
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
def test_never_awaited_is_seen_whether_the_coroutine_is_kept_or_not(keep: str):
    program = f"""
    async def go():
        {keep}get_a()
        return {BOTH}
    """
    assert lost(PAIR, program) == {"clean"}
    item = item_of(PAIR, "clean", program)
    assert (item.misconception, item.line) == ("never_awaited", 5)


# 31
def test_a_dangling_task_is_not_kept_alive_by_the_grader():
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
def test_a_task_factory_of_its_own_is_no_trouble():
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
def test_objects_of_the_module_belong_to_one_run(names: str):
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
def test_early_break_of_a_generator_fails_clean():
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
def test_eager_task_factory_is_accepted():
    program = """
    async def go():
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        a, b = asyncio.create_task(get_a()), asyncio.create_task(get_b())
        return await a, await b
    """
    assert lost(PAIR, program) == set()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are new in Python 3.12")
def test_eager_task_factory_does_not_hide_a_serial_program():
    program = """
    async def go():
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        return await asyncio.create_task(get_a()), await asyncio.create_task(get_b())
    """
    assert lost(PAIR, program) == {"overlap", "time"}


# 37
def test_a_stricter_program_loses_only_the_items_that_ask_for_more():
    rubric = RUBRIC.partition("  - {id: overlap")[0]
    program = "async def go(): return await get_a(), await get_b()"
    assert lost(sample(PAIR, rubric), program) == set()
    assert lost(PAIR, program) == {"overlap", "time"}


# 38
def test_gather_of_awaited_futures_is_accepted():
    """``await send(x)`` gives a task: what is written in the gather says nothing."""
    program = """
    async def send(i): return asyncio.ensure_future(get(i))
    async def go(ids): return await asyncio.gather(*[await send(i) for i in ids])
    """
    assert lost(LIST, program) == set()


def test_gather_of_awaited_values_fails_overlap():
    program = """
    async def same(value): return value
    async def go(ids): return await asyncio.gather(*[same(await get(i)) for i in ids])
    """
    assert lost(LIST, program) == {"overlap", "time"}


# traps for those who build it


def test_the_clocks_of_the_program_are_virtual():
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


def test_the_names_in_a_message_are_those_of_the_plan():
    """The student calls things as they like; what is wanted is said in the plan's words."""
    program = """
    fetch = get_b
    async def go(): return await get_a(), None
    """
    item = item_of(PAIR, "calls", program)
    assert item.message.startswith("get_b() was never started")
    assert item.wanted == "get_a() once, get_b() once"
