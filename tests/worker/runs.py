"""One run of a small program in process, without grading: what the worker tells the engine."""

from __future__ import annotations

import functools
import textwrap
from dataclasses import replace

from grader.engine.core import Engine
from grader.engine.schedules import Kind, plain_run
from grader.engine.trace import Finding, Run
from grader.executors.base import Executor
from grader.executors.in_process import InProcessSession
from grader.exercise.model import Exercise
from grader.exercise.plan import build_plan
from tests.helpers import exercise_from, submission_from

EXERCISE = """
entry: main
params: [n]
services:
  fast: {args: [], duration: 1, returns: "f'fast-{nonce}'"}
  slow: {args: [], duration: 3, returns: "f'slow-{nonce}'"}
  look_up:
    args: [key]
    duration: 1
    returns: "{key: [1, 2.5, nonce]}"
    raises: {error: LookupError(key), when: "key == 'missing'"}
  Session:
    kind: context
    args: [name]
    enter: 1
    exit: 1
    methods:
      read: {args: [key], duration: 2, returns: key}
plan:
  one: fast()
result: one
cases:
  a: {call: [7]}
rubric:
  - {id: result, points: 1, check: result, goal: true, title: the result is right}
"""

IMPORTS = "import asyncio, time\nfrom services import *\n"


@functools.cache
def sample() -> Exercise:
    return exercise_from(EXERCISE)


def run_of(
    source: str | bytes,
    *,
    hostile: bool = False,
    held: int | None = None,
    executor: Executor = InProcessSession,
    exercise: Exercise | None = None,
) -> Run:
    """Play a program's first case once, on the exercise's own durations."""
    exercise = exercise or sample()
    plan = build_plan(exercise, exercise.cases[0])
    kind = Kind.TIMED if held is None else Kind.HELD
    spec = replace(plain_run(plan), kind=kind, hostile=hostile, held=held)
    engine = Engine(exercise, plan, spec, submission_from(source), b"seed")
    with executor(exercise.limits) as session:
        output = session.play(engine)
    return engine.run(output)


def program(body: str, before: str = "") -> str:
    """A submission: the imports on lines 1 and 2, ``before``, then ``main`` with this body."""
    inner = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    return f"{IMPORTS}{textwrap.dedent(before)}async def main(n):\n{inner}\n"


def run_main(body: str, before: str = "", *, hostile: bool = False) -> Run:
    return run_of(program(body, before), hostile=hostile)


def line_of(source: str, part: str) -> int:
    """The line of the submission that holds this text, which must be unique."""
    lines = [i for i, line in enumerate(source.splitlines(), 1) if part in line]
    assert len(lines) == 1, (part, lines)
    return lines[0]


def findings(run: Run, kind: str) -> list[Finding]:
    return [finding for finding in run.findings if finding.kind == kind]
