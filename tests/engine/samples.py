"""Small exercises, and messages as a worker sends them, for the tests of the engine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from grader import protocol
from grader.engine.core import Engine, State
from grader.engine.schedules import Kind, RunSpec, plain_run
from grader.engine.trace import Run
from grader.exercise.model import Exercise
from grader.exercise.plan import Plan, build_plan
from tests.helpers import exercise_from, submission_from

SECOND = 1_000_000

RUBRIC = """
rubric:
  - {id: result, points: 1, check: result, goal: true, title: the result is right}
"""

# a(1) takes 3 s, b(1) takes 2 s; then join, 1 s.
DIAMOND = """
entry: go
params: []
services:
  a: {args: [x], duration: 3, returns: "f'a{x}-{nonce}'"}
  b: {args: [x], duration: 2, returns: "f'b{x}-{nonce}'"}
  join: {args: [left, right], duration: 1, returns: "f'{left}+{right}'"}
plan:
  one: a(1)
  two: b(1)
  both: join(one, two)
result: both
cases:
  plain: {call: []}
"""

# Each node takes 1 s to open, 2 s (read) and 1 s to close; exclusive.
SESSIONS = """
entry: go
params: []
services:
  Session:
    kind: context
    args: []
    enter: 1
    exit: 1
    exclusive: true
    methods:
      read: {args: [key], duration: 2, returns: "f'{key}-{nonce}'"}
plan:
  one: Session.read('x')
  two: Session.read('y')
result: (one, two)
cases:
  plain: {call: []}
"""

PICKY = """
entry: go
params: []
exceptions: [Busy]
services:
  fetch:
    args: [key]
    duration: 1
    raises: {when: "key == 'bad'", error: "Busy('no ' + key)"}
    returns: "f'{key.upper()}-{nonce}'"
plan:
  one: fetch('good')
result: one
cases:
  plain: {call: []}
"""


def sample(body: str) -> Exercise:
    return exercise_from(body + RUBRIC)


def plan_of(exercise: Exercise) -> Plan:
    return build_plan(exercise, exercise.cases[0])


def gated(plan: Plan, order: tuple[int, ...] | None = None) -> RunSpec:
    order = tuple(range(len(plan.nodes))) if order is None else order
    return replace(plain_run(plan), kind=Kind.GATED, order=order)


def held(plan: Plan, node: int) -> RunSpec:
    return replace(plain_run(plan), kind=Kind.HELD, held=node)


# --- messages --------------------------------------------------------------------------------

LOCKED = protocol.Locked([])
LOADED = protocol.Loaded(None, "", "", None, [], [])
WHERE = protocol.Where([])


def call(call_id: int, service: str, *args: Any, now_us: int = 0, **fields: Any) -> protocol.Call:
    """A call. Other fields (``context``, ``kwargs``, ``line``) by name."""
    wires = [protocol.to_wire(arg) for arg in args]
    message = protocol.Call(now_us, call_id, service, None, wires, [], 7, 7, 0)
    return message._replace(**fields)


def cancel(call_id: int, now_us: int = 0) -> protocol.Cancel:
    return protocol.Cancel(now_us, call_id)


def idle(now_us: int = 0, timer: int | None = None, spinning: bool = False) -> protocol.Idle:
    return protocol.Idle(now_us, timer, spinning)


def block(now_us: int, duration_us: int) -> protocol.Block:
    return protocol.Block(now_us, duration_us, 5, "time.sleep()")


def end(now_us: int = 0, value: Any = None, **fields: Any) -> protocol.End:
    message = protocol.End(now_us, "returned", protocol.to_wire(value), "", "", "", None, [])
    return message._replace(**fields)


def raised(kind: str, now_us: int = 0) -> protocol.End:
    return end(now_us, outcome="raised", error_type=kind, error_text=f"{kind}: oh", line=3)


# --- engines ---------------------------------------------------------------------------------


def engine_for(exercise: Exercise, spec: RunSpec | None = None, seed: bytes = b"s") -> Engine:
    """An engine that waits for ``locked``."""
    plan = plan_of(exercise)
    submission = submission_from("async def go(): ...")
    return Engine(exercise, plan, spec or plain_run(plan), submission, seed)


def running(exercise: Exercise, spec: RunSpec | None = None, seed: bytes = b"s") -> Engine:
    """An engine that has sent ``begin``."""
    engine = engine_for(exercise, spec, seed)
    talk(engine, LOCKED, LOADED)
    assert engine.state is State.RUNNING
    return engine


def talk(engine: Engine, *messages: Any) -> list[Any]:
    """Send messages; give all answers."""
    return [answer for message in messages for answer in engine.handle(message)]


def replies(answers: list[Any]) -> list[int]:
    """The ids of the calls that were answered, in order."""
    return [answer.id for answer in answers if isinstance(answer, protocol.Reply)]


def value_of(answers: list[Any], call_id: int) -> Any:
    reply = next(a for a in answers if isinstance(a, protocol.Reply) and a.id == call_id)
    return protocol.from_wire(reply.value)


def trace(engine: Engine) -> Run:
    return engine.run("")


def kinds(run: Run) -> list[str]:
    return [finding.kind for finding in run.findings]
