"""Whatever a worker sends: the engine never raises, stays over, and is the same each time."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from grader import protocol
from grader.checks import CHECKS
from grader.checks.evidence import Evidence
from grader.engine.core import STATES, Engine, State
from grader.engine.schedules import RunSpec, plain_run
from grader.engine.trace import Ending, Run
from grader.exercise.model import Exercise, Item
from grader.grade import student_error, timeline
from tests.engine.samples import (
    DIAMOND,
    LOADED,
    LOCKED,
    PICKY,
    SESSIONS,
    engine_for,
    gated,
    held,
    plan_of,
    sample,
    trace,
)
from tests.engine.test_matching import AFTER, TWINS

EXERCISES = [sample(body) for body in (DIAMOND, SESSIONS, PICKY, TWINS, AFTER)]
SERVICES = ["a", "b", "join", "fetch", "get", "left", "right", "save", "send", "nothing"] + [
    f"Session.{name}" for name in ("enter", "read", "exit")
]
QUICK = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)


def specs_of(exercise: Exercise) -> list[RunSpec]:
    plan = plan_of(exercise)
    plain = plain_run(plan)
    other = replace(plain, nominal=False, durations_us=tuple(i + 1 for i in plain.durations_us))
    backwards = tuple(range(len(plan.nodes)))[::-1]
    return [
        plain,
        other,
        replace(plain, stepwise=True),
        gated(plan),
        gated(plan, backwards),
        held(plan, 0),
    ]


ENGINES = [(exercise, spec) for exercise in EXERCISES for spec in specs_of(exercise)]

# --- messages --------------------------------------------------------------------------------

NUMBERS = st.sampled_from([-1, 0, 1, 2, 3, 10**6, 2 * 10**6, 10**9, 10**12, 2**63, 10**400])
TEXTS = st.sampled_from(["", "x", "go", "returned", "raised", "MemoryError", "call_left", "é\n"])
TAGS = st.sampled_from(["l", "t", "s", "d", "r", "b", "i", "n", "u", "o", "z", "", None])
WIRES = st.recursive(
    st.none()
    | st.booleans()
    | NUMBERS
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
    | st.sampled_from([["b", "00ff"], ["i", "f" * 500], ["n", "nan"], ["u", "eda080"], {}]),
    lambda inner: st.builds(lambda tag, items: [tag, *items], TAGS, st.lists(inner, max_size=4)),
    max_leaves=8,
)
LINES = st.none() | NUMBERS
ROWS = st.lists(st.lists(WIRES, max_size=4), max_size=3)


def _messages() -> st.SearchStrategy[Any]:
    """Each message with fields of the right types: what the host's decoder lets through."""
    p = protocol
    args = st.lists(WIRES, max_size=3)
    context = st.none() | st.integers(-1, 4)
    call_id = st.integers(-1, 6)
    return st.one_of(
        st.builds(p.Locked, st.lists(TEXTS, max_size=1)),
        st.builds(p.Loaded, st.none() | TEXTS, TEXTS, TEXTS, LINES, ROWS, ROWS),
        st.builds(
            p.Call,
            NUMBERS,
            call_id,
            st.sampled_from(SERVICES),
            context,
            args,
            args,
            LINES,
            LINES,
            NUMBERS,
        ),
        st.builds(p.Cancel, NUMBERS, call_id),
        st.builds(p.Idle, NUMBERS, LINES, st.booleans()),
        st.builds(p.Where, ROWS),
        st.builds(p.Block, NUMBERS, NUMBERS, LINES, TEXTS),
        st.builds(p.End, NUMBERS, TEXTS, WIRES, TEXTS, TEXTS, TEXTS, LINES, ROWS),
    )


# Moves of a worker that mostly keeps to the rules: (what, a number, an argument).
MOVES = st.tuples(
    st.sampled_from(["call", "call", "call", "idle", "idle", "cancel", "block", "spin", "end"]),
    st.integers(0, 20),
    st.sampled_from([1, "x", "good", "bad", "reply", "reply", ["l", 1], ["o", "Task"]]),
)


class Worker:
    """Turns moves into messages that fit what the engine has said so far."""

    def __init__(self, exercise: Exercise) -> None:
        self.operations = [op for service in exercise.services for op in service.operations]
        self.now_us = 0
        self.until_us = 0
        self.next_id = 0
        self.open: list[int] = []
        self.contexts: list[int] = []
        self.values: list[Any] = []

    def message(self, what: str, number: int, argument: Any) -> Any:
        if what == "call":
            return self._call(number, argument)
        if what == "cancel" and self.open:
            return protocol.Cancel(self.now_us, self.open.pop(number % len(self.open)))
        if what == "block":
            self.now_us += number
            return protocol.Block(self.now_us, number, 3, "time.sleep()")
        if what == "end":
            value = self.values[number % len(self.values)] if self.values else None
            return protocol.End(self.now_us, "returned", value, "", "", "", None, [])
        timer = None if number % 2 else self.now_us + number * 10**5
        return protocol.Idle(self.now_us, timer, what == "spin")

    def _call(self, number: int, argument: Any) -> protocol.Call:
        operation = self.operations[number % len(self.operations)]
        self.next_id += 1
        self.open.append(self.next_id)
        context = self.contexts[number % len(self.contexts)] if self.contexts else None
        if operation.name == "Session.enter":
            self.contexts.append(self.next_id)
        if argument == "reply" and self.values:
            args = [self.values[(number + i) % len(self.values)] for i in (0, 1)]
        else:
            args = [argument] * len(operation.params)
        args = args[: len(operation.params)]
        name = operation.name
        return protocol.Call(self.now_us, self.next_id, name, context, args, [], 4, 4, 0)

    def hear(self, answers: list[Any]) -> None:
        for answer in answers:
            if isinstance(answer, protocol.Reply):
                assert answer.id in self.open
                self.open.remove(answer.id)
                self.values.append(answer.value)
            elif isinstance(answer, protocol.Advance):
                assert answer.now_us >= self.now_us
                self.now_us = answer.now_us


