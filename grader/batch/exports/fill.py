"""Fills one column of the file that an instructor exported from Canvas or Moodle.

Only the cells of matched students in that column change; every other byte stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from grader.batch.discovery.lms import is_id_of
from grader.batch.exports.cells import has_score, number_text
from grader.batch.exports.match import Matches, match, student_label
from grader.batch.exports.template import (
    Template,
    id_of_title,
    number,
    recognise,
    title_words,
)
from grader.batch.exports.writing import atomic
from grader.batch.records import BatchError, GradeRow, Student
from grader.escape import one_line

MAX_TEMPLATE_BYTES = 64 * 1024**2
NO_MATCH = "no student fits a row; a roster (--roster) with names and logins helps"


@dataclass(frozen=True, slots=True)
class Filled:
    """What was filled, and who was not, each in words."""

    written: Path
    matched: int  # cells that got a score
    unmatched_rows: list[str]  # rows of the file that were left alone
    unmatched_students: list[str]  # students without a row of their own, or without a score
    column: str
    kind: str = ""  # "Canvas" or "Moodle"
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Grade:
    """What is kept of a row: a class may be large."""

    student: Student
    is_own_id: bool  # the student's number is known to be of the LMS whose file is filled
    score: str  # "" when there is none
    problem: str


def fill(
    template: Path,
    rows: Iterable[GradeRow],
    *,
    column: str | None = None,
    out: Path | None = None,
    overwrite: bool = False,
) -> Filled:
    """Write a copy of ``template`` with the scores in one column: ``<stem>-filled.csv`` beside it.

    ``column`` is a heading, or the number in brackets of a Canvas heading; without it the one
    column is taken whose heading has the exercise's id or title in it. A file that is there
    already is replaced only with ``overwrite``, or when ``out`` is the template itself. Raises
    BatchError.
    """
    text = _read(template)
    found = recognise(text)
    grades, titles, max_score = _gather(rows, found.kind)
    chosen = _choose(found, column, titles)
    target = _target(template, out, overwrite)
    own = frozenset(number for number, grade in enumerate(grades) if grade.is_own_id)
    matches = match([grade.student for grade in grades], found.rows, own)
    edits, left = _edits(found, chosen, grades, matches)
    _write(target, text, edits)
    filled_rows = set(matches.row_of.values())
    return Filled(
        written=target,
        matched=len(edits),
        unmatched_rows=[
            _labelled(row.label, left.get(one) or matches.rows_refused.get(one, ""))
            for one, row in enumerate(found.rows)
            if one in left or one not in filled_rows
        ],
        unmatched_students=_unmatched_students(grades, matches),
        column=one_line(found.header[chosen], 200),
        kind=found.kind,
        notes=(*_notes(found, chosen, max_score), *([] if matches.row_of else [NO_MATCH])),
    )


def _read(template: Path) -> str:
    """The text of a file that will be the same bytes again when it is written as UTF-8."""
    name = one_line(str(template), 300)
    try:
        with template.open("rb") as stream:
            data = stream.read(MAX_TEMPLATE_BYTES + 1)
    except OSError as error:
        raise BatchError(f"{name} can't be read: {error.strerror or error}") from None
    if len(data) > MAX_TEMPLATE_BYTES:
        raise BatchError(f"{name} is larger than 64 MiB: no gradebook is.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:  # UTF-16, a workbook, or no text at all
        raise BatchError(
            f"{name} is not a CSV file in UTF-8, so it can't be filled and else left as it is.",
            "Export it from the LMS again, as CSV, and do not save it from a spreadsheet before.",
        )
    return text


def _gather(rows: Iterable[GradeRow], kind: str) -> tuple[list[_Grade], list[str], int]:
    """The grades, what the exercise is called, and its points."""
    grades: list[_Grade] = []
    exercise = title = ""
    max_score = 0
    for row in rows:
        exercise = exercise or row.exercise
        if row.exercise != exercise:
            raise BatchError(
                f"The grades are of several exercises: {exercise} and {row.exercise}.",
                "One column holds one exercise: fill them in one after the other.",
            )
        title = title or row.title
        if row.attempt == 0 and row.override is None:
            continue  # who handed nothing in claims no row
        max_score = max_score or row.max_score
        score = number_text(row.final_score) if has_score(row) else ""
        is_own = is_id_of(kind, row.student.lms_id, row.path)
        grades.append(_Grade(row.student, is_own, score, row.problem))
    if not grades:
        raise BatchError("There is no grade to fill in.", "Grade something first: asyncgrade batch")
    return grades, [title, exercise], max_score


def _choose(template: Template, column: str | None, titles: list[str]) -> int:
    """Find the column to fill. Raises BatchError with the candidates."""
    header = template.header
    if column is not None:
        wanted = column.strip()
        fits = [
            at for at in range(1, len(header)) if wanted in (header[at], id_of_title(header[at]))
        ]
        if not fits:
            words = title_words(wanted)
            fits = [
                at for at in range(1, len(header)) if words and title_words(header[at]) == words
            ]
        if len(fits) == 1 and fits[0] in template.locked:
            raise BatchError(
                f"{template.kind} does not read the column {one_line(wanted, 100)} back: it is "
                "marked as read only.",
                *_offer(template),
            )
        fits = [at for at in fits if at in template.fillable]
    elif template.kind == "Moodle":  # a worksheet is of one assignment
        fits = template.candidates
    else:
        fits = [at for at in template.candidates if _speaks_of(header[at], titles)]
    if len(fits) == 1:
        return fits[0]
    seen = f"{len(fits)} columns of the file fit" if fits else "no column of the file fits"
    raise BatchError(f"{seen} {_wanted(template, column, titles, fits)}.", *_offer(template))


def _wanted(template: Template, column: str | None, titles: list[str], fits: list[int]) -> str:
    """What was looked for: of the exercise's names those that fit, or all when none does."""
    names = [column] if column is not None else list(dict.fromkeys(filter(None, titles)))
    speaking = [n for n in names if any(_speaks_of(template.header[at], [n]) for at in fits)]
    return " or ".join(one_line(name, 100) for name in speaking or names)


