"""Misused contexts: one for two calls, used after its end, never left."""

from __future__ import annotations

from grader.advice.facts import Advice, Facts, Rule, at_line
from grader.engine.trace import CallRecord, Outcome


def _refused(facts: Facts, words: str) -> CallRecord | None:
    calls = (call for call in facts.run.calls if call.outcome is Outcome.REFUSED)
    return next((call for call in calls if words in call.error), None)


def shared_context(facts: Facts) -> Advice | None:
    """Two calls on one context, where each should have had one of its own."""
    refused = _refused(facts, " is busy with ")
    call = refused or _second_call_on_one_context(facts)
    if call is None:
        return None
    name = call.operation.partition(".")[0]
    seen = f"line {call.line}: {call.operation}() was called on a {name} that another call uses"
    if refused is None:
        seen = f"all the calls use one {name}, so they run one after the other (line {call.line})"
    return Advice(
        "shared_context",
        seen,
        f"give each call a {name} of its own: a coroutine with `async with {name}() as …:` and "
        "one call inside; gather those coroutines",
        call.line,
    )


def _second_call_on_one_context(facts: Facts) -> CallRecord | None:
    if facts.kind not in ("serial", "idle", "slow", "missing", "extra", "refused"):
        return None
    nodes = facts.run.plan.nodes
    for service in facts.run.plan.exercise.services:
        if service.kind != "context":
            continue
        enter = f"{service.name}.enter"
        wanted = sum(node.operation == enter for node in nodes)
        entered = sum(call.operation == enter for call in facts.run.calls)
        methods = {operation.name for operation in service.operations[2:]}
        used = [call for call in facts.run.calls if call.operation in methods]
        if 0 < entered < wanted and len(used) > entered:
            return used[entered]
    return None


def used_after_exit(facts: Facts) -> Advice | None:
    call = _refused(facts, " is not open")
    if call is None:
        return None
    name, _, method = call.operation.partition(".")
    return Advice(
        "used_after_exit",
        f"line {call.line}: {method}() was called on a {name} that is not open",
        f"do it inside the block of `async with {name}() as …:`, and await it there",
        call.line,
    )


def never_exited(facts: Facts) -> Advice | None:
    left_open = facts.finding("context_open")
    if left_open is None or facts.kind not in ("context_open", "fast"):
        return None
    names = [call.operation for call in facts.run.calls if call.operation.endswith(".enter")]
    name = names[-1].removesuffix(".enter") if names else "context"
    return Advice(
        "never_exited",
        f"{at_line(left_open.line)}the {name} that is entered here is never left",
        "use `async with …:`, which leaves the context by itself",
        left_open.line,
    )


RULES: tuple[Rule, ...] = (shared_context, used_after_exit, never_exited)
