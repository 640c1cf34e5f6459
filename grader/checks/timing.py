"""The checks on concurrency: what gates prove, and what the clock says."""

from __future__ import annotations

from grader.checks.evidence import (
    NO_CALLS,
    PASSED,
    Evidence,
    Judgement,
    circumstances,
    could_not_run,
    ended_as_expected,
    failed,
    not_assessed,
    seconds,
    show_call,
    show_node,
    was_made_again,
)
from grader.engine.schedules import Kind
from grader.engine.trace import Ending, Mismatch, Outcome, Run
from grader.exercise import graph
from grader.exercise.model import Item


def concurrency(evidence: Evidence, item: Item) -> Judgement:
    """At every rest of every gated run, the started calls are the plan's ready set."""
    runs = [run for run in evidence.of(item, Kind.GATED) if run.calls or not could_not_run(run)]
    if not any(run.calls for run in runs):
        return NO_CALLS
    for run in runs:
        if run.mismatch is not None:
            return _describe_mismatch(run, run.mismatch)
        twice = next((call for call in run.calls if was_made_again(run, call)), None)
        if twice is not None:
            seen = f"{show_call(twice)} was started, cancelled and started again"
            return failed(seen, _WANTED, run=run, kind="extra", line=twice.line)
    return PASSED


def _describe_mismatch(run: Run, mismatch: Mismatch) -> Judgement:
    """Say in plain words what was missing, or too much."""
    plan = run.plan
    by_id = {call.id: call for call in run.calls}
    if mismatch.extra:
        call = by_id[mismatch.extra[0]]
        if call.outcome is Outcome.REFUSED:
            seen = f"{call.operation}() was called, but it could not start"
            return failed(seen, _WANTED, run=run, kind="refused", line=call.line)
        if call.node is None:
            seen = f"{show_call(call)} was started, and nothing needs this call"
            return failed(seen, _WANTED, run=run, kind="extra", line=call.line)
        seen = f"{show_call(call)} was started before what it depends on had finished"
        return failed(seen, _WANTED, run=run, kind="early", line=call.line)
    missing = mismatch.missing[0]
    name = show_node(plan, missing, run)
    if mismatch.at_end:
        call_left = run.call_of(missing)
        ended = "the function ended" if run.ending is not Ending.DEADLOCK else "everything stopped"
        if call_left is not None:
            seen = f"{ended} while {name} was still running"
            return failed(seen, _WANTED, run=run, kind="unfinished", line=call_left.line)
        return failed(f"{ended} and {name} was never started", _WANTED, run=run, kind="missing")
    if missing in mismatch.in_flight:
        call_late = run.call_of(missing)
        line = call_late.line if call_late else None
        seen = f"{name} was started later than it could have been: all that it needs had finished"
        return failed(seen, _WANTED, run=run, kind="late", line=line)
    others = [show_node(plan, node, run) for node in mismatch.in_flight]
    blocking = plan.nodes[missing].deps
    if others:
        seen = f"{name} had not started while {others[0]} was still running"
        waited = run.call_of(mismatch.in_flight[0])
        line = waited.line if waited else None
        return failed(seen, _WANTED, run=run, kind="serial", line=line)
    reason = "all that it needs had finished" if blocking else "it needs nothing"
    return failed(f"{name} had not started although {reason}", _WANTED, run=run, kind="idle")


_WANTED = "calls that depend on each other in series, all the others at the same time"


def makespan(evidence: Evidence, item: Item) -> Judgement:
    """Every timed run returned, and took exactly as long as its critical path."""
    runs = [r for r in evidence.of(item, Kind.TIMED) if r.plan.nodes and not r.spec.hostile]
    if not any(run.calls for run in runs):
        return NO_CALLS
    for run in runs:
        if run.ending is not Ending.RETURNED:
            continue
        ideal_us = graph.ideal_makespan(run.plan.nodes, run.spec.durations_us)
        if run.end_us != ideal_us:
            when = circumstances(run)
            digits = 3 if abs(run.end_us - ideal_us) >= 1000 else 6
            seen = f"it took {seconds(run.end_us, digits)}{when}"
            best = seconds(ideal_us, digits)
            wanted = f"{best}, the length of the longest chain of dependent calls"
            kind = "slow" if run.end_us > ideal_us else "fast"
            return failed(seen, wanted, run=run, kind=kind)
    if all(run.ending is Ending.RETURNED or ended_as_expected(run) for run in runs):
        return PASSED
    return not_assessed("not every run returned, so there is no time to judge")
