"""The checks on what is left behind: open work, blocking, lost errors, lost references."""

from __future__ import annotations

from grader.checks.evidence import (
    NO_CALLS,
    PASSED,
    Evidence,
    Judgement,
    failed,
    how_it_ended,
)
from grader.engine.schedules import Kind
from grader.engine.trace import Ending, Finding, Run
from grader.exercise.model import Item

_WANTED = "everything that was started is awaited, closed and finished"

_SEEN = {  # the most telling first: what is left of a generator is also left as a task
    "never_awaited": "{detail} was made but never awaited, so it never ran",
    "call_left": "{detail} when the function ended",
    "asyncgen_left": "the async generator {detail}() was left unfinished to the garbage collector",
    "task_left": "the task of {detail}() was still running when the function ended",
    "context_open": "a context (`async with`) was entered and never left",
    "refused": "a service was used in a way that it does not allow: {detail}",
    "blocked": "{detail} froze the event loop: nothing else could run meanwhile",
    "lost_exception": "a task failed with {detail} and nobody looked at its error",
    "destroyed": "a task was thrown away while it was still pending",
    "loop_error": "the event loop complained: {detail}",
}


def clean(evidence: Evidence, item: Item) -> Judgement:
    """Nothing is left open, running, blocking or unheard, with the exercise's own durations."""
    for run in evidence.of(item):
        if not run.spec.nominal or run.spec.hostile:
            continue
        if run.ending in (Ending.DEADLOCK, Ending.LIVELOCK):
            return failed(how_it_ended(run), _WANTED, run=run, kind=run.ending.value)
        for finding in _worst_first(run):
            detail = finding.detail.rpartition("<locals>.")[2]
            seen = _SEEN[finding.kind].format(detail=detail)
            return failed(seen, _WANTED, run=run, kind=finding.kind, line=finding.line)
    changed = _run_that_changed(evidence)
    if changed is not None:
        seen = "played a second time, the program made other calls: it keeps state between runs"
        return failed(seen, "the same calls every time", run=changed, kind="state_kept")
    return PASSED if evidence.did_something else NO_CALLS


def _worst_first(run: Run) -> list[Finding]:
    known = list(_SEEN)
    findings = [finding for finding in run.findings if finding.kind in _SEEN]
    return sorted(findings, key=lambda finding: known.index(finding.kind))


def _run_that_changed(evidence: Evidence) -> Run | None:
    """The repeated run, when it differs from the first one."""
    repeat = next((run for run in evidence.runs if run.spec.repeat), None)
    if repeat is None or repeat.ending.killed:
        return None
    first = next(run for run in evidence.runs if run.spec.number == 0)
    return repeat if _signature(first) != _signature(repeat) else None


def _signature(run: Run) -> tuple[object, ...]:
    """Which calls a run made. Values differ from run to run, and so may times and the order of
    starts: a set of tasks has another order each time.
    """
    calls = sorted(
        (call.operation, -1 if call.node is None else call.node, call.outcome.value)
        for call in run.calls
    )
    return (run.ending, calls)


def references(evidence: Evidence, item: Item) -> Judgement:
    """Every task is referenced while it runs: nothing is lost when garbage is collected."""
    wanted = "a variable (or a TaskGroup, or gather) that holds each task until it is done"
    judged = False
    for run in evidence.of(item, Kind.TIMED):
        if not run.spec.hostile or not run.calls:
            continue
        judged = True
        for finding in run.findings:
            if finding.kind == "destroyed":
                seen = "a running task was garbage-collected: nothing in the program refers to it"
                return failed(seen, wanted, run=run, kind="destroyed", line=finding.line)
        plain = _plain_run_of(evidence, item, run)
        if plain is not None and run.ending.severity < plain.ending.severity:
            seen = f"when garbage is collected, {how_it_ended(run)}"
            return failed(seen, wanted, run=run, kind="destroyed")
    return PASSED if judged else NO_CALLS


def _plain_run_of(evidence: Evidence, item: Item, hostile: Run) -> Run | None:
    """The same run without the collector; None when a killed run came before it."""
    for run in evidence.of(item, Kind.TIMED):
        if run.spec.nominal and not run.spec.hostile and run.spec.case == hostile.spec.case:
            return run
    return None
