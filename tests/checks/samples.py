"""Small exercises with all the checks, and ways to grade a few lines of a program."""

from __future__ import annotations

import builtins
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from grader.exercise.model import Exercise
from grader.verdict import ItemResult, Status, Verdict
from tests.helpers import exercise_from, grade_text

EVERYTHING = {"result", "calls", "overlap", "time", "clean", "refs"}

RUBRIC = """
rubric:
  - {id: result, points: 1, check: result, goal: true, title: the result is right}
  - {id: calls, points: 1, check: calls, goal: true, title: the calls are right}
  - {id: overlap, points: 1, check: concurrency, goal: true, title: the calls overlap}
  - {id: time, points: 1, check: makespan, goal: true, title: it takes no longer than needed}
  - {id: clean, points: 1, check: clean, title: nothing is left}
  - {id: refs, points: 1, check: references, title: every task is held}
"""

# Two independent calls.
PAIR = """
entry: go
params: []
services:
  get_a: {args: [], duration: 3, returns: "f'a-{nonce}'"}
  get_b: {args: [], duration: 2, returns: "f'b-{nonce}'"}
plan:
  a: get_a()
  b: get_b()
result: (a, b)
normalise: tuple(result)
cases:
  plain: {call: []}
"""

# Two calls, the second needs the first.
CHAIN = """
entry: go
params: [user_id]
services:
  get_user: {args: [user_id], duration: 3, returns: "{'name': f'user{user_id}-{nonce}'}"}
  get_profile: {args: [name], duration: 2, returns: "f'profile of {name}'"}
plan:
  user: get_user(user_id)
  profile: get_profile(user['name'])
result: profile
cases:
  plain: {call: [7]}
"""

# One call for each item of a list.
LIST = """
entry: go
params: [ids]
services:
  get: {args: [x], duration: "10 - x", returns: "f'page{nonce}'"}
plan:
  item: {call: get(x), each: x in ids}
result: "[item[i] for i in range(len(ids))]"
normalise: list(result)
cases:
  plain: {call: [[1, 2, 3, 5]]}
"""

# A chain of two calls for each item of a list.
CHAINS = """
entry: go
params: [ids]
services:
  first: {args: [x], duration: 3, returns: "f'f{x}-{nonce}'"}
  second: {args: [v], duration: 2, returns: "f's({v})'"}
plan:
  one: {call: first(x), each: x in ids}
  two: {call: "second(one[i])", each: i in range(len(ids))}
result: "[two[i] for i in range(len(ids))]"
normalise: list(result)
cases:
  plain: {call: [[1, 2, 3]]}
"""

# Two queries, each on a session of its own.
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
  x: Session.read('x')
  y: Session.read('y')
result: (x, y)
normalise: tuple(result)
cases:
  plain: {call: []}
"""

# An order that no argument asks for.
AFTER = """
entry: go
params: []
services:
  save: {args: [], duration: 2, returns: "f'saved-{nonce}'"}
  send: {args: [], duration: 1, returns: "f'sent-{nonce}'"}
plan:
  saved: save()
  sent: {call: send(), after: [saved]}
result: (saved, sent)
cases:
  plain: {call: []}
"""


@cache
def sample(body: str, rubric: str = RUBRIC) -> Exercise:
    return exercise_from(body + rubric)


def graded(body: str | Exercise, program: str, seed: str = "0") -> Verdict:
    """Grade a program, which begins on line 4."""
    exercise = body if isinstance(body, Exercise) else sample(body)
    text = "import asyncio\nfrom services import *\n\n" + textwrap.dedent(program).lstrip("\n")
    return grade_text(exercise, text, seed)


def lost(body: str | Exercise, program: str, seed: str = "0") -> set[str]:
    """The items that did not pass."""
    verdict = graded(body, program, seed)
    return {item.id for item in verdict.items if item.status is not Status.PASSED}


@contextmanager
def cleared_builtins() -> Iterator[None]:
    """Programs here run in this process: what they leave in ``builtins`` is taken away."""
    before = set(vars(builtins))
    try:
        yield
    finally:
        for name in set(vars(builtins)) - before:
            delattr(builtins, name)


def item_of(body: str | Exercise, item_id: str, program: str, seed: str = "0") -> ItemResult:
    verdict = graded(body, program, seed)
    return next(item for item in verdict.items if item.id == item_id)
