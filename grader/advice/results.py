"""Group C: order and results."""

from __future__ import annotations

from grader.advice.facts import Advice, Facts, Rule
from grader.checks.outcome import expected_result
from grader.engine.trace import Ending
from grader.exercise.model import ExpressionError
from grader.values import Dict, Value


def _parts(value: Value) -> list[Value] | None:
    if isinstance(value, Dict):
        return [part for _, part in value.items()]
    return list(value) if isinstance(value, list | tuple) else None


def _same_items_in_another_order(facts: Facts) -> bool:
    run = facts.run
    if run.ending is not Ending.RETURNED or facts.judgement.kind != "value":
        return False
    try:
        expected = expected_result(run)
    except ExpressionError:
        return False
    seen, wanted = _parts(run.value), _parts(expected)
    if seen is None or wanted is None or len(seen) < 2:
        return False
    return sorted(map(run.canonical, seen)) == sorted(map(run.canonical, wanted))


def completion_order(facts: Facts) -> Advice | None:
    if not _same_items_in_another_order(facts):
        return None
    for shape, name, what in (
        ("as_completed", "as_completed_order", "as_completed gives results in order of completion"),
        ("wait", "done_is_a_set", "wait gives a set, and a set has no order"),
        ("append", "append_order", "append puts results in order of completion"),
    ):
        lines = facts.lines_of(shape)
        if lines:
            return Advice(
                name,
                f"the values are right but their order is not: {what} (line {lines[0]})",
                "asyncio.gather returns the results in the order of its arguments; "
                "or keep each result with its key",
                lines[0],
            )
    return Advice(
        "swapped_results",
        "the values are right but their order is not",
        "gather returns the results in the order of its arguments: compare it with your return",
    )


def no_return(facts: Facts) -> Advice | None:
    if facts.run.ending is not Ending.RETURNED or facts.run.value is not None:
        return None
    if facts.judgement.kind != "value":
        return None
    return Advice(
        "no_return",
        "the function returned None",
        "printing is not returning: end the function with `return …`",
    )


RULES: tuple[Rule, ...] = (completion_order, no_return)
