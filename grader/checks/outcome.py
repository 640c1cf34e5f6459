"""The checks on what the entry did: its result, and the calls it made."""

from __future__ import annotations

from contextlib import suppress

from grader.checks.evidence import (
    NO_CALLS,
    PASSED,
    Evidence,
    Judgement,
    circumstances,
    ended_as_expected,
    failed,
    how_it_ended,
    not_assessed,
    refusal,
    show_call,
    show_node,
    times,
    was_made_again,
)
from grader.engine.trace import CallRecord, Ending, Outcome, Run
from grader.exercise.model import ExpressionError, Item
from grader.values import Dict, Opaque, Value, describe


def result(evidence: Evidence, item: Item) -> Judgement:
    """The entry returned (or raised) what its case says, in every timed and gated run."""
    judged = False
    for run in evidence.of(item):
        if run.spec.hostile or (ended_as_expected(run) and _error_is_a_services(run)):
            judged = True
            continue
        if run.ending is Ending.LOAD_ERROR:
            return not_assessed("the program could not be loaded")
        judgement = _judge_result(run)
        if judgement is not PASSED:
            return judgement
        judged = True
    return PASSED if judged else not_assessed("it never ran")


def _judge_result(run: Run) -> Judgement:
    case, when = run.plan.case, circumstances(run)
    if ended_as_expected(run):
        seen = f"it raised {case.raises}{when}, but no service had raised it"
        line = run.error.line if run.error else None
        return failed(seen, f"the {case.raises} of a service", run=run, kind="ended", line=line)
    if run.ending is not Ending.RETURNED:
        wanted = f"{case.raises} to be raised" if case.raises else "a result"
        line = run.error.line if run.error else None
        return failed(how_it_ended(run) + when, wanted, run=run, kind="ended", line=line)
    if case.raises:
        seen = f"it returned {describe(run.value)}{when}"
        return failed(seen, f"{case.raises} to be raised", run=run, kind="no_error")
    normalise = run.plan.exercise.normalise
    try:
        expected = expected_result(run)
    except ExpressionError:
        seen = f"it returned {describe(run.value)}{when} before all calls had finished"
        return failed(seen, "the values that the services return", run=run, kind="value")
    value = run.value
    # tuple(result) would take the keys of a dict
    other_kind = isinstance(value, Opaque) or isinstance(value, Dict) > isinstance(expected, Dict)
    if normalise is not None and not other_kind:
        with suppress(ExpressionError):
            value = normalise({"result": value})
    if normalise is not None:
        with suppress(ExpressionError):
            expected = normalise({"result": expected})
    if run.canonical(value) == run.canonical(expected):
        return PASSED
    seen, wanted = f"it returned {describe(run.value)}{when}", describe(expected)
    return failed(seen, wanted, run=run, kind="value")


def _error_is_a_services(run: Run) -> bool:
    """A service raised the error that the case expects; or no service of the plan ever does."""
    wanted = run.plan.case.raises
    operations = {node.operation for node in run.plan.nodes}
    may_raise = any(
        failure.error_type == wanted
        for name in operations
        for failure in run.plan.exercise.operation(name).failures
    )
    return not may_raise or any(
        call.outcome is Outcome.RAISED and call.error.partition("(")[0] == wanted
        for call in run.calls
    )


def expected_result(run: Run) -> Value:
    """What the entry should have returned, over the values that were really issued.

    A call that the plan has no node for (made on the wrong session, say) still stands for the
    node with its arguments, and one call for all that are equal to it: how calls were made is for
    other items. Raises ExpressionError.
    """
    values = dict(run.node_values)
    missing = [i for i in range(len(run.plan.nodes)) if i not in values]
    done = [call for call in run.calls if missing and call.outcome is Outcome.OK]
    made = {(call.operation, run.canonical(call.args)): call.value for call in done}
    for i in missing:
        with suppress(ExpressionError, KeyError):
            args = run.canonical(run.plan.arguments(i, values))
            values[i] = made[run.plan.nodes[i].operation, args]
    return run.plan.result(values)


def calls(evidence: Evidence, item: Item) -> Judgement:
    """Exactly the calls of the plan were started, in every timed and gated run."""
    judged = False
    for run in evidence.of(item):
        if run.spec.hostile or not run.calls:
            continue
        judged = True
        judgement = _judge_calls(run)
        if judgement is not PASSED:
            return judgement
    if not judged:
        return NO_CALLS
    silent = next((run for run in evidence.of(item) if run.plan.nodes and not run.calls), None)
    if silent is not None and not silent.spec.hostile:
        return failed("no service was called", _wanted_calls(silent), run=silent, kind="missing")
    return PASSED


def _judge_calls(run: Run) -> Judgement:
    plan, when = run.plan, circumstances(run)
    for call in run.calls:
        if call.outcome is Outcome.REFUSED:
            seen = f"{refusal(call)}{when}"
            return failed(seen, _wanted_calls(run), run=run, kind="unexpected", line=call.line)
        if call.node is None or was_made_again(run, call):
            same = [other for other in run.calls if _same(run, other, call)]
            if len(same) > 1:
                seen = f"{show_call(call)} was called {times(len(same))}{when}"
                kind = "twice"
            else:
                seen = f"{show_call(call)} was called{when}; nothing needs this call"
                kind = "unexpected"
            return failed(seen, _wanted_calls(run), run=run, kind=kind, line=call.line)
    started = {call.node for call in run.calls}
    for i, node in enumerate(plan.nodes):
        if i not in started and not node.closing:
            seen = f"{show_node(plan, i, run)} was never started{when}"
            return failed(seen, _wanted_calls(run), run=run, kind="missing")
    return PASSED


def _same(run: Run, one: CallRecord, other: CallRecord) -> bool:
    return one.operation == other.operation and run.canonical(one.args) == run.canonical(other.args)


def _wanted_calls(run: Run) -> str:
    counts: dict[str, int] = {}
    for node in run.plan.nodes:
        counts[node.operation] = counts.get(node.operation, 0) + 1
    parts = [f"{name}() {times(n)}" for name, n in counts.items()]
    return ", ".join(parts) if parts else "no calls"
