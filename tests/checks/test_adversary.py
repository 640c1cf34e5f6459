"""Programs that were written to deceive the grader, and right ones that look odd."""

from __future__ import annotations

import asyncio
import builtins
import re
import sys
from collections.abc import Iterator

import pytest

from grader.exercise.model import Exercise
from tests.checks import right_programs, wrong_programs
from tests.helpers import exercise_from, grade_text, installed, not_passed

IMPORTS = "import asyncio\nfrom services import *\n"
NEEDS = (
    (re.compile(r"eager_task_factory"), (3, 12)),
    (re.compile(r"TaskGroup|Barrier|asyncio\.timeout"), (3, 11)),
)

RUBRIC = """
rubric:
  - {id: result, points: 1, check: result, title: the result is right}
  - {id: calls, points: 1, check: calls, title: each call once}
  - {id: overlap, points: 6, check: concurrency, goal: true, title: all overlaps}
  - {id: time, points: 1, check: makespan, title: it is quick}
  - {id: clean, points: 1, check: clean, title: nothing is left}
"""
STEP = """
entry: main
services:
  step: {args: [name], duration: 2, returns: "f'{name}-{nonce}'"}
"""
OWN = {
    "chains": f"""{STEP}
plan:
  a1: step('a')
  a2: step(a1)
  b1: step('b')
  b2: step(b1)
  c1: step('c')
  c2: step(c1)
result: "[a2, b2, c2]"
cases: {{x: {{call: []}}}}
{RUBRIC}""",
    "stairs": f"""{STEP}
plan:
  a1: step('a')
  b1: step('b')
  b2: step(b1)
  c1: step('c')
  c2: step(c1)
  c3: step(c2)
result: "[a1, b2, c3]"
cases: {{x: {{call: []}}}}
{RUBRIC}""",
    "forty": f"""
entry: main
params: [ids]
services:
  get: {{args: [x], duration: 2, returns: "f'{{x}}-{{nonce}}'"}}
plan:
  item: {{call: get(x), each: x in ids}}
result: "[item[i] for i in range(len(ids))]"
normalise: list(result)
cases: {{x: {{call: [{[*range(1, 21), *range(1, 21)]}]}}}}
{RUBRIC}""",
    "twins": f"""
entry: main
params: [ids]
services:
  get: {{args: [x], duration: 2, returns: "f'{{x}}-{{nonce}}'"}}
  more: {{args: [x, k], duration: 3, returns: "f'{{x}}-{{k}}-{{nonce}}'"}}
plan:
  item: {{call: get(x), each: x in ids}}
  extra: {{call: "more(item[i], i)", each: "i in range(len(ids))"}}
result: "[extra[i] for i in range(len(ids))]"
normalise: list(result)
cases: {{x: {{call: [[1, 2, 1, 1, 2]]}}}}
{RUBRIC}""",
    "after": f"""
entry: main
services:
  a: {{args: [], duration: 3, returns: "f'a{{nonce}}'"}}
  b: {{args: [], duration: 2, returns: "f'b{{nonce}}'"}}
  stop: {{args: [], duration: 1, returns: "f's{{nonce}}'"}}
plan:
  x: a()
  y: b()
  z: {{call: stop(), after: [x, y]}}
result: "(x, y, z)"
normalise: tuple(result)
cases: {{x: {{call: []}}}}
{RUBRIC}""",
    "raises": """
entry: main
params: [x]
exceptions: [NotFound]
services:
  find:
    args: [x]
    duration: 3
    returns: "f'a{nonce}'"
    raises: {when: "x == 2", error: "NotFound(x)"}
  look: {args: [x], duration: 2, returns: "f'b{nonce}'"}
plan:
  a: find(x)
  b: look(x)
result: "(a, b)"
cases:
  good: {call: [1]}
  bad: {call: [2], raises: NotFound}
rubric:
  - {id: result, points: 3, check: result, case: good, title: the result is right}
  - {id: error, points: 6, check: result, case: bad, goal: true, title: the error is passed on}
""",
}
EXERCISES: dict[str, Exercise] = {}


def exercise(name: str) -> Exercise:
    if name not in EXERCISES:
        EXERCISES[name] = exercise_from(OWN[name]) if name in OWN else installed(name)
    return EXERCISES[name]


def skip_where_too_new(text: str) -> None:
    for pattern, version in NEEDS:
        if pattern.search(text) and sys.version_info < version:
            pytest.skip(f"new in Python {version[0]}.{version[1]}")


@pytest.fixture(autouse=True)
def _asyncio_and_builtins_as_before() -> Iterator[None]:
    """Some of the programs patch what all modules share."""
    shared = [(module, dict(vars(module))) for module in (asyncio, builtins)]
    yield
    for module, names in shared:
        for name in vars(module).keys() - names.keys():
            delattr(module, name)
        for name, value in names.items():
            if getattr(module, name) is not value:
                setattr(module, name, value)


@pytest.mark.parametrize("name", right_programs.PROGRAMS)
def test_right_program_loses_no_point(name: str) -> None:
    exercise_name, text = right_programs.PROGRAMS[name]
    skip_where_too_new(text)
    verdict = grade_text(exercise(exercise_name), IMPORTS + text)
    assert not_passed(verdict) == set(), [item.message for item in verdict.items]


@pytest.mark.parametrize("name", wrong_programs.PROGRAMS)
def test_wrong_program_fails_what_it_gets_wrong(name: str) -> None:
    exercise_name, items, text = wrong_programs.PROGRAMS[name]
    skip_where_too_new(text)
    verdict = grade_text(exercise(exercise_name), IMPORTS + text)
    assert not_passed(verdict) == set(items.split())
