"""What a batch writes beside its gradebook: the grades as CSV, the class page, feedback."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from grader.batch.evidence import ExplainedRow
from grader.batch.exports.export import export
from grader.batch.exports.feedback import write_feedback
from grader.batch.exports.fill import Filled, fill
from grader.batch.exports.writing import atomic
from grader.batch.records import GradeRow
from grader.batch.store import Rules, Store
from grader.cli.console import Console
from grader.cli.gradebook import GRADES, REPORT
from grader.escape import one_line
from grader.exercise.model import Exercise
from grader.reporters import terminal
from grader.reporters.html import class_page
from grader.reporters.html.class_page import ClassItem, ClassRow
from grader.verdict import Verdict
from grader.version import __version__

_LIMIT = 300
_NAMES_SHOWN = 20
_FEEDBACK_WIDTH = 80
SEED_WITHHELD = "kept by your instructor"  # who has it can foresee the values of the services


def write_class_files(
    console: Console,
    store: Store,
    exercise: Exercise,
    out: Path,
    rules: Rules,
    *,
    into: Path | None,
    column: str | None,
    feedback: Path | None,
) -> None:
    """Write everything, and say what was written. Raises BatchError."""

    def rows() -> Iterator[GradeRow]:
        return store.grade_rows(*rules)

    written = export("csv", rows(), out / GRADES)
    written.append(write_class_page(store, exercise, out / REPORT, rules))
    if rules.late_policy is not None:
        unknown = sum(not row.submitted_at and row.is_late is None for row in rows())
        if unknown:
            console.print(
                f"late policy: {unknown} without a time and without a late mark, taken as in time\n"
            )
    for path in written:
        console.print(f"written: {one_line(str(path), _LIMIT)}\n")
    if into is not None:
        _say_filled(console, fill(into, rows(), column=column, overwrite=True))
    if feedback is not None:
        count = write_feedback(feedback, _reports(store.explained_rows(*rules)))
        console.print(f"written: {one_line(str(feedback), _LIMIT)} ({count} files)\n")


def write_class_page(store: Store, exercise: Exercise, path: Path, rules: Rules) -> Path:
    """Write the class page, whole or not at all. Raises BatchError."""
    rows = map(_class_row, store.explained_rows(*rules))
    isolation = dict.fromkeys(
        f"{row.isolation} ({row.isolation_note})"
        for row in store.grade_rows(*rules)
        if row.isolation
    )
    facts = {
        "isolation of the programs": "; ".join(isolation) or "-",
        "attempt that counts": rules.keep,
        "graded with": f"asyncgrade {__version__}, Python {platform.python_version()}",
    }
    chunks = class_page.render(exercise.title, exercise.id, rows, facts, store.identical_groups())
    with atomic(path) as file:
        file.writelines(chunks)
    return path


def _class_row(explained: ExplainedRow) -> ClassRow:
    row, verdict = explained.row, explained.verdict
    return ClassRow(
        key=row.student.key,
        name=row.student.name or row.student.login,
        score=row.score,
        max_score=row.max_score,
        final_score=row.final_score,
        ending=row.ending,
        passed=row.passed,
        items=tuple(
            ClassItem(
                item.id, item.title, item.status, item.points, item.max_points, item.misconception
            )
            for item in row.items
        ),
        penalty=row.penalty,
        override_reason=row.override.reason if row.override else None,
        same_as=row.same_as,
        is_late=bool(row.is_late),
        graded_s=row.graded_s,
        problem=row.problem,
        verdict=verdict and _without_secret(verdict),
        source=explained.source.decode("utf-8", "replace"),
    )


def _without_secret(verdict: Verdict) -> Verdict:
    """For pages and files that may be shown around; the gradebook and explain-grade have it."""
    return replace(verdict, seed=SEED_WITHHELD, replay="")


def _reports(rows: Iterable[ExplainedRow]) -> Iterator[tuple[GradeRow, str]]:
    """Each grade with the report that its student would have seen, but for the batch's secret."""
    for explained in rows:
        report = ""
        if explained.verdict is not None:
            shown = _without_secret(explained.verdict)
            report = terminal.render(shown, width=_FEEDBACK_WIDTH, color=False, unicode=True)
        yield explained.row, report


def _say_filled(console: Console, filled: Filled) -> None:
    column = one_line(filled.column, 120)
    path = one_line(str(filled.written), _LIMIT)
    console.print(f"written: {path} ({filled.matched} scores in the column {column})\n")
    for what, names in (
        ("rows that were left alone", filled.unmatched_rows),
        ("students without a row", filled.unmatched_students),
        ("notes", list(filled.notes)),
    ):
        if names:
            console.print(f"  {what}: {len(names)}\n")
        for name in names[:_NAMES_SHOWN]:
            console.print(f"    {one_line(name, 160)}\n")
        if len(names) > _NAMES_SHOWN:
            console.print(f"    … and {len(names) - _NAMES_SHOWN} more\n")
