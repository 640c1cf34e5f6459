"""The checks ``clean`` and ``references``."""

from __future__ import annotations

import pytest

from grader.engine.schedules import schedule_runs
from grader.exercise.plan import build_plan
from grader.verdict import Status
from tests.checks.samples import (
    CHAIN,
    CHAINS,
    PAIR,
    SESSIONS,
    cleared_builtins,
    graded,
    item_of,
    lost,
    sample,
)

BOTH = "await asyncio.gather(get_a(), get_b())"

# --- clean -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "program", "message"),
    [
        (
            "a call that is never awaited",
            f"""
            async def go():
                get_a()
                return {BOTH}
            """,
            "get_a() was made but never awaited",
        ),
        (
            "a coroutine of the program's own that is never awaited",
            f"""
            async def helper(): pass
            async def go():
                helper()
                return {BOTH}
            """,
            "helper() was made but never awaited",
        ),
        (
            "a call that is still running",
            """
            async def go():
                task = asyncio.create_task(get_a())
                return await get_b()
            """,
            "get_a() was still running when the function ended",
        ),
        (
            "a task that is still running",
            f"""
            async def wait(): await asyncio.sleep(100)
            async def go():
                task = asyncio.create_task(wait())
                return {BOTH}
            """,
            "the task of wait() was still running when the function ended",
        ),
        (
            "a blocking call",
            f"""
            import time
            async def go():
                time.sleep(1)
                return {BOTH}
            """,
            "time.sleep() for 1 s froze the event loop",
        ),
        (
            "a blocking call under a name of its own",
            f"""
            from time import sleep as nap
            async def go():
                nap(1)
                return {BOTH}
            """,
            "time.sleep() for 1 s froze the event loop",
        ),
        (
            "an error that nobody looked at",
            f"""
            async def bad(): raise KeyError('x')
            async def go():
                task = asyncio.create_task(bad())
                return {BOTH}
            """,
            "KeyError",
        ),
        (
            "a generator that is left to the collector",
            f"""
            async def numbers():
                while True:
                    yield 1
            async def go():
                async for number in numbers():
                    break
                return {BOTH}
            """,
            "the async generator numbers() was left unfinished",
        ),
        (
            "a generator that still waits when the function ends",
            """
            async def both():
                yield await asyncio.gather(get_a(), get_b())
                yield None
            async def go():
                async for values in both():
                    return values
            """,
            "the async generator both() was left unfinished",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("a") else "",
)
def test_what_is_left_behind_fails_clean(what: str, program: str, message: str) -> None:
    item = item_of(PAIR, "clean", program)
    assert item.status is Status.FAILED
    assert message in item.message


@pytest.mark.parametrize(
    "program",
    [
        f"async def go(): return {BOTH}",
        f"""
        from contextlib import aclosing
        async def numbers():
            while True:
                yield 1
        async def go():
            async with aclosing(numbers()) as source:
                async for number in source:
                    break
            return {BOTH}
        """,
        f"""
        async def forever(): await asyncio.Event().wait()
        async def go():
            task = asyncio.create_task(forever())
            values = {BOTH}
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return values
        """,
    ],
)
def test_what_is_cleared_away_passes(program: str) -> None:
    assert lost(PAIR, program) == set()


def test_an_open_session_fails_clean_at_its_line() -> None:
    program = """
    async def one(key):
        session = await Session().__aenter__()
        return await session.read(key)
    async def go(): return await asyncio.gather(one('x'), one('y'))
    """
    item = item_of(SESSIONS, "clean", program)
    assert (item.status, item.line) == (Status.FAILED, 5)


def test_a_deadlock_fails_clean_once_a_service_was_called_or_not() -> None:
    for body in ("", "await get_a(); "):
        program = f"async def go(): {body}await asyncio.Event().wait()"
        assert item_of(PAIR, "clean", program).status is Status.FAILED


def test_clean_without_a_call_is_not_assessed() -> None:
    item = item_of(PAIR, "clean", "async def go(): return 1")
    assert (item.status, item.points) == (Status.NOT_ASSESSED, 0)


def test_a_memo_in_builtins_keeps_state_between_runs() -> None:
    program = """
    import builtins
    async def go(user_id):
        memo = builtins.__dict__.setdefault('asyncgrade_memo', {})
        if user_id not in memo:
            memo[user_id] = await get_profile((await get_user(user_id))['name'])
        return memo[user_id]
    """
    for seed in ("0", "1", "2"):
        with cleared_builtins():
            verdict = graded(CHAIN, program, seed)
        clean = next(item for item in verdict.items if item.id == "clean")
        assert clean.status is Status.FAILED
        assert "keeps state between runs" in clean.message
        passed = {item.id for item in verdict.items if item.status is Status.PASSED}
        assert passed <= {"refs"}  # it is judged in one run, which may have been the first


def test_another_order_of_a_set_is_no_state_between_runs() -> None:
    """A wrong program is not told a wrong reason."""
    body = CHAINS.replace("[1, 2, 3]", "[1, 2, 3, 4, 5, 6]")
    program = """
    async def go(ids):
        done, _ = await asyncio.wait([asyncio.create_task(first(i)) for i in ids])
        return [await second(task.result()) for task in done]
    """
    for seed in ("2", "3", "4"):
        assert "clean" not in lost(body, program, seed)


@pytest.mark.parametrize("store", ["memo = {}", "memo = {}\nlock = asyncio.Lock()"])
def test_a_memo_in_the_module_is_fresh_in_every_run(store: str) -> None:
    program = f"{store}\n" + (
        "async def go(i):\n"
        "    if i not in memo:\n"
        "        memo[i] = await get_profile((await get_user(i))['name'])\n"
        "    return memo[i]\n"
    )
    assert lost(CHAIN, program) == set()


# --- references --------------------------------------------------------------------------------

DANGLING = """
async def put(event, box, key, call):
    box[key] = await call
    if len(box) == 2:
        event.set()
async def go():
    box, event = {}, asyncio.Event()
    asyncio.create_task(put(event, box, 'a', get_a()))
    asyncio.create_task(put(event, box, 'b', get_b()))
    await event.wait()
    return box['a'], box['b']
"""


def test_a_task_that_nothing_refers_to_fails_references_only() -> None:
    assert lost(PAIR, DANGLING) == {"refs"}


def test_a_task_that_is_held_passes_references() -> None:
    program = DANGLING.replace("    asyncio.create", "    box_of_tasks = asyncio.create", 1)
    program = program.replace("    asyncio.create", "    other_task = asyncio.create", 1)
    assert lost(PAIR, program) == set()


def test_references_without_a_call_are_not_assessed() -> None:
    item = item_of(PAIR, "refs", "async def go(): return 1")
    assert item.status is Status.NOT_ASSESSED


def test_references_are_not_assessed_when_a_run_was_killed_before_the_plain_one() -> None:
    """The order of the runs is drawn: find a seed that plays the hostile run first."""
    exercise = sample(PAIR)
    plan = build_plan(exercise, exercise.cases[0])
    seed = next(
        str(number)
        for number in range(500)
        if schedule_runs([plan], str(number).encode(), hostile=True)[0].hostile
    )
    program = f"""
    import builtins
    async def go():
        builtins.asyncgrade_test = getattr(builtins, 'asyncgrade_test', 0) + 1
        if builtins.asyncgrade_test > 1:
            raise MemoryError
        return {BOTH}
    """
    with cleared_builtins():
        verdict = graded(PAIR, program, seed)
    assert (verdict.ending, verdict.score) == ("memory_limit", 0)
