"""One Markdown file a student, to hand back. It says nothing of other students."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from grader.batch.exports.cells import score_lines, student_name
from grader.batch.exports.file_names import file_name
from grader.batch.exports.writing import atomic, make_folder
from grader.batch.records import GradeRow, ItemRow
from grader.escape import for_markdown, markdown_fence
from grader.verdict import Status

_WORDS = {
    Status.PASSED.value: "passed",
    Status.FAILED.value: "not passed",
    Status.NOT_ASSESSED.value: "could not be judged",
}


def write_feedback(folder: Path, items: Iterable[tuple[GradeRow, str]]) -> int:
    """Write ``<safe key>.md`` for each grade and say how many.

    The text beside a grade is plain text, such as the terminal's report; "" for none. Each file
    is whole or as it was. Raises BatchError.
    """
    make_folder(folder)
    count = 0
    for row, report in items:
        with atomic(folder / f"{file_name(row.student.key)}.md") as stream:
            stream.write(render(row, report))
        count += 1
    return count


def render(row: GradeRow, report: str = "") -> str:
    """Render what a student gets back, as Markdown."""
    return "\n".join(_lines(row, report)) + "\n"


def _lines(row: GradeRow, report: str) -> Iterator[str]:
    # an id is small letters, digits, -
    yield f"# {for_markdown(row.title) if row.title else row.exercise}"
    yield ""
    yield f"For {for_markdown(student_name(row), limit=200)}"
    if row.problem:
        yield ""
        yield f"This could not be graded: {for_markdown(row.problem)}"
    for line in score_lines(row):
        yield ""
        yield line
    if row.items:
        yield ""
        yield "## What was checked"
        yield ""
        for item in row.items:
            yield from _item(item)
    if report.strip():
        yield ""
        yield "## Report"
        yield ""
        yield markdown_fence(report).rstrip("\n")


def _item(item: ItemRow) -> Iterator[str]:
    status = _WORDS.get(item.status, item.status)
    points = f"{item.points} of {item.max_points}"
    yield f"- **{points}** · {for_markdown(item.title)} · {for_markdown(status)}"
    if item.message:
        yield f"  - Seen: {for_markdown(item.message)}"
    if item.misconception:
        yield f"  - A known mistake: {for_markdown(item.misconception)}"
