"""Small exercises as text, for the tests of this folder."""

from __future__ import annotations

from pathlib import Path

from grader.exercise.loader import load_exercise
from grader.exercise.model import Exercise, ExerciseError

ZOO = Path(__file__).parent.parent / "zoo"
DISPLAY_USER = (ZOO / "display-user.yaml").read_text("utf-8")


def edited(*edits: tuple[str, str]) -> str:
    """The exercise display-user with some texts replaced."""
    text = DISPLAY_USER
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def load_text(folder: Path, text: str | bytes) -> Exercise:
    path = folder / "display-user.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return load_exercise(path)


def problems(folder: Path, text: str | bytes) -> list[str]:
    """What the loader says, without the path: ``line: key: what``."""
    try:
        load_text(folder, text)
    except ExerciseError as error:
        found = error.problems
    else:
        return []
    prefix = f"{folder / 'display-user.yaml'}:"
    assert all(line.startswith((prefix, "… and ")) for line in found)
    return [line.removeprefix(prefix) for line in found]


def only_problem(folder: Path, data: bytes | str) -> str:
    found = problems(folder, data)
    assert len(found) == 1
    return found[0]


def exercise(folder: Path, parts: str) -> Exercise:
    """Load an exercise of which only ``params``, ``services``, ``plan`` … are given."""
    head = DISPLAY_USER[: DISPLAY_USER.index("params:")].replace("display_user", "go")
    return load_text(folder, head + parts + RUBRIC)


RUBRIC = """
rubric:
  - {id: result, points: 1, check: result, goal: true, title: the result is right}
"""
