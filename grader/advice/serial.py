"""Serial where it should overlap. Each rule names one misconception of the catalogue."""

from __future__ import annotations

import re

from grader.advice.facts import Advice, Facts, Rule

_STAGES = ("gather", "wait", "task_group")
_IN_A_LOOP = "make one coroutine for each item and give them all to asyncio.gather(*…)"
_CHAINS = "write one small coroutine for each chain of calls, and gather those"


def gather_of_awaited(facts: Facts) -> Advice | None:
    line = facts.stuck_line
    half = facts.has("gather_half_awaited", line)
    if not half and not facts.has("gather_of_awaited", line):
        return None
    return Advice(
        "gather_half_awaited" if half else "gather_of_awaited",
        f"the inner `await` on line {line} runs {facts.name_of_stuck()} to its end before gather "
        f"begins; only then can {facts.name_of_waiting()} start",
        "take the `await` away inside gather(…): pass it the coroutines themselves",
        line,
    )


def task_awaited_at_once(facts: Facts) -> Advice | None:
    line = facts.stuck_line
    made = line if facts.has("await_of_new_task", line) else _line_of_new_task(facts, line)
    if made is None:
        return None
    where = "the same line" if made == line else f"line {line}"
    return Advice(
        "task_awaited_at_once",
        f"the task made on line {made} is awaited on {where}, before another one is made: "
        f"{facts.name_of_waiting()} had not started while {facts.name_of_stuck()} was running",
        "make all the tasks first, and await them afterwards",
        line,
    )


def _line_of_new_task(facts: Facts, line: int | None) -> int | None:
    """Where ``t = create_task(…)`` stands, above ``await t`` with nothing started in between."""
    awaited = re.search(r"\bawait\s+(\w+)\b(?!\s*[.(\[])", facts.text(line))
    if line is None or awaited is None:
        return None
    for above in range(line - 1, 0, -1):
        if facts.has("new_task", above):
            named = re.match(rf"{awaited[1]}\s*(:[^=]*)?=(?!=)", facts.text(above))
            same_block = facts.indent(above) == facts.indent(line)
            return above if named and same_block and ";" not in facts.text(above) else None
        if not facts.text(above) or facts.text(above).startswith("#"):
            continue
        if facts.has("gather", above) or facts.has("await", above):
            return None
        if facts.indent(above) < facts.indent(line):
            return None
    return None


def coroutine_not_started(facts: Facts) -> Advice | None:
    """Calling a coroutine function starts nothing (the habit of JavaScript's promises)."""
    call, line = facts.call_of_waiting(), facts.stuck_line
    if call is None or call.created_line is None or call.line is None or line is None:
        return None
    if call.created_line >= min(call.line, line):
        return None
    in_loop = facts.has("await_in_loop", line)
    if in_loop and facts.indent(call.created_line) >= facts.indent(line):
        return None  # made in the same round of the loop as it is awaited
    written = f"{call.operation}({'…' if call.args else ''})"
    return Advice(
        "coroutine_not_started",
        f"{call.operation}() was called on line {call.created_line} but started only on line "
        f"{call.line}: a coroutine does nothing until it is awaited or made a task",
        f"make it a task where you call it: `asyncio.create_task({written})`",
        call.created_line,
    )


def await_in_loop(facts: Facts) -> Advice | None:
    if facts.held is None:
        return None
    hint = _CHAINS if facts.waits_on_another_chain() else _IN_A_LOOP
    for line in facts.await_lines:
        had_to_wait = f"{facts.name_of_waiting()} had to wait for {facts.name_of_stuck()}: "
        if facts.has("await_in_loop", line):
            seen = f"{had_to_wait}the await on line {line} is inside the loop"
            return Advice("await_in_loop", seen, hint, line)
        if facts.has("await_in_comprehension", line):
            seen = f"{had_to_wait}the await on line {line} is inside the comprehension"
            return Advice("await_in_comprehension", seen, hint, line)
    return None


def batches(facts: Facts) -> Advice | None:
    line = facts.stuck_line
    if facts.held is None or not any(
        facts.has(f"{stage}_in_loop", line) for stage in ("gather", "wait", "task_group")
    ):
        return None
    return Advice(
        "batches",
        f"{facts.name_of_waiting()} had to wait for {facts.name_of_stuck()}: each round of the "
        f"loop waits on line {line} until all of its own calls are done",
        "collect the coroutines of all rounds first, and gather them once, after the loop",
        line,
    )


def barrier(facts: Facts) -> Advice | None:
    """A stage that waits for all of the stage before."""
    line = facts.stuck_line
    if facts.held is None or not facts.waits_on_another_chain():
        return None
    stage = next((shape for shape in _STAGES if facts.has(shape, line)), None)
    if stage is None:
        return None
    name = {"task_group": "the end of the TaskGroup"}.get(stage, f"the {stage}")
    return Advice(
        "barrier",
        f"{facts.name_of_waiting()} had all that it needs, and still had to wait for "
        f"{facts.name_of_stuck()}: {name} on line {line} waits for all of its calls",
        _CHAINS,
        line,
    )


def await_between_new_tasks(facts: Facts) -> Advice | None:
    """An await of one chain that stands before the next call of another chain."""
    line = facts.stuck_line
    if facts.held is None or line is None or not facts.waits_on_another_chain():
        return None
    return Advice(
        "await_between_new_tasks",
        f"{facts.name_of_waiting()} had all that it needs, and still had to wait for "
        f"{facts.name_of_stuck()}: line {line} awaits that first",
        _CHAINS,
        line,
    )


def started_too_late(facts: Facts) -> Advice | None:
    call, line = facts.call_of_waiting(), facts.stuck_line
    if call is None or call.line is None or line is None or call.line <= line:
        return None
    if not facts.has("gather", call.line) and not facts.has("new_task", call.line):
        return None
    return Advice(
        "started_too_late",
        f"{facts.name_of_waiting()} needs nothing from {facts.name_of_stuck()}, but is started "
        f"only on line {call.line}, after the await on line {line}",
        f"start it with asyncio.create_task(…) before line {line}",
        line,
    )


def serial_awaits(facts: Facts) -> Advice | None:
    if facts.held is None:
        return None
    line, name = facts.stuck_line, facts.held.stuck.operation
    suspended = f"; your code was suspended at line {line}" if line else ""
    if name.endswith(".enter") and facts.held.run.plan.nodes[facts.held.waiting].operation == name:
        return _serial_contexts(name.removesuffix(".enter"), suspended, line)
    where = f" (line {facts.held.stuck.line})" if facts.held.stuck.line else ""
    return Advice(
        "serial_awaits",
        f"{facts.name_of_waiting()} had not started while {facts.name_of_stuck()}{where} was "
        f"still running{suspended}",
        "neither needs the other's result: start both (create_task or gather), then await",
        line,
    )


def _serial_contexts(name: str, suspended: str, line: int | None) -> Advice:
    return Advice(
        "serial_awaits",
        f"the second {name} was opened only after the first one{suspended}",
        f"put each `async with {name}() as …:` with its call into a coroutine of its own, and "
        "gather those",
        line,
    )


RULES: tuple[Rule, ...] = (
    gather_of_awaited,
    task_awaited_at_once,
    coroutine_not_started,
    await_in_loop,
    batches,
    barrier,
    await_between_new_tasks,
    started_too_late,
    serial_awaits,
)
