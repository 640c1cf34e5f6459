"""The checks ``result`` and ``calls``, and how a submission's ending is chosen."""

from __future__ import annotations

import pytest

from grader.verdict import Status
from tests.checks.samples import (
    CHAIN,
    EVERYTHING,
    LIST,
    PAIR,
    RUBRIC,
    cleared_builtins,
    graded,
    item_of,
    lost,
    sample,
)

RIGHT = "async def go(): return await asyncio.gather(get_a(), get_b())"
DIES = "async def go(): raise ValueError('no')"

# Collecting garbage at each step of a clock that never stops takes long.
NO_REFERENCES = sample(PAIR, RUBRIC.rpartition("  - ")[0])

# --- result ------------------------------------------------------------------------------------


def test_a_right_program_passes_every_check() -> None:
    verdict = graded(PAIR, RIGHT)
    assert verdict.passed
    assert verdict.score == 6
    assert verdict.ending == "returned"


def test_a_wrong_value_fails_result_only() -> None:
    program = """
    async def go():
        a, b = await asyncio.gather(get_a(), get_b())
        return b, a
    """
    assert lost(PAIR, program) == {"result"}


@pytest.mark.parametrize("kind", ["list", "tuple"])
def test_a_result_is_normalised_before_it_is_compared(kind: str) -> None:
    program = f"async def go(): return {kind}(await asyncio.gather(get_a(), get_b()))"
    assert lost(PAIR, program) == set()


def test_without_normalise_a_list_is_no_tuple() -> None:
    body = PAIR.replace("normalise: tuple(result)\n", "")
    assert lost(body, RIGHT) == {"result"}
    assert lost(body, RIGHT.replace("await", "tuple(await") + ")") == set()


def test_a_value_from_an_earlier_run_is_not_the_value_of_this_one() -> None:
    seen = item_of(CHAIN, "result", "async def go(user_id): return 'profile of user7-0123456789'")
    assert seen.status is Status.FAILED
    assert seen.message


def test_a_result_must_be_right_in_every_run() -> None:
    """The order of a set is right in input order once in 40,320 times."""
    program = """
    async def go(ids):
        done, _ = await asyncio.wait([asyncio.create_task(get(i)) for i in ids])
        return [task.result() for task in done]
    """
    body = LIST.replace("[1, 2, 3, 5]", "[1, 2, 3, 4, 5, 6, 7, 8]")
    for seed in ("0", "1", "2"):
        assert lost(body, program, seed) == {"result"}


def test_a_result_that_is_right_only_when_calls_end_in_order_fails() -> None:
    program = """
    async def go(ids):
        out = []
        async def one(i): out.append(await get(i))
        await asyncio.gather(*[one(i) for i in ids])
        return out
    """
    body = LIST.replace("[1, 2, 3, 5]", "[5, 3, 2, 1]")  # the first one is the quickest
    assert lost(body, program) == {"result"}


def test_an_error_fails_result_with_its_line() -> None:
    item = item_of(PAIR, "result", DIES)
    assert (item.status, item.message, item.line) == (Status.FAILED, "it raised ValueError: no", 4)


def test_a_program_that_can_not_be_loaded_has_no_result_to_assess() -> None:
    verdict = graded(PAIR, "async def go(:")
    assert {item.status for item in verdict.items} == {Status.NOT_ASSESSED}
    assert (verdict.ending, verdict.score) == ("load_error", 0)


@pytest.mark.parametrize(
    "value",
    [
        "get_a()",
        "asyncio.create_task(get_a())",
        "asyncio.gather(get_a(), get_b())",
        "cancelled()",
        "(x for x in [1])",
        "object()",
        "float('nan')",
        "[[]] * 10_000",
        "10 ** 5000",
        "b'\\xff', {1: {2}}, '\\ud800'",
        "Evil()",
    ],
)
def test_whatever_is_returned_is_judged_and_never_raises_here(value: str) -> None:
    program = f"""
    class Evil:
        __await__ = __iter__ = __eq__ = __hash__ = __str__ = __repr__ = None
    def cancelled():
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        return future
    async def go():
        await asyncio.gather(get_a(), get_b())
        return {value}
    """
    assert item_of(PAIR, "result", program).status is Status.FAILED


RAISING = """
entry: go
params: [key]
exceptions: [Busy]
services:
  fetch:
    args: [key]
    duration: 1
    raises: {when: "key == 'bad'", error: "Busy('no ' + key)"}
    returns: "f'{key}-{nonce}'"
cases:
  good: {call: [good], result: "'fine'"}
  bad: {call: [bad], raises: Busy}
rubric:
  - {id: result, points: 6, check: result, goal: true, title: the result is right}
  - {id: bad, points: 1, check: result, case: bad, title: the error is passed on}
  - {id: clean, points: 1, check: clean, title: nothing is left}
"""


def test_an_error_that_a_case_expects_is_a_pass_and_no_ending() -> None:
    program = """
    async def go(key):
        await fetch(key)
        return 'fine'
    """
    verdict = graded(sample(RAISING, ""), program)
    assert verdict.passed
    assert (verdict.ending, verdict.error) == ("returned", None)


def test_an_error_that_was_swallowed_fails_the_case_that_expects_it() -> None:
    program = """
    async def go(key):
        try: await fetch(key)
        except Busy: pass
        return 'fine'
    """
    item = item_of(sample(RAISING, ""), "bad", program)
    assert (item.status, item.case) == (Status.FAILED, "bad")
    assert "Busy to be raised" in item.wanted