# --- laws ------------------------------------------------------------------------------------


def send(engine: Engine, message: Any) -> list[Any]:
    """Hand one message over and look at what every answer must be like."""
    legal, now_us = type(message) in STATES[engine.state], engine.now_us
    killed = engine.ending if engine.over and engine.ending.killed else None
    answers = engine.handle(message)
    assert engine.state in State
    assert engine.now_us >= now_us
    assert all(type(answer) in protocol.ENGINE_TAGS.values() for answer in answers)
    assert protocol.encode_frame(answers)
    assert engine.over == any(isinstance(answer, protocol.Stop) for answer in answers)
    if not legal:  # nothing is, once it is over; a killed run keeps its first reason
        assert answers == [protocol.Stop((killed or Ending.VIOLATION).value)]
    return answers


def without_plan(run: Run) -> str:
    """The trace as text; a plan has functions in it."""
    return repr([getattr(run, field.name) for field in fields(run) if field.name != "plan"])


def check_everything(engine: Engine) -> None:
    """A finished trace can be looked at by every check and by the reports."""
    run = trace(engine)
    assert [call.start_seq for call in run.calls] == sorted(call.start_seq for call in run.calls)
    for call in run.calls:
        assert call.end_seq is None or call.end_seq > call.start_seq
        assert call.end_us is None or call.end_us >= call.start_us
    nodes = [c.node for c in run.calls if c.node is not None and c.outcome.value in ("ok", "open")]
    assert len(nodes) == len(set(nodes))
    assert set(run.node_values) <= set(range(len(run.plan.nodes)))
    evidence = Evidence(engine.exercise, (run,))
    for name, check in CHECKS.items():
        check(evidence, Item("item", 1, name, "title"))
    timeline(run)
    student_error(run)


def finish(engine: Engine) -> str:
    if not engine.over:
        engine.abort(Ending.CRASHED, "the test is over")
    assert engine.over
    check_everything(engine)
    return without_plan(trace(engine))


@QUICK
@given(st.sampled_from(ENGINES), st.lists(_messages(), max_size=12), st.booleans())
def test_any_messages_lead_to_a_legal_state(
    pair: tuple[Exercise, RunSpec], messages: list[Any], begun: bool
) -> None:
    first = [LOCKED, LOADED] if begun else []
    traces = []
    for _ in range(2):
        engine = engine_for(*pair)
        for message in [*first, *messages]:
            send(engine, message)
        traces.append(finish(engine))
    assert traces[0] == traces[1]


@settings(QUICK, max_examples=250)
@given(st.sampled_from(ENGINES), st.lists(MOVES, max_size=40), st.binary(max_size=3))
@example(ENGINES[0], [("block", 20, 1), ("call", 0, 1), ("idle", 1, 1), ("end", 0, 1)], b"")
def test_a_worker_that_keeps_to_the_rules_breaks_none(
    pair: tuple[Exercise, RunSpec], moves: list[tuple[str, int, Any]], seed: bytes
) -> None:
    traces = []
    for _ in range(2):
        engine, worker = engine_for(*pair, seed), Worker(pair[0])
        for message in (LOCKED, LOADED):
            send(engine, message)
        for move in moves:
            if engine.state is not State.RUNNING:
                break
            worker.hear(send(engine, worker.message(*move)))
        if engine.state is State.ASKED:
            send(engine, protocol.Where([]))
        assert not engine.over or engine.ending is not Ending.VIOLATION
        traces.append(finish(engine))
    assert traces[0] == traces[1]


@QUICK
@given(
    st.sampled_from(ENGINES),
    st.lists(MOVES, min_size=4, max_size=25),
    st.integers(0, 25),
    _messages(),
    st.data(),
)
def test_one_wrong_message_in_a_good_conversation_does_no_harm(
    pair: tuple[Exercise, RunSpec],
    moves: list[tuple[str, int, Any]],
    where: int,
    intruder: Any,
    data: st.DataObject,
) -> None:
    """The intruder is another message, or the good one with a field exchanged."""
    engine, worker = engine_for(*pair), Worker(pair[0])
    for message in (LOCKED, LOADED):
        send(engine, message)
    for number, move in enumerate(moves):
        message = worker.message(*move)
        if number == where % len(moves):
            if type(message) is type(intruder):
                name = data.draw(st.sampled_from(message._fields))
                intruder = message._replace(**{name: getattr(intruder, name)})
            message = intruder
        answers = send(engine, message)
        if engine.state is State.RUNNING:
            try:
                worker.hear(answers)
            except AssertionError:
                return  # the intruder was taken for a call of which this worker knows nothing
    finish(engine)


@pytest.mark.parametrize("pair", ENGINES[::5])
def test_what_is_over_stays_over(pair: tuple[Exercise, RunSpec]) -> None:
    engine = engine_for(*pair)
    for message in (LOCKED, LOADED, protocol.Locked([])):
        send(engine, message)
    before = trace(engine)
    for late in (LOCKED, LOADED, protocol.Idle(0, None, False), protocol.Where([]), object()):
        assert send(engine, late) == [protocol.Stop("violation")]
    engine.abort(Ending.RETURNED, "")
    after = replace(trace(engine), detail=before.detail)  # it names the last message
    assert without_plan(after) == without_plan(before)
