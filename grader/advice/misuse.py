"""Errors that asyncio itself raises, in words that say what to change."""

from __future__ import annotations

import re

from grader.advice.facts import Advice, Facts, Rule, error_line, error_text, on_line

# What Python says of gather([…]) and gather(value): it differs between versions.
_NOT_AWAITABLE = re.compile(r"unhashable|awaitable is required|bad yield|coroutine or a? ?Future")


def nested_run(facts: Facts) -> Advice | None:
    text = error_text(facts)
    if "cannot be called from a running event loop" not in text and (
        "event loop is already running" not in text and "while another loop is running" not in text
    ):
        return None
    line = error_line(facts)
    return Advice(
        "nested_run",
        f"line {line} starts a second event loop, but your code already runs inside one",
        "you are inside the event loop: just `await` the coroutine",
        line,
    )


def coroutine_awaited_twice(facts: Facts) -> Advice | None:
    text, line = error_text(facts), error_line(facts)
    if "cannot reuse already awaited coroutine" in text:
        when = "was awaited before"
    elif "coroutine is being awaited already" in text:
        when = "is being awaited in another place"
    else:
        return None
    return Advice(
        "coroutine_awaited_twice",
        f"line {line} awaits a coroutine object that {when}",
        "a coroutine object can be awaited once: call the function again, or make one task of it "
        "and await that",
        line,
    )


def awaited_values_in_gather(facts: Facts) -> Advice | None:
    """The error that gather raises when it is given values instead of coroutines."""
    lines = [*facts.lines_of("gather_of_awaited"), *facts.lines_of("gather_half_awaited")]
    text = error_text(facts)
    if not lines or not _NOT_AWAITABLE.search(text):
        return None
    half = facts.has("gather_half_awaited", lines[0])
    got = "a value among the coroutines" if half else "values, not coroutines"
    return Advice(
        "gather_half_awaited" if half else "gather_of_awaited",
        f"gather on line {lines[0]} got {got}, because of the `await` inside it: {text}",
        "take the `await` away inside gather(…): pass it the coroutines themselves",
        lines[0],
    )


def gather_of_list(facts: Facts) -> Advice | None:
    """``gather(coroutines)`` without the star."""
    lines = facts.lines_of("gather_of_list")
    here = error_line(facts)
    if "unhashable" in error_text(facts) and facts.has("gather", here) and here is not None:
        lines = [*lines, here]
    if not lines or not _NOT_AWAITABLE.search(error_text(facts)):
        return None
    return Advice(
        "gather_of_list",
        f"gather on line {lines[0]} was given one collection; it wants each coroutine as an "
        "argument of its own",
        "put a star in front of it: `asyncio.gather(*coroutines)`",
        lines[0],
    )


def task_of_awaited(facts: Facts) -> Advice | None:
    """``create_task(await f())``."""
    line = error_line(facts)
    if "a coroutine was expected" not in error_text(facts):
        return None
    if not facts.has("new_task_of_awaited", line):
        return None
    return Advice(
        "task_of_awaited",
        f"line {line} gives create_task a value, not a coroutine: the inner `await` has already "
        "run the call to its end",
        "take the `await` away: `asyncio.create_task(call(…))`",
        line,
    )


def wait_of_coroutines(facts: Facts) -> Advice | None:
    if "Passing coroutines is forbidden" not in error_text(facts):
        return None
    line = error_line(facts)
    return Advice(
        "wait_of_coroutines",
        f"asyncio.wait{on_line(line)} was given coroutines; it takes tasks",
        "make a task of each with asyncio.create_task(…), or use asyncio.gather",
        line,
    )


RULES: tuple[Rule, ...] = (
    nested_run,
    coroutine_awaited_twice,
    awaited_values_in_gather,
    gather_of_list,
    task_of_awaited,
    wait_of_coroutines,
)
