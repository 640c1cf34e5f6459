"""Classes to make pages of: rows of verdicts, the way a batch hands them over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from grader.reporters.html.class_page import ClassItem, ClassRow
from grader.verdict import Verdict
from tests.golden import verdicts

SOURCE = """\
import asyncio


async def display_user(user_id):
    users = await get_users()
    locations = await get_locations()
    return users[user_id], locations
"""


def row(verdict: Verdict, key: str, name: str = "", /, **changes: object) -> ClassRow:
    """A student with this verdict."""
    items = tuple(
        ClassItem(i.id, i.title, i.status.value, i.points, i.max_points, i.misconception)
        for i in verdict.items
    )
    made = ClassRow(
        key=key,
        name=name,
        score=verdict.score,
        max_score=verdict.max_score,
        final_score=verdict.score,
        ending=verdict.ending,
        passed=verdict.passed,
        items=items,
        verdict=verdict,
        source=SOURCE,
        graded_s=0.05,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def hostile_row(verdict: Verdict, text: str) -> ClassRow:
    """A student whose every field is hostile text."""
    changes = {
        "override_reason": text,
        "same_as": (text, f"{text}2"),
        "ending": text,
        "problem": text,
        "source": f"{text}\r{text}\n",
    }
    return row(verdict, text, text, is_late=True, **changes)


def small_class() -> Iterable[ClassRow]:
    """Seven students, with everything that a class page knows to show."""
    serial, passed = verdicts.serial(), verdicts.all_passed()
    yield row(serial, "u1", "Ada Lovelace", same_as=("u4",))
    yield row(passed, "u2", "Grace Hopper")
    yield row(verdicts.deadlock(), "u3", "Alan Turing", penalty=2, is_late=True)
    yield row(serial, "u4", "Zoë Quinn", same_as=("u1",))
    reason = "Handed in on paper"
    yield row(serial, "u5", "Edsger Dijkstra", override_reason=reason, final_score=8.5)
    missing = "no Python file was handed in"
    yield row(serial, "u6", "Barbara Liskov", items=(), verdict=None, problem=missing, source="")
    yield row(verdicts.syntax_error(), "u10", "José Núñez")
