"""The pipeline: an exercise and a submission to runs, to judgements, to a verdict.

Read ``grade`` as a list. It carries no messages itself and prints nothing.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

from grader import verdict as v
from grader.advice import advise
from grader.advice.errors import next_step
from grader.advice.facts import Facts, Held
from grader.checks import CHECKS
from grader.checks.evidence import Evidence, Judgement, order_of_runs
from grader.engine.core import Engine, Submission
from grader.engine.schedules import Kind, RunSpec, held_runs, plain_run, schedule_runs
from grader.engine.trace import CallRecord, Ending, Run
from grader.escape import for_shell, source_lines
from grader.executors.base import Executor, Isolation, Session
from grader.exercise import graph
from grader.exercise.model import Exercise, Item
from grader.exercise.plan import Plan, build_plan
from grader.values import describe
from grader.version import __version__

MAX_SOURCE_BYTES = 1_000_000
MAX_KILLS = 3  # new processes for one submission after a run has killed one
_NO_MORE_RUNS = (Ending.CPU_LIMIT, Ending.WALL_LIMIT, Ending.MEMORY_LIMIT, Ending.OUTPUT_LIMIT)


def grade(
    exercise: Exercise,
    submission: Submission,
    executor: Executor,
    seed: str,
    *,
    digest: bool = False,
) -> v.Verdict:
    """Grade one submission. Never raises on what the submission is or does.

    ``digest``: whether the verdict is to hold the digest of the syntax tree.
    """
    plans, specs = _prepared(exercise, seed)
    if digest:
        specs = (replace(specs[0], digest=True), *specs[1:])
    secret = seed.encode()
    with executor(exercise.limits) as session:
        if submission.problem:
            return _unreadable(exercise, submission, session.isolation, seed)
        runs = _play(session, exercise, plans, specs, submission, secret)
        evidence = Evidence(exercise, tuple(sorted(runs, key=order_of_runs)))
        judgements = [_judge(evidence, item) for item in exercise.rubric]
        explained = _explain(session, exercise, plans, judgements, evidence, submission, secret)
        isolation = session.isolation
    items: list[v.ItemResult] = []
    for item, judgement in zip(exercise.rubric, judgements, strict=True):
        items.append(_item_result(item, judgement, evidence, explained, submission, items))
    return _verdict(exercise, submission, isolation, seed, evidence, tuple(items))


@lru_cache(maxsize=4)  # a class is graded with one exercise and one seed
def _prepared(exercise: Exercise, seed: str) -> tuple[dict[str, Plan], tuple[RunSpec, ...]]:
    """The plan of each case, and the runs of every submission."""
    plans = {case.name: build_plan(exercise, case) for case in exercise.cases}
    hostile = any(item.check == "references" for item in exercise.rubric)
    return plans, tuple(schedule_runs(list(plans.values()), seed.encode(), hostile=hostile))


def play_once(
    exercise: Exercise, submission: Submission, executor: Executor, seed: str, *, stepwise: bool
) -> Run:
    """Play the first case once on its own durations, without grading."""
    plan = build_plan(exercise, exercise.cases[0])
    spec = replace(plain_run(plan), stepwise=stepwise)
    with executor(exercise.limits) as session:
        return _play_run(session, Engine(exercise, plan, spec, submission, seed.encode()))


# --- runs ------------------------------------------------------------------------------------


def _play(
    session: Session,
    exercise: Exercise,
    plans: dict[str, Plan],
    specs: Iterable[RunSpec],
    submission: Submission,
    seed: bytes,
) -> list[Run]:
    runs: list[Run] = []
    kills = 0
    for spec in specs:
        run = _play_run(session, Engine(exercise, plans[spec.case], spec, submission, seed))
        runs.append(run)
        kills += run.ending.killed
        if run.ending in (*_NO_MORE_RUNS, Ending.LOAD_ERROR) or kills >= MAX_KILLS:
            break
    return runs


def _play_run(session: Session, engine: Engine) -> Run:
    output = session.play(engine)
    return engine.run(output)


def _explain(
    session: Session,
    exercise: Exercise,
    plans: dict[str, Plan],
    judgements: Sequence[Judgement],
    evidence: Evidence,
    submission: Submission,
    seed: bytes,
) -> list[Run]:
    """Runs whose only purpose is to find the sentence that teaches."""
    lost = [judgement.run for judgement in judgements if judgement.run is not None]
    if not lost or evidence.ending.killed:
        return []
    number = len(evidence.runs)
    mismatched = next((run for run in lost if run.mismatch is not None), None)
    if mismatched is not None and mismatched.mismatch is not None:
        nodes = mismatched.mismatch.in_flight
        specs = held_runs(plans[mismatched.spec.case], nodes, number)
    else:
        specs = []
    plain = replace(plain_run(plans[lost[0].spec.case], number + len(specs)), explain=True)
    return _play(session, exercise, plans, specs or [plain], submission, seed)


# --- judgements ------------------------------------------------------------------------------


def _judge(evidence: Evidence, item: Item) -> Judgement:
    judgement = CHECKS[item.check](evidence, item)
    ending = evidence.ending
    if judgement.status is v.Status.FAILED:
        return judgement
    if ending.killed:
        run = next(run for run in evidence.runs if run.ending.killed)
        return Judgement(v.Status.NOT_ASSESSED, f"the program was stopped: {run.detail}")
    if ending is Ending.LOAD_ERROR:
        return Judgement(v.Status.NOT_ASSESSED, "the program could not be loaded")
    return judgement


def _held(runs: Sequence[Run]) -> Held | None:
    """The first held run that shows a call waiting without need."""
    for run in runs:
        if run.spec.kind is not Kind.HELD or run.spec.held is None:
            continue
        stuck = run.call_of(run.spec.held)
        if stuck is None:
            continue
        needs_stuck = graph.descendants(run.plan.nodes, run.spec.held)
        started = {call.node for call in run.calls}
        for i, node in enumerate(run.plan.nodes):
            if i == run.spec.held or i in needs_stuck or i in started or node.closing:
                continue
            suspended = next((p for p in run.places if p.line is not None), None)
            return Held(run, stuck, i, suspended)
    return None


def _item_result(
    item: Item,
    judgement: Judgement,
    evidence: Evidence,
    explained: Sequence[Run],
    submission: Submission,
    earlier: Sequence[v.ItemResult],
) -> v.ItemResult:
    points = item.points if judgement.status is v.Status.PASSED else 0
    result = v.ItemResult(
        item.id, item.title, judgement.status, points, item.points, judgement.message
    )
    if judgement.status is not v.Status.FAILED or judgement.run is None:
        return result
    lines = tuple(source_lines(submission.text))
    shapes = next((run.shapes for run in explained if run.shapes), ())
    advice = advise(Facts(item, judgement, evidence, _held(explained), lines, shapes))
    told = [other.id for other in earlier if other.misconception == advice.misconception != ""]
    if told:  # each sentence is said once
        hint = f"do the next step under {told[0]} first, then check again"
        advice = replace(advice, message="", hint=hint, line=None)
    line = advice.line or judgement.line
    in_source = line is not None and line <= len(lines)
    message = advice.message
    if message and item.check == "makespan":
        message = f"{judgement.message}: {message}"
    return replace(
        result,
        message=item.message or message or judgement.message,
        wanted=judgement.wanted,
        hint=advice.hint,
        misconception=advice.misconception,
        line=line if in_source else None,
        source_line=lines[line - 1].strip() if line is not None and in_source else "",
        case=judgement.run.spec.case,
    )


# --- the verdict -----------------------------------------------------------------------------


def _verdict(
    exercise: Exercise,
    submission: Submission,
    isolation: Isolation,
    seed: str,
    evidence: Evidence,
    items: tuple[v.ItemResult, ...],
) -> v.Verdict:
    failing_case = next((item.case for item in items if item.case), exercise.cases[0].name)
    shown = next((r for r in evidence.runs if r.spec.case == failing_case), evidence.runs[0])
    worst = next((r for r in evidence.runs if r.ending is evidence.ending), shown)
    erring = shown if shown.ending is evidence.ending else worst  # the error of the headline
    return v.Verdict(
        exercise=exercise.id,
        title=exercise.title,
        path=submission.path,
        sha256=submission.sha256,
        items=items,
        ending=evidence.ending.value,
        isolation=isolation.level,
        isolation_note=isolation.note,
        seed=seed,
        case=None if evidence.ending is Ending.LOAD_ERROR else shown.spec.case,
        output=shown.output,
        error=student_error(erring),
        timeline=timeline(shown),
        best=_best_timeline(shown),
        replay=replay_command(exercise, submission, seed),
        notes=_notes(shown, exercise),
        grader_version=__version__,
        python_version=platform.python_version(),
        tree=next((run.tree for run in evidence.runs if run.tree), ""),
    )


def _unreadable(
    exercise: Exercise, submission: Submission, isolation: Isolation, seed: str
) -> v.Verdict:
    """The verdict on a file that can't even be decoded."""
    status, why = v.Status.NOT_ASSESSED, "the program could not be loaded"
    return v.Verdict(
        exercise=exercise.id,
        title=exercise.title,
        path=submission.path,
        sha256=submission.sha256,
        items=tuple(
            v.ItemResult(item.id, item.title, status, 0, item.points, why)
            for item in exercise.rubric
        ),
        ending=Ending.LOAD_ERROR.value,
        isolation=isolation.level,
        isolation_note=isolation.note,
        seed=seed,
        case=None,
        output="",
        error=v.StudentError("unreadable", submission.problem),
        timeline=None,
        best=None,
        replay=replay_command(exercise, submission, seed),
        grader_version=__version__,
        python_version=platform.python_version(),
    )


