"""Sleeping, or looking again and again, instead of awaiting what one waits for."""

from __future__ import annotations

import re

from grader.advice.facts import Advice, Facts, Rule, error_line, error_text
from grader.engine.trace import Ending

_ONLY_YIELDS = re.compile(r"\bsleep\(\s*0(\.0*)?\s*\)")
_AWAIT = "await the task itself: `value = await task`"


def result_before_done(facts: Facts) -> Advice | None:
    """``task.result()`` of a task that is not done."""
    if "InvalidStateError" not in error_text(facts):
        return None
    line = error_line(facts)
    sleeps = [sleep for sleep in facts.lines_of("sleep") if line and sleep < line]
    guess = ""
    if sleeps:
        guess = f"; the sleep on line {sleeps[-1]} is only a guess at how long it takes"
    return Advice(
        "sleep_instead_of_await",
        f"line {line} asks a task for its result before the task is done{guess}",
        _AWAIT,
        line,
    )


def polling(facts: Facts) -> Advice | None:
    lines = facts.lines_of("sleep_in_loop")
    here = facts.stuck_line in lines
    waits_for_something = bool(facts.run.calls or facts.lines_of("new_task"))
    endless = facts.run.ending in (Ending.LIVELOCK, Ending.VIRTUAL_TIME_LIMIT)
    never_ends = endless and waits_for_something
    if not lines or not (here or never_ends or facts.kind in ("idle", "slow")):
        return None
    line = facts.stuck_line if here else lines[0]
    return Advice(
        "polling",
        f"the loop around the sleep on line {line} looks again and again whether something is "
        "done, and goes on later than it could",
        "await the task itself: it wakes your code at the very moment it is done",
        line,
    )


def fixed_sleep(facts: Facts) -> Advice | None:
    lines = [ln for ln in facts.lines_of("sleep") if not _ONLY_YIELDS.search(facts.text(ln))]
    here = facts.stuck_line in lines
    if not lines or not (here or facts.kind == "idle" or (facts.kind == "slow" and not facts.held)):
        return None
    line = facts.stuck_line if here else lines[0]
    return Advice(
        "sleep_instead_of_await",
        f"line {line} sleeps for a fixed time, and what comes after it waits: too long when the "
        "calls are quick, not long enough when they are slow",
        "take the sleep out; to wait for a task, await it: `value = await task`",
        line,
    )


RULES: tuple[Rule, ...] = (result_before_done, polling, fixed_sleep)
