"""Group B: too early, or not at all."""

from __future__ import annotations

import re

from grader.advice.facts import Advice, Facts, Rule, error_text
from grader.checks.evidence import show_call
from grader.engine.trace import CallRecord, Ending, Outcome
from grader.values import Opaque, Value


def _awaitable_inside(value: Value) -> str:
    """The type of a coroutine or task in a result; empty for none."""
    if isinstance(value, Opaque):
        names = ("coroutine", "Task", "Future", "_GatheringFuture")
        return value.type_name if value.type_name in names else ""
    if isinstance(value, list | tuple):
        return next((found for item in value if (found := _awaitable_inside(item))), "")
    return ""


def returned_awaitable(facts: Facts) -> Advice | None:
    if facts.run.ending is not Ending.RETURNED:
        return None
    kind = _awaitable_inside(facts.run.value)
    if not kind:
        return None
    what = "a coroutine" if kind == "coroutine" else f"a {kind.lstrip('_')}"
    return Advice(
        "returned_awaitable",
        f"you returned {what} instead of its value",
        "await it before you return: `return await …`",
    )


def nested_run(facts: Facts) -> Advice | None:
    text = error_text(facts)
    if "cannot be called from a running event loop" not in text and (
        "event loop is already running" not in text
    ):
        return None
    line = facts.run.error.line if facts.run.error else None
    return Advice(
        "nested_run",
        f"line {line} starts a second event loop, but your code already runs inside one",
        "you are inside the event loop: just `await` the coroutine",
        line,
    )


def missing_await(facts: Facts) -> Advice | None:
    """A coroutine used as if it were its value, or thrown away."""
    never = [f for f in facts.run.findings if f.kind == "never_awaited"]
    if not never:
        return None
    text, line = error_text(facts), never[0].line
    if "coroutine" in text and "object is not" in text:
        return Advice(
            "coroutine_used_as_value",
            f"line {line}: {never[0].detail} gives a coroutine, not its result",
            "write `await` in front of the call",
            line,
        )
    if facts.judgement.kind not in ("never_awaited", "missing", "value", "ended"):
        return None
    return Advice(
        "never_awaited",
        f"line {line}: {never[0].detail} was made but never awaited, so it never ran",
        "write `await` in front of it, or make it a task and await that",
        line,
    )


def task_passed_as_value(facts: Facts) -> Advice | None:
    for call in facts.run.calls:
        given = next((arg for arg in call.args if isinstance(arg, Opaque)), None)
        if call.outcome is Outcome.REFUSED and given is not None and _awaitable_inside(given):
            return Advice(
                "task_passed_as_value",
                f"line {call.line}: {call.operation}() was given a {given.type_name}, "
                "not the value it stands for",
                "await the task first, and pass its result",
                call.line,
            )
    return None


def _unexpected(facts: Facts) -> CallRecord | None:
    calls = (c for c in facts.run.calls if c.node is None and c.outcome is not Outcome.REFUSED)
    return next(calls, None)


def same_call_again(facts: Facts) -> Advice | None:
    extra = _unexpected(facts)
    if extra is None:
        return None
    key = facts.run.canonical(extra.args)
    alike = [
        call
        for call in facts.run.calls
        if call.operation == extra.operation and facts.run.canonical(call.args) == key
    ]
    if len(alike) < 2:
        return None
    functions = facts.lines_of("function")
    last_item = len(alike) > 2 and len(functions) > 1
    if last_item and all(call.line == alike[0].line for call in alike):
        return Advice(
            "late_binding",
            f"{show_call(extra)} was called {len(alike)} times: the function in the loop reads "
            "the loop's variable when it runs, and by then the loop has reached its last item",
            "give the variable to the function as a parameter",
            extra.line,
        )
    return Advice(
        "same_call_again",
        f"{show_call(extra)} was called {len(alike)} times, and once is enough",
        "await it once (or make one task of it) and use the result in both places",
        extra.line,
    )


def guessed_argument(facts: Facts) -> Advice | None:
    """A dependent call whose argument did not come from the call that it depends on."""
    extra = _unexpected(facts)
    if extra is None:
        return None
    plan = facts.run.plan
    node = next(
        (
            n
            for i, n in enumerate(plan.nodes)
            if n.operation == extra.operation and n.data_deps and facts.run.call_of(i) is None
        ),
        None,
    )
    if node is None:
        return None
    source = plan.nodes[node.data_deps[0]].operation
    running = [
        call
        for call in facts.run.calls
        if call.operation == source and (call.end_seq is None or call.end_seq > extra.start_seq)
    ]
    if running:
        return Advice(
            "started_with_a_guess",
            f"line {extra.line}: {show_call(extra)} was started before {source}() had returned, "
            "with an argument that is a guess",
            f"await {source}() first and use what it returns",
            extra.line,
        )
    return Advice(
        "dependency_ignored",
        f"line {extra.line}: {show_call(extra)} does not use the value that {source}() returned",
        f"pass on what {source}() returned",
        extra.line,
    )


def coroutine_awaited_twice(facts: Facts) -> Advice | None:
    text = error_text(facts)
    if "cannot reuse already awaited coroutine" not in text and (
        "coroutine is being awaited already" not in text
    ):
        return None
    line = facts.run.error.line if facts.run.error else None
    return Advice(
        "coroutine_awaited_twice",
        f"line {line} awaits a coroutine object that was awaited before",
        "a coroutine object can be awaited once: call the function again, or share a task",
        line,
    )


def gather_of_list(facts: Facts) -> Advice | None:
    lines = facts.lines_of("gather_of_list")
    text = error_text(facts)
    if not lines or not re.search(r"unhashable|awaitable is required|not iterable", text):
        return None
    return Advice(
        "gather_of_list",
        f"gather on line {lines[0]} was given one list; it wants each coroutine as an argument "
        "of its own",
        "put a star in front of the list: `asyncio.gather(*coroutines)`",
        lines[0],
    )


def awaited_values_in_gather(facts: Facts) -> Advice | None:
    """The error that gather raises when it is given values: group A's mistake, seen from here."""
    lines = [*facts.lines_of("gather_of_awaited"), *facts.lines_of("gather_half_awaited")]
    text = error_text(facts)
    if not lines or not re.search(r"unhashable|awaitable is required|Future", text):
        return None
    return Advice(
        "gather_of_awaited",
        f"gather on line {lines[0]} got values, not coroutines, and failed: {text}",
        "take the `await` away inside gather(…)",
        lines[0],
    )


def wait_of_coroutines(facts: Facts) -> Advice | None:
    if "Passing coroutines is forbidden" not in error_text(facts):
        return None
    line = facts.run.error.line if facts.run.error else None
    return Advice(
        "wait_of_coroutines",
        f"asyncio.wait on line {line} was given coroutines; it takes tasks",
        "wrap each in asyncio.create_task(…), or use asyncio.gather",
        line,
    )


def result_before_done(facts: Facts) -> Advice | None:
    if "Result is not set" not in error_text(facts):
        return None
    line = facts.run.error.line if facts.run.error else None
    return Advice(
        "sleep_instead_of_await",
        f"line {line} reads a task's result before the task is done",
        "await the task: `value = await task`",
        line,
    )


RULES: tuple[Rule, ...] = (
    nested_run,
    coroutine_awaited_twice,
    gather_of_list,
    awaited_values_in_gather,
    wait_of_coroutines,
    result_before_done,
    task_passed_as_value,
    returned_awaitable,
    missing_await,
    same_call_again,
    guessed_argument,
)