def replay_command(exercise: Exercise, submission: Submission, seed: str) -> str:
    """The command that grades this submission again in the same way, to paste into a shell."""
    path = submission.path
    if path.startswith("-") and path != "-":
        path = f"./{path}"  # else it would be taken for an option
    return f"asyncgrade check {exercise.id} {for_shell(path)} --seed {for_shell(seed)}"


def student_error(run: Run) -> v.StudentError | None:
    """Why the run did not simply return, in the student's terms; None when it did."""
    if run.error is not None:
        error = run.error
        kind, text = error.kind, error.text or run.detail
        if kind == "syntax" and ": " in text:
            kind = text.partition(": ")[0]
        text = text.removeprefix(kind).removeprefix(": ")
        hint = next_step(error, run.plan.exercise)
        return v.StudentError(kind, text, error.traceback, error.line, hint)
    if run.ending in (Ending.RETURNED, Ending.CANCELLED, Ending.HELD):
        return None
    line = next((place.line for place in run.places if place.line is not None), None)
    return v.StudentError(run.ending.value, _explain_ending(run), "", line)


def _explain_ending(run: Run) -> str:
    if run.ending is Ending.DEADLOCK:
        where = [
            f"{place.task}() at line {place.line}"
            + (f" in {place.waits_for}" if place.waits_for else "")
            for place in run.places
            if place.line is not None
        ]
        stands = f": {'; '.join(where)}" if where else ""
        return f"every task waits, and nothing is left that could wake one{stands}"
    if run.ending is Ending.LIVELOCK:
        return "the program keeps the event loop busy without ever waiting"
    if run.ending is Ending.VIRTUAL_TIME_LIMIT:
        return "the program was still waiting after a very long (virtual) time"
    return run.detail or run.ending.value


