"""Order and results: the right values in the wrong places, or no value at all."""

from __future__ import annotations

from grader.advice.facts import Advice, Facts, Misconception, Rule
from grader.checks.outcome import expected_result
from grader.engine.trace import Ending
from grader.exercise.model import ExpressionError
from grader.values import Dict, Value

_KEEP_ORDER = (
    "asyncio.gather returns the results in the order of its arguments; or keep each result with "
    "the item it belongs to"
)


def _parts(value: Value) -> list[Value] | None:
    if isinstance(value, Dict):
        return [part for _, part in value.items()]
    return list(value) if isinstance(value, list | tuple) else None


def _misplaced(facts: Facts) -> list[str] | None:
    """The fingerprints of a result whose parts are right and in the wrong places; else None."""
    run = facts.run
    if run.ending is not Ending.RETURNED or facts.kind != "value":
        return None
    try:
        expected = expected_result(run)
    except ExpressionError:
        return None
    seen, wanted = _parts(run.value), _parts(expected)
    if seen is None or wanted is None or len(seen) < 2:
        return None
    kinds = {type(run.value), type(expected)}
    if len(kinds) > 1 and (Dict in kinds or run.plan.exercise.normalise is None):
        return None
    prints = [run.canonical(part) for part in seen]
    right = [run.canonical(part) for part in wanted]
    return prints if prints != right and sorted(prints) == sorted(right) else None


def _in_order_of_completion(facts: Facts, parts: list[str]) -> bool:
    ended = [call for call in facts.run.calls if call.end_seq is not None]
    ended.sort(key=lambda call: call.end_seq or 0)
    values = [facts.run.canonical(call.value) for call in ended]
    return [value for value in values if value in parts] == parts


def misplaced_values(facts: Facts) -> Advice | None:
    parts = _misplaced(facts)
    if parts is None:
        return None
    seen = "the values are right but they stand in the wrong order"
    if isinstance(facts.run.value, Dict):
        seen = "the values are right but they stand under the wrong keys"
    causes: list[tuple[str, Misconception, str]] = [
        ("as_completed", "as_completed_order", "as_completed gives results in order of completion"),
        ("wait", "done_is_a_set", "asyncio.wait gives a set, and a set has no order"),
    ]
    if _in_order_of_completion(facts, parts):
        causes.append(("append", "append_order", "append adds results in order of completion"))
    for shape, name, why in causes:
        for line in facts.lines_of(shape):
            if shape == "append" and facts.function_of(line) == facts.run.plan.exercise.entry:
                continue  # in the entry itself, where calls do not append at the same time
            return Advice(name, f"{seen}: {why} (line {line})", _KEEP_ORDER, line)
    return Advice(
        "swapped_results", seen, "compare the order of what you return with what is asked"
    )


def no_return(facts: Facts) -> Advice | None:
    if facts.run.ending is not Ending.RETURNED or facts.run.value is not None:
        return None
    if facts.kind != "value":
        return None
    return Advice(
        "no_return",
        "the function returned None",
        "printing is not returning: end the function with `return …`",
    )


RULES: tuple[Rule, ...] = (misplaced_values, no_return)