def _speaks_of(heading: str, titles: list[str]) -> bool:
    words = f" {title_words(heading)} "
    return any(f" {title_words(title)} " in words for title in titles if title_words(title))


def _offer(template: Template) -> list[str]:
    columns = template.fillable
    names = [f"  {one_line(template.header[at], 100)}" for at in columns[:20]]
    more = [f"  … and {len(columns) - 20} more"] if len(columns) > 20 else []
    return ["Name one of these columns with --column:", *names, *more]


def _target(template: Path, out: Path | None, overwrite: bool) -> Path:
    target = template.with_name(f"{template.stem}-filled.csv") if out is None else out
    in_place = out is not None and out.exists() and out.samefile(template)
    if in_place:
        return target.resolve()  # a link to the template stays a link
    if target.exists() and not overwrite:
        raise BatchError(
            f"{one_line(str(target), 300)} is there already and was left as it is.",
            "Remove it, or choose another file to write.",
        )
    return target


def _edits(
    template: Template, column: int, grades: list[_Grade], matches: Matches
) -> tuple[list[tuple[int, int, str]], dict[int, str]]:
    """The parts of the text to replace, in order; and the rows that are left alone, and why."""
    edits: list[tuple[int, int, str]] = []
    left: dict[int, str] = {}
    for number_of_grade, one in matches.row_of.items():
        grade, fields = grades[number_of_grade], template.rows[one].fields
        if not grade.score:
            left[one] = "not graded"
        elif column >= len(fields):
            left[one] = f"the row has {len(fields)} of {len(template.header)} columns"
        elif fields[column].value.strip().upper() == "EX":
            left[one] = "excused (EX)"
        elif template.rows[one].is_locked:
            left[one] = "the file says that this grade can't be changed"
        else:
            score = grade.score.replace(".", ",") if template.decimal_comma else grade.score
            field = fields[column]
            quoted = field.quoted or template.delimiter in score
            edits.append((field.start, field.end, f'"{score}"' if quoted else score))
    return sorted(edits), left


def _write(target: Path, text: str, edits: list[tuple[int, int, str]]) -> None:
    with atomic(target) as stream:
        at = 0
        for start, end, cell in edits:
            stream.write(text[at:start])
            stream.write(cell)
            at = end
        stream.write(text[at:])


def _unmatched_students(grades: list[_Grade], matches: Matches) -> list[str]:
    lines = []
    for one, grade in enumerate(grades):
        if not grade.score:
            why = f"not graded: {one_line(grade.problem, 200)}"
        elif one in matches.row_of:
            continue
        else:
            why = matches.students_refused.get(one, "")
        lines.append(_labelled(student_label(grade.student), why))
    return lines


def _labelled(label: str, why: str) -> str:
    return f"{label}: {why}" if why else label


def _notes(template: Template, column: int, max_score: int) -> tuple[str, ...]:
    points = template.points.get(column, "")
    if not points or not max_score or number(points) == max_score:
        return ()
    unit = "point" if number(points) == 1 else "points"
    return (
        f"The column is worth {points} {unit} and the exercise {max_score}: "
        "scores were written as they are.",
    )