def _notes(run: Run, exercise: Exercise) -> tuple[str, ...]:
    return tuple(
        f"line {line}: `asyncio.run(…)` was left out when the file was imported, because the "
        f'grader calls {exercise.entry}() itself; put it under `if __name__ == "__main__":`'
        for kind, line in run.notes
        if kind == "main_ignored"
    )


def timeline(run: Run) -> v.Timeline | None:
    """The calls of a run over virtual time; None when there were none."""
    if not run.calls:
        return None
    last = len(run.plan.nodes)
    calls = sorted(
        run.calls, key=lambda call: (last if call.node is None else call.node, call.start_seq)
    )
    ideal = graph.ideal_makespan(run.plan.nodes, run.spec.durations_us) if run.plan.nodes else None
    return v.Timeline(run.end_us, ideal, tuple(_timeline_call(call) for call in calls))


def _timeline_call(call: CallRecord) -> v.TimelineCall:
    return v.TimelineCall(
        service=call.operation,
        args=tuple(describe(arg, 60) for arg in call.args),
        start_us=call.start_us,
        end_us=call.end_us,
        line=call.line,
        outcome=call.outcome.value,
    )


def _best_timeline(run: Run) -> v.Timeline | None:
    """The best schedule of the plan, with its critical path."""
    nodes, durations = run.plan.nodes, run.spec.durations_us
    if not nodes:
        return None
    critical = set(graph.critical_path(nodes, durations))
    calls = []
    for i, (start_us, end_us) in enumerate(graph.schedule(nodes, durations)):
        call = run.call_of(i)
        args = tuple(describe(arg, 60) for arg in call.args) if call else ("…",)
        calls.append(
            v.TimelineCall(nodes[i].operation, args, start_us, end_us, None, "ok", i in critical)
        )
    makespan = graph.ideal_makespan(nodes, durations)
    return v.Timeline(makespan, makespan, tuple(calls))


def read_submission(path: str, filename: str, data: bytes) -> Submission:
    """Decode a submission once, as UTF-8. What can't be decoded has a ``problem``."""
    sha256 = hashlib.sha256(data).hexdigest()
    if len(data) > MAX_SOURCE_BYTES:
        size = f"{len(data) / 1e6:.1f} MB"
        problem = f"the file is too large: {size}; the limit is {MAX_SOURCE_BYTES // 1000} kB"
        return Submission(path, filename, "", sha256, problem)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = (
            f"line {line}: byte 0x{data[error.start]:02x} is not UTF-8; "
            "save the file with the encoding UTF-8"
        )
        return Submission(path, filename, "", sha256, problem)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        problem = f"line {line}: the file holds a NUL byte, so it is not Python source text"
        return Submission(path, filename, "", sha256, problem)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return Submission(path, filename, text, sha256)
