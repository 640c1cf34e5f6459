"""The checks ``concurrency`` and ``makespan``."""

from __future__ import annotations

from grader.verdict import Status
from tests.checks.samples import (
    AFTER,
    CHAIN,
    CHAINS,
    LIST,
    PAIR,
    SESSIONS,
    cleared_builtins,
    graded,
    item_of,
    lost,
)

GATHER = "async def go(): return await asyncio.gather(get_a(), get_b())"
SERIAL = "async def go(): return await get_a(), await get_b()"
BARRIER = """
async def go(ids):
    ones = await asyncio.gather(*map(first, ids))
    return await asyncio.gather(*map(second, ones))
"""
HELPERS = """
async def one(i): return await second(await first(i))
async def go(ids): return await asyncio.gather(*map(one, ids))
"""

# --- concurrency -------------------------------------------------------------------------------


def test_overlapping_calls_pass() -> None:
    assert lost(PAIR, GATHER) == set()


def test_a_serial_program_fails_overlap_and_time_only() -> None:
    assert lost(PAIR, SERIAL) == {"overlap", "time"}
    item = item_of(PAIR, "overlap", SERIAL)
    assert "get_b() had not started while get_a()" in item.message
    assert item.line == 4


def test_dependent_calls_in_series_pass() -> None:
    program = "async def go(i): return await get_profile((await get_user(i))['name'])"
    assert lost(CHAIN, program) == set()


def test_concurrency_without_a_call_is_not_assessed() -> None:
    item = item_of(PAIR, "overlap", "async def go(): return 1, 2")
    assert (item.status, item.points) == (Status.NOT_ASSESSED, 0)


def test_chains_of_helpers_pass_and_a_barrier_fails() -> None:
    assert lost(CHAINS, HELPERS) == set()
    assert lost(CHAINS, BARRIER) == {"overlap", "time"}


def test_a_call_that_waits_for_no_call_but_a_timer_fails() -> None:
    program = """
    async def go(user_id):
        user = await get_user(user_id)
        await asyncio.sleep(1)
        return await get_profile(user['name'])
    """
    assert lost(CHAIN, program) == {"overlap", "time"}


def test_what_is_still_running_when_the_function_ends_fails_overlap() -> None:
    program = """
    async def go():
        task = asyncio.create_task(get_a())
        return 'a', await get_b()
    """
    item = item_of(PAIR, "overlap", program)
    assert item.status is Status.FAILED
    assert "get_a() was still running" in item.message


def test_a_guessed_argument_fails_overlap() -> None:
    program = """
    async def go(user_id):
        user, _ = await asyncio.gather(get_user(user_id), get_profile('user7'))
        return await get_profile(user['name'])
    """
    assert {"calls", "overlap"} <= lost(CHAIN, program) <= {"calls", "overlap", "time"}


def test_an_order_that_no_argument_asks_for_is_kept_or_fails() -> None:
    assert lost(AFTER, "async def go(): return await save(), await send()") == set()
    parallel = "async def go(): return tuple(await asyncio.gather(save(), send()))"
    assert lost(AFTER, parallel) == {"overlap", "time"}
    assert "send() was started before" in item_of(AFTER, "overlap", parallel).message


def test_overlap_that_is_seen_in_one_run_only_is_not_enough() -> None:
    """In the first run it overlaps, in all the others it makes no call at all."""
    program = """
    import builtins
    async def go():
        if hasattr(builtins, 'asyncgrade_test'):
            return None
        builtins.asyncgrade_test = True
        return await asyncio.gather(get_a(), get_b())
    """
    for seed in range(10):  # the first run is a gated one for some of them
        with cleared_builtins():
            assert {"overlap", "time"} <= lost(PAIR, program, str(seed))


# --- contexts ----------------------------------------------------------------------------------

ONE = """
async def one(key):
    async with Session() as session:
        return await session.read(key)
"""


