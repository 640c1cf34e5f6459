"""The page of a class: what it did not understand, and a table that opens each student's page.

Made in one pass: each student's section is written as it comes, inert until it is opened, and the
summary after the last one. So a class need not fit into memory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from grader.escape import one_line
from grader.reporters.html import pages
from grader.reporters.html.student_page import Limits, Section, section
from grader.reporters.html.summary import ClassItem, ClassRow, Summary

__all__ = ["MAX_SECTIONS", "ClassItem", "ClassRow", "render"]

MAX_SECTIONS = 2_000  # a browser is still quick with a page of 30 MB
_LIMITS = Limits(source=16_000, output=3_000)


def render(
    title: str,
    exercise_id: str,
    rows: Iterable[ClassRow],
    facts: Mapping[str, str],
    groups: Collection[tuple[str, ...]] = (),
) -> Iterator[str]:
    """Render the page in chunks. ``facts`` are what to say of the grading: label -> text.

    ``groups`` are the keys of students who handed in the same program.
    """
    summary = Summary(groups)
    return pages.render(
        "class_page.jinja",
        title=one_line(title, 200),
        exercise=one_line(exercise_id, 100),
        sections=_sections(rows, summary),
        summary=summary,
        max_sections=MAX_SECTIONS,
        facts=[(one_line(label, 80), one_line(text, 300)) for label, text in facts.items()],
    )


def _sections(rows: Iterable[ClassRow], summary: Summary) -> Iterator[tuple[int, Section]]:
    """The sections of those who have one, while ``summary`` counts everybody."""
    room = MAX_SECTIONS
    for index, row in enumerate(rows):
        has_page = row.verdict is not None and room > 0
        summary.add(row, index, has_page=has_page)
        if row.verdict is not None and has_page:
            room -= 1
            yield (
                index,
                section(row.verdict, row.source, row.standing, prefix=f"s{index}-", limits=_LIMITS),
            )
