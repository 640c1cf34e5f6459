"""What the worker says and the engine can't know: taken within bounds, for messages only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from grader.engine.trace import Finding, Place, Raised
from grader.protocol import MAX_TEXT_CHARS

MAX_NOTES = 20
MAX_SHAPES = 500
MAX_PLACES = 100
MAX_WORD_CHARS = 200


def line_number(claim: object) -> int | None:
    """A line number, or None when it can't be one."""
    return claim if type(claim) is int and 0 < claim < 10_000_000 else None


def text(claim: str) -> str:
    """A text of a bearable length."""
    return claim[:MAX_TEXT_CHARS]


def raised(kind: str, message: str, traceback: str, line: object) -> Raised:
    """An error of the student's."""
    return Raised(text(kind), text(message), text(traceback), line_number(line))


def _rows(claims: list[list[Any]], width: int, limit: int) -> Iterable[list[Any]]:
    return (row for row in claims[:limit] if len(row) == width)


def notes(claims: list[list[Any]]) -> tuple[tuple[str, int | None], ...]:
    """Remarks on the submission: (kind, line)."""
    rows = _rows(claims, 2, MAX_NOTES)
    return tuple((kind, line_number(line)) for kind, line in rows if isinstance(kind, str))


def shapes(claims: list[list[Any]]) -> tuple[tuple[int, str], ...]:
    """Shapes of the source: (line, shape)."""
    rows = _rows(claims, 2, MAX_SHAPES)
    return tuple(
        (line, shape)
        for line, shape in rows
        if line_number(line) is not None and isinstance(shape, str)
    )


def places(claims: list[list[Any]]) -> tuple[Place, ...]:
    """Where tasks are suspended."""
    return tuple(
        Place(str(task)[:MAX_WORD_CHARS], line_number(line), str(waits_for)[:MAX_WORD_CHARS])
        for task, line, waits_for in _rows(claims, 3, MAX_PLACES)
    )


def leftovers(claims: list[list[Any]]) -> list[Finding]:
    """What the worker found left over at the end of a run."""
    return [
        Finding(kind, line_number(line), detail[:MAX_WORD_CHARS], witnessed=False)
        for kind, line, detail in _rows(claims, 3, MAX_PLACES)
        if isinstance(kind, str) and isinstance(detail, str)
    ]
