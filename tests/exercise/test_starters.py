"""The starter file and the stub of services are valid Python that says what is needed."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from grader.exercise.catalog import exercise_ids, installed_exercises_dir
from grader.exercise.loader import load_exercise
from grader.exercise.starters import annotation, services_stub, starter_source
from grader.values import Dict, Opaque, Set
from tests.exercise.helpers import ZOO, exercise

EXERCISES = [
    *(
        installed_exercises_dir() / f"{name}.yaml"
        for name in exercise_ids(installed_exercises_dir())
    ),
    ZOO / "display-user.yaml",
]


@pytest.mark.parametrize("path", EXERCISES, ids=lambda path: path.stem)
def test_every_starter_is_valid_and_has_the_entry(path: Path) -> None:
    loaded = load_exercise(path)
    tree = ast.parse(starter_source(loaded))
    entry = tree.body[-1]
    assert isinstance(entry, ast.AsyncFunctionDef)
    assert entry.name == loaded.entry
    assert tuple(arg.arg for arg in entry.args.args) == loaded.params
    imported = {
        alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert imported == {service.name for service in loaded.services} | set(loaded.exceptions)
    defined = {getattr(node, "name", "") for node in ast.parse(services_stub(loaded)).body}
    assert imported <= defined


def test_starter_of_a_simple_exercise() -> None:
    assert (
        starter_source(load_exercise(ZOO / "display-user.yaml"))
        == '''\
"""Display a user

The goal: await a call whose result the next call needs
"""

import asyncio

from services import get_user_details, get_profile_details


async def display_user():
    raise NotImplementedError("write display_user here")
'''
    )


SERVICES = r"""
params: [ids]
exceptions: [QuoteError]
services:
  get: {args: [key], duration: 1, returns: "[key, (1, None)]", summary: 'a "quoted" \ summary"'}
  unused: {args: [what], duration: 1, returns: what}
  Session:
    kind: context
    enter: 1
    exit: 1
    methods: {run: {args: [query], duration: 1}}
plan:
  one: {call: get(key), each: key in ids}
  two: Session.run('q')
result: one
cases: {a: {call: [[1, x]]}}
"""


def test_stub_infers_types_from_the_plan(tmp_path: Path) -> None:
    assert (
        services_stub(exercise(tmp_path, SERVICES))
        == r'''
"""The services of display-user. For your editor only; nothing runs from here."""

from typing import Any

class QuoteError(Exception): ...

async def get(key: int | str) -> list[int | tuple[int, None]] | list[str | tuple[int, None]]:
    """a \"quoted\" \\ summary\""""
    ...

async def unused(what: Any) -> Any:
    ...

class Session:
    def __init__(self) -> None: ...
    async def __aenter__(self) -> Session: ...
    async def __aexit__(self, *exc_info: object) -> None: ...
    async def run(self, query: str) -> None: ...
'''.lstrip()
    )


def test_titles_cannot_end_the_docstring(tmp_path: Path) -> None:
    title = 'a """ b \\ c"'
    text = (ZOO / "display-user.yaml").read_text("utf-8")
    path = tmp_path / "display-user.yaml"
    path.write_text(text.replace("Display a user", f"'{title}'"), "utf-8")
    docstring = ast.get_docstring(ast.parse(starter_source(load_exercise(path))))
    assert docstring is not None
    assert docstring.splitlines()[0] == title


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (True, "bool"),
        ([], "list[Any]"),
        ([1, None], "list[int | None]"),
        ((), "tuple[()]"),
        ((1, "a"), "tuple[int, str]"),
        (Dict([("a", 1.5)]), "dict[str, float]"),
        (Set([b"x"]), "set[bytes]"),
        (Opaque("Task"), "Any"),
    ],
)
def test_annotations(value: object, text: str) -> None:
    assert annotation(value) == text
