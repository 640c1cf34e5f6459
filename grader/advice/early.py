"""Too early, or not at all: awaits that are missing, values that were not waited for."""

from __future__ import annotations

import re

from grader.advice.facts import Advice, Facts, Rule, at_line, error_line, error_text
from grader.checks.evidence import show_call, show_node, times
from grader.engine.trace import CallRecord, Ending, Finding, Outcome
from grader.exercise.model import ExpressionError
from grader.values import Opaque, Value

_AWAITABLES = {
    "coroutine": "a coroutine",
    "Task": "a task",
    "Future": "a future",
    "_GatheringFuture": "an unfinished gather",
}
_TASK_USED = re.compile(r"_asyncio\.(Task|Future)|_GatheringFuture|'(Task|Future)' object")


# --- awaits that are missing -------------------------------------------------------------------


def _awaitable_inside(value: Value) -> str:
    """The type of a coroutine or task in a value; empty for none."""
    if isinstance(value, Opaque):
        return value.type_name if value.type_name in _AWAITABLES else ""
    if isinstance(value, list | tuple):
        return next((found for item in value if (found := _awaitable_inside(item))), "")
    return ""


def returned_awaitable(facts: Facts) -> Advice | None:
    if facts.run.ending is not Ending.RETURNED or facts.kind == "slow":
        return None
    kind = _awaitable_inside(facts.run.value)
    if not kind:
        return None
    left = facts.finding("never_awaited") or facts.finding("task_left")
    line = left.line if left else None
    seen, hint = f"you returned {_AWAITABLES[kind]}", "await it: `return await …`"
    if not isinstance(facts.run.value, Opaque):
        seen = f"what you returned holds {_AWAITABLES[kind]}"
        hint = "await each of them before you return"
    return Advice("returned_awaitable", f"{at_line(line)}{seen}, not its result", hint, line)


def used_as_value(facts: Facts) -> Advice | None:
    """An operation on a coroutine or a task that its result was meant for."""
    text = error_text(facts)
    if "await wasn't used with future" in text:  # what taking a future apart without await raises
        line = error_line(facts)
        return Advice(
            "task_used_as_value",
            f"line {line} takes the parts of a task or of what gather gives before it is awaited",
            "write `await` in front of it",
            line,
        )
    if not text.startswith(("TypeError", "AttributeError")):
        return None
    never = facts.finding("never_awaited")
    if never is not None and re.search(r"\bcoroutine\b", text):
        return Advice(
            "coroutine_used_as_value",
            f"{at_line(never.line)}{_short(never)} gives a coroutine, not its result",
            "write `await` in front of the call",
            never.line,
        )
    if not _TASK_USED.search(text):
        return None
    line = error_line(facts)
    return Advice(
        "task_used_as_value",
        f"line {line} uses a task as if it were its result: {text}",
        "await the task first: `value = await task`",
        line,
    )


def never_awaited(facts: Facts) -> Advice | None:
    never = facts.finding("never_awaited")
    if never is None or facts.kind not in (
        *("never_awaited", "missing", "value", "ended", "fast"),
        *("serial", "idle"),
    ):
        return None
    if facts.kind in ("serial", "idle") and not _is_missing(facts, never.detail):
        return None
    if facts.kind == "ended" and error_text(facts).startswith("TypeError"):
        return None  # a call that was wrong left it behind
    return Advice(
        "never_awaited",
        f"{at_line(never.line)}{_short(never)} was made but never awaited, so it never ran",
        "write `await` in front of it, or make it a task and await that",
        never.line,
    )


def _short(finding: Finding) -> str:
    """``one()`` for ``get_items.<locals>.one()``."""
    return finding.detail.rpartition("<locals>.")[2]


def _is_missing(facts: Facts, shown: str) -> bool:
    """Whether ``get_users()`` is the call that should have been running."""
    mismatch = facts.run.mismatch
    missing = mismatch.missing[:1] if mismatch else ()
    return any(f"{facts.run.plan.nodes[node].operation}()" == shown for node in missing)


def task_passed_as_value(facts: Facts) -> Advice | None:
    for call in facts.run.calls:
        given = next((arg for arg in call.args if isinstance(arg, Opaque)), None)
        kind = _awaitable_inside(given)
        if call.outcome is Outcome.REFUSED and kind:
            return Advice(
                "task_passed_as_value",
                f"line {call.line}: {call.operation}() was given {_AWAITABLES[kind]}, not the "
                "value that comes of it",
                "await it first, and pass its result",
                call.line,
            )
    return None


# --- calls that nothing needs ------------------------------------------------------------------


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
    seen = f"{show_call(extra)} was called {times(len(alike))}"
    if all(call.line == alike[0].line for call in alike) and _is_of_last_item(facts, extra):
        return Advice(
            "late_binding",
            f"{seen}: the function on line {extra.line} reads the loop's variable when it runs, "
            "and by then the loop has reached its last item",
            "give the variable to the function as a parameter",
            extra.line,
        )
    return Advice(
        "same_call_again",
        f"{seen}, and once is enough",
        "call it once, and use its result (or one task of it) in every place that needs it",
        extra.line,
    )


def _is_of_last_item(facts: Facts, call: CallRecord) -> bool:
    """Whether a call in a helper function has the arguments of the last such call of the plan."""
    plan = facts.run.plan
    planned = [i for i, node in enumerate(plan.nodes) if node.operation == call.operation]
    try:
        last = plan.arguments(planned[-1], facts.run.node_values) if len(planned) > 1 else None
    except ExpressionError:
        return False
    in_helper = facts.function_of(call.line) != plan.exercise.entry or "lambda" in facts.text(
        call.line
    )
    return last == call.args and in_helper


def guessed_argument(facts: Facts) -> Advice | None:
    """A dependent call whose argument did not come from the call that it depends on."""
    extra = _unexpected(facts)
    node = _open_node_for(facts, extra) if extra else None
    if extra is None or node is None:
        return None
    plan = facts.run.plan
    source = plan.nodes[_sources(facts, node)[0]].operation
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
    right = show_node(plan, node, facts.run)
    return Advice(
        "dependency_ignored",
        f"line {extra.line}: {show_call(extra)} was not given the value that it needs from "
        f"{source}()",
        f"take the argument from what {source}() returned"
        + ("" if "…" in right else f"; here that was {right}"),
        extra.line,
    )


def _sources(facts: Facts, node: int) -> list[int]:
    """The nodes that the arguments of a node come from (not its context)."""
    facts_of_node = facts.run.plan.nodes[node]
    return [dep for dep in facts_of_node.data_deps if dep != facts_of_node.context]


def _open_node_for(facts: Facts, call: CallRecord) -> int | None:
    """A dependent node of the same operation that no call stands for."""
    for i, node in enumerate(facts.run.plan.nodes):
        unused = facts.run.call_of(i) is None and _sources(facts, i)
        if node.operation == call.operation and unused:
            return i
    return None


def call_too_many(facts: Facts) -> Advice | None:
    extra = _unexpected(facts)
    if extra is None or extra.operation.endswith((".enter", ".exit")):
        return None
    return Advice(
        "call_too_many",
        f"line {extra.line}: {show_call(extra)} was called, and nothing needs this call",
        "look at the arguments: in a loop, at its first and its last round",
        extra.line,
    )


RULES: tuple[Rule, ...] = (
    task_passed_as_value,
    used_as_value,
    returned_awaitable,
    never_awaited,
    same_call_again,
    guessed_argument,
    call_too_many,
)
