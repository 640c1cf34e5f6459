"""Group A: serial where it should overlap. Each rule names one misconception of the catalogue."""

from __future__ import annotations

from grader.advice.facts import Advice, Facts, Rule


def task_awaited_at_once(facts: Facts) -> Advice | None:
    line = facts.stuck_line
    if not facts.has("await_of_new_task", line) and not _task_then_await(facts, line):
        return None
    made = line if facts.has("await_of_new_task", line) else (line or 0) - 1
    same = "the same line" if made == line else f"line {line}"
    return Advice(
        "task_awaited_at_once",
        f"the task made on line {made} is awaited on {same}, so nothing overlaps: "
        f"{facts.name_of_waiting()} had not started while {facts.name_of_stuck()} was running",
        "make all the tasks first, and await them afterwards",
        line,
    )


def _task_then_await(facts: Facts, line: int | None) -> bool:
    """``t = create_task(…)`` and on the next line ``await t``."""
    return (
        line is not None
        and facts.has("new_task", line - 1)
        and facts.has("await", line)
        and not facts.has("new_task", line)
    )


def gather_of_awaited(facts: Facts) -> Advice | None:
    for shape in ("gather_of_awaited", "gather_half_awaited"):
        if facts.has(shape, facts.stuck_line):
            return Advice(
                shape,
                f"gather on line {facts.stuck_line} gets values, not coroutines: the inner "
                f"`await` runs {facts.name_of_stuck()} to its end before "
                f"{facts.name_of_waiting()} can start",
                "take the `await` away inside gather(…): pass it the coroutines themselves",
                facts.stuck_line,
            )
    return None


def await_in_loop(facts: Facts) -> Advice | None:
    for shape, word in (("await_in_loop", "loop"), ("await_in_comprehension", "comprehension")):
        if facts.has(shape, facts.stuck_line):
            return Advice(
                shape,
                f"{facts.name_of_waiting()} had to wait for {facts.name_of_stuck()}: "
                f"the await on line {facts.stuck_line} is inside the {word}",
                "make one coroutine for each item and give them all to asyncio.gather(*…)",
                facts.stuck_line,
            )
    return None


def await_between_new_tasks(facts: Facts) -> Advice | None:
    if not facts.has("new_task_of_awaited", facts.stuck_line):
        return None
    return Advice(
        "await_between_new_tasks",
        f"line {facts.stuck_line} awaits {facts.name_of_stuck()} before it makes the task, and "
        f"{facts.name_of_waiting()} has to wait for that",
        "put each chain into a coroutine of its own (`await` inside it) and start them together",
        facts.stuck_line,
    )


def coroutine_not_started(facts: Facts) -> Advice | None:
    """Calling a coroutine function starts nothing (the habit of JavaScript's promises)."""
    if facts.held is None:
        return None
    node = facts.held.waiting
    call = facts.run.call_of(node)
    if call is None or call.created_line is None or call.line is None:
        return None
    if call.created_line >= call.line or call.created_line >= (facts.stuck_line or 0):
        return None
    name = call.operation
    return Advice(
        "coroutine_not_started",
        f"{name}() was called on line {call.created_line} but started only on line {call.line}: "
        "a coroutine does nothing until it is awaited or made a task",
        f"make it a task where you call it: `asyncio.create_task({name}(…))`",
        call.created_line,
    )


def barrier(facts: Facts) -> Advice | None:
    """A stage that waits for all of the stage before."""
    if facts.held is None or not facts.has("gather", facts.stuck_line):
        return None
    nodes = facts.held.run.plan.nodes
    if not nodes[facts.held.waiting].deps:
        return None
    return Advice(
        "barrier",
        f"{facts.name_of_waiting()} had all that it needs, and still had to wait for "
        f"{facts.name_of_stuck()}: the gather on line {facts.stuck_line} waits for all of them",
        "write one small coroutine for each chain of calls, and gather those",
        facts.stuck_line,
    )


def started_too_late(facts: Facts) -> Advice | None:
    if facts.held is None:
        return None
    node = facts.held.waiting
    call = facts.run.call_of(node)
    later = call is not None and call.line is not None and call.line > (facts.stuck_line or 0)
    if not later or not (
        facts.has("gather", call.line if call else None)
        or facts.has("new_task", call.line if call else None)
    ):
        return None
    return Advice(
        "started_too_late",
        f"{facts.name_of_waiting()} needs nothing from {facts.name_of_stuck()}, but is started "
        f"only after it (line {facts.stuck_line})",
        f"start it with asyncio.create_task(…) before line {facts.stuck_line}",
        facts.stuck_line,
    )


def serial_awaits(facts: Facts) -> Advice | None:
    if facts.held is None:
        return None
    suspended = f"your code was suspended at line {facts.stuck_line}" if facts.stuck_line else ""
    where = f" (line {facts.held.stuck.line})" if facts.held.stuck.line else ""
    return Advice(
        "serial_awaits",
        f"{facts.name_of_waiting()} had not started while {facts.name_of_stuck()}{where} was "
        f"still running{'; ' + suspended if suspended else ''}",
        "neither needs the other's result: start both (create_task or gather), then await",
        facts.stuck_line,
    )


def pacing_by_sleep(facts: Facts) -> Advice | None:
    """Sleeping, or polling with sleeps, instead of awaiting what one waits for."""
    lines = [*facts.lines_of("sleep_in_loop"), *facts.lines_of("sleep")]
    if not lines or facts.judgement.kind not in ("idle", "slow", "serial", "missing"):
        return None
    if facts.lines_of("sleep_in_loop"):
        return Advice(
            "polling",
            f"the loop with a sleep on line {lines[0]} looks again and again whether something "
            "is done, and goes on later than it could",
            "await the task itself: it wakes your code at the very moment it is done",
            lines[0],
        )
    return Advice(
        "sleep_instead_of_await",
        f"the sleep on line {lines[0]} guesses how long a call takes; it is right only by luck",
        "await the task itself: `value = await task`",
        lines[0],
    )


RULES: tuple[Rule, ...] = (
    pacing_by_sleep,
    gather_of_awaited,
    task_awaited_at_once,
    await_in_loop,
    await_between_new_tasks,
    coroutine_not_started,
    barrier,
    started_too_late,
    serial_awaits,
)