def test_a_session_for_each_query_passes_and_serial_sessions_fail() -> None:
    assert (
        lost(SESSIONS, ONE + "async def go(): return await asyncio.gather(one('x'), one('y'))")
        == set()
    )
    serial = ONE + "async def go(): return await one('x'), await one('y')"
    assert lost(SESSIONS, serial) == {"overlap", "time"}


def test_the_sessions_may_be_taken_in_either_order() -> None:
    program = (
        ONE
        + """
async def go():
    y = asyncio.create_task(one('y'))
    x = asyncio.create_task(one('x'))
    return await x, await y
"""
    )
    assert lost(SESSIONS, program) == set()


def test_a_session_that_is_never_left_fails_clean_and_time() -> None:
    program = """
    async def one(key): return await (await Session().__aenter__()).read(key)
    async def go(): return await asyncio.gather(one('x'), one('y'))
    """
    assert lost(SESSIONS, program) == {"time", "clean"}


def test_a_session_that_is_left_late_fails_overlap() -> None:
    program = """
    async def one(key):
        session = Session()
        await session.__aenter__()
        value = await session.read(key)
        await asyncio.sleep(1)
        await session.__aexit__(None, None, None)
        return value
    async def go(): return await asyncio.gather(one('x'), one('y'))
    """
    assert lost(SESSIONS, program) == {"overlap", "time"}


def test_a_session_that_two_queries_share_fails() -> None:
    program = """
    async def go():
        async with Session() as session:
            return await asyncio.gather(session.read('x'), session.read('y'))
    """
    assert lost(SESSIONS, program) >= {"result", "calls", "overlap", "clean"}


# --- makespan ----------------------------------------------------------------------------------


def test_a_program_that_takes_too_long_fails_time_and_is_told_both_times() -> None:
    item = item_of(PAIR, "time", SERIAL)
    assert item.status is Status.FAILED
    assert item.message.startswith("it took 5 s")
    assert item.wanted.startswith("3 s, ")


def test_a_program_that_is_too_fast_fails_time() -> None:
    program = "async def go(): return await get_b()"
    item = item_of(PAIR, "time", program)
    assert (item.status, item.wanted[:4]) == (Status.FAILED, "3 s,")
    assert item.message.startswith("it took 2 s")


def test_time_without_a_call_is_not_assessed() -> None:
    assert item_of(PAIR, "time", "async def go(): return 1").status is Status.NOT_ASSESSED
    sleeps = "async def go(): await asyncio.sleep(3)"
    assert item_of(PAIR, "time", sleeps).status is Status.NOT_ASSESSED


def test_time_of_a_program_that_never_returns_is_not_assessed() -> None:
    program = "async def go(): await get_a(); raise KeyError"
    item = item_of(PAIR, "time", program)
    assert (item.status, item.message) == (
        Status.NOT_ASSESSED,
        "not every run returned, so there is no time to judge",
    )


def test_a_program_that_gives_up_when_it_would_be_late_does_not_pass_time() -> None:
    """A barrier is as good as the best schedule when all chains are alike; else it raises."""
    program = """
    async def both(ids):
        ones = await asyncio.gather(*map(first, ids))
        return await asyncio.gather(*map(second, ones))
    async def go(ids): return await asyncio.wait_for(both(ids), 5.01)
    """
    for seed in ("0", "1", "2"):
        verdict = graded(CHAINS, program, seed)
        passed = {item.id for item in verdict.items if item.status is Status.PASSED}
        assert not passed & {"result", "overlap", "time"}


def test_time_is_judged_in_runs_with_other_durations_too() -> None:
    """Equal chains hide a barrier; with the exercise's own durations nothing is to be seen."""
    item = item_of(CHAINS, "time", BARRIER)
    assert item.status is Status.FAILED
    assert "when the calls take other times" in item.message


def test_one_semaphore_that_is_large_enough_passes() -> None:
    program = """
    async def go(ids):
        gate = asyncio.Semaphore(4)
        async def one(i):
            async with gate:
                return await get(i)
        return await asyncio.gather(*map(one, ids))
    """
    assert lost(LIST, program) == set()
