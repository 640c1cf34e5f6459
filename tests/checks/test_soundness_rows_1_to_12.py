"""Cases in which a simple check of concurrency is wrong, each with the verdict it must get.

The numbers are the rows of the table in the project's notes on soundness, 1 to 12; rows on limits,
streams and cancellations by the caller have no exercise yet.
"""

from __future__ import annotations

import pytest

from grader.exercise.model import ExerciseError
from tests.checks.samples import (
    AFTER,
    CHAIN,
    CHAINS,
    LIST,
    PAIR,
    RUBRIC,
    item_of,
    lost,
    sample,
)
from tests.helpers import installed

DIAMOND = installed("exercise-6")


# 1
def test_zero_duration_calls_are_refused_where_time_is_looked_at() -> None:
    with pytest.raises(ExerciseError, match="takes 0 s"):
        sample(PAIR.replace("duration: 3", "duration: 0"))


def test_zero_duration_calls_suspend_all_the_same() -> None:
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
def test_a_call_that_starts_when_the_one_it_needs_ends_is_in_order() -> None:
    program = "async def go(i): return await get_profile((await get_user(i))['name'])"
    assert lost(CHAIN, program) == set()
    assert lost(AFTER, "async def go(): return await save(), await send()") == set()


# 4
def test_a_call_that_is_started_before_and_awaited_after_overlaps() -> None:
    program = """
    async def go():
        a = asyncio.create_task(get_a())
        b = await get_b()
        return await a, b
    """
    assert lost(PAIR, program) == set()


# 5
def test_a_coroutine_made_early_and_awaited_late_does_not_overlap() -> None:
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
def test_a_speculative_start_and_then_the_real_call_fails_calls() -> None:
    program = """
    async def go(user_id):
        guess = asyncio.create_task(get_profile(f'user{user_id}'))
        user = await get_user(user_id)
        guess.cancel()
        return await get_profile(user['name'])
    """
    assert {"calls", "overlap"} <= lost(CHAIN, program)


def test_prefetch_of_what_is_needed_anyway_is_accepted() -> None:
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


def test_prefetch_of_what_nobody_needs_fails_calls() -> None:
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
def test_the_structure_of_the_program_does_not_matter(program: str) -> None:
    assert lost(CHAINS, program) == set()


# 8
def test_a_diamond_that_asks_for_the_user_twice_fails_calls() -> None:
    program = """
    async def shop_page(user_id):
        async def orders(): return await get_orders(await get_user(user_id))
        async def recs(): return await get_recommendations(await get_user(user_id))
        return await build_page(*await asyncio.gather(orders(), recs()))
    """
    assert "calls" in lost(DIAMOND, program)
    assert "time" not in lost(DIAMOND, program)  # 7 s: as good as the best


def test_a_diamond_whose_user_is_one_task_that_two_await_is_accepted() -> None:
    program = """
    async def shop_page(user_id):
        user = asyncio.create_task(get_user(user_id))
        async def orders(): return await get_orders(await user)
        async def recs(): return await get_recommendations(await user)
        return await build_page(*await asyncio.gather(orders(), recs()))
    """
    assert lost(DIAMOND, program) == set()


# 9
def test_equal_calls_of_the_plan_are_all_needed() -> None:
    body = LIST.replace("[1, 2, 3, 5]", "[3, 1, 3]")
    program = """
    async def go(ids):
        tasks = {i: asyncio.create_task(get(i)) for i in dict.fromkeys(ids)}
        return [await tasks[i] for i in ids]
    """
    assert {"calls", "overlap"} <= lost(body, program)


@pytest.mark.parametrize("step", [1, -1])
def test_equal_calls_are_interchangeable(step: int) -> None:
    body = LIST.replace("[1, 2, 3, 5]", "[3, 1, 3, 1, 3]")
    program = f"""
    async def go(ids):
        tasks = [asyncio.create_task(get(i)) for i in ids[::{step}]]
        return [await task for task in tasks][::{step}]
    """
    assert lost(body, program) == set()


def test_equal_calls_whose_results_are_exchanged_are_the_same_result() -> None:
    body = LIST.replace("[1, 2, 3, 5]", "[3, 1, 3]")
    program = """
    async def go(ids):
        three, one, other = await asyncio.gather(*map(get, ids))
        return other, one, three
    """
    assert lost(body, program) == set()


def test_one_value_given_twice_is_not_two_values() -> None:
    body = LIST.replace("[1, 2, 3, 5]", "[3, 1, 3]").replace("f'page{nonce}'", "f'{x}-{nonce}'")
    program = """
    async def go(ids):
        values = await asyncio.gather(*map(get, ids))
        return values[1], values[1], values[1]
    """
    assert lost(body, program) == {"result"}


# 10
def test_barrier_with_equal_durations_fails_overlap() -> None:
    program = """
    async def go(ids):
        ones = await asyncio.gather(*map(first, ids))
        return await asyncio.gather(*map(second, ones))
    """
    assert lost(CHAINS, program) == {"overlap", "time"}


# 11
def test_started_then_cancelled_then_run_serially_does_not_overlap() -> None:
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
def test_lucky_sleep_fails(seconds: float) -> None:
    program = f"""
    async def go(user_id):
        box = []
        async def user(): box.append(await get_user(user_id))
        task = asyncio.create_task(user())
        await asyncio.sleep({seconds})
        return await get_profile(box[0]['name'])
    """
    assert {"result", "overlap"} <= lost(CHAIN, program)