def test_another_error_than_the_expected_one_fails() -> None:
    program = """
    async def go(key):
        try: await fetch(key)
        except Busy: raise LookupError(key)
        return 'fine'
    """
    verdict = graded(sample(RAISING, ""), program)
    assert [item.status for item in verdict.items[:2]] == [Status.FAILED] * 2
    assert verdict.ending == "raised"


# --- calls -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("extra", "what"),
    [
        ("await get_a()", "twice"),
        ("asyncio.create_task(get_b())", "twice"),
    ],
)
def test_a_call_more_than_needed_fails_calls(extra: str, what: str) -> None:
    program = f"""
    async def go():
        both = await asyncio.gather(get_a(), get_b())
        keep = {extra}
        await asyncio.sleep(0)
        return both
    """
    item = item_of(PAIR, "calls", program)
    assert item.status is Status.FAILED
    assert what in item.message
    assert item.wanted == "get_a() once, get_b() once"


def test_a_call_with_other_arguments_fails_calls() -> None:
    program = """
    async def go(user_id):
        await get_user(0)
        return await get_profile((await get_user(user_id))['name'])
    """
    assert "calls" in lost(CHAIN, program)
    assert "get_user(0) was called" in item_of(CHAIN, "calls", program).message


def test_a_call_that_is_missing_fails_calls() -> None:
    program = "async def go(): return await get_a(), 'b'"
    item = item_of(PAIR, "calls", program)
    assert (item.status, item.message) == (Status.FAILED, "get_b() was never started")


def test_calls_of_a_program_that_makes_none_are_not_assessed() -> None:
    assert item_of(PAIR, "calls", DIES).status is Status.NOT_ASSESSED


def test_a_refused_call_fails_calls() -> None:
    program = """
    async def go(user_id):
        try: await get_profile(asyncio.current_task())
        except TypeError: pass
        return await get_profile((await get_user(user_id))['name'])
    """
    assert lost(CHAIN, program) == {"calls", "clean", "overlap"}


def test_a_call_that_was_cancelled_and_made_again_was_called_twice() -> None:
    program = """
    async def go():
        first = asyncio.create_task(get_a())
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait([first])
        return await asyncio.gather(get_a(), get_b())
    """
    assert lost(PAIR, program) >= {"calls"}
    assert "get_a() was called twice" in item_of(PAIR, "calls", program).message


def test_a_program_that_calls_only_in_some_runs_fails_calls() -> None:
    """It stops calling after the first run; what it learned then is in ``builtins``."""
    program = """
    import builtins
    async def go():
        if getattr(builtins, 'asyncgrade_test', 0):
            return None
        builtins.asyncgrade_test = 1
        return await asyncio.gather(get_a(), get_b())
    """
    with cleared_builtins():
        verdict = graded(PAIR, program)
    status = {item.id: item.status for item in verdict.items}
    assert status["calls"] is Status.FAILED
    assert verdict.score == 0


# --- endings -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "ending"),
    [
        ("return await asyncio.gather(get_a(), get_b())", "returned"),
        ("await get_a(); raise KeyError(1)", "raised"),
        ("raise MemoryError", "memory_limit"),
        ("await asyncio.Event().wait()", "deadlock"),
        ("await asyncio.get_running_loop().create_future()", "deadlock"),
        ("while True: await asyncio.sleep(0)", "livelock"),
        ("while True: await asyncio.sleep(1)", "virtual_time_limit"),
        ("await asyncio.sleep(10 ** 9)", "virtual_time_limit"),
        ("raise asyncio.CancelledError", "cancelled"),
        ("raise SystemExit", "raised"),
        ("asyncio.get_running_loop().stop(); await get_a()", "raised"),
    ],
)
def test_every_way_to_end_has_its_name(body: str, ending: str) -> None:
    verdict = graded(NO_REFERENCES, f"async def go():\n    {body}")
    assert verdict.ending == ending
    if ending != "returned":
        assert verdict.items[0].status is not Status.PASSED


def test_the_ending_is_the_worst_of_all_runs() -> None:
    """With the exercise's own durations it returns; with others it raises."""
    program = """
    async def go(user_id):
        task = asyncio.create_task(get_user(user_id))
        await asyncio.sleep(4)
        return await get_profile(task.result()['name'])
    """
    verdict = graded(CHAIN, program)
    assert verdict.ending == "raised"
    assert "result" in lost(CHAIN, program)


def test_once_a_run_was_killed_no_item_passes() -> None:
    """The second run is out of memory; the others would have passed."""
    program = """
    import builtins
    async def go():
        builtins.asyncgrade_test = getattr(builtins, 'asyncgrade_test', 0) + 1
        if builtins.asyncgrade_test == 2:
            raise MemoryError
        return await asyncio.gather(get_a(), get_b())
    """
    for seed in range(8):  # the order of the runs is drawn
        with cleared_builtins():
            verdict = graded(PAIR, program, str(seed))
        assert (verdict.ending, verdict.score) == ("memory_limit", 0)
        assert {item.id for item in verdict.items} == EVERYTHING


def test_a_service_called_during_the_import_raises_a_sentence_that_teaches() -> None:
    verdict = graded(PAIR, "early = get_a()\nasync def go(): return await early, await get_b()")
    assert (verdict.ending, verdict.score) == ("load_error", 0)
    assert verdict.error is not None
    assert verdict.error.line == 4
    assert verdict.error.text.endswith(
        "get_a() was called while the module was being imported; call services inside go()"
    )
