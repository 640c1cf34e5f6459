"""Finds each student's row in an exported gradebook: by LMS id, then login, then exact name.

Nothing is guessed: what fits twice fits not at all, and is said.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from grader.batch.exports.template import TemplateRow
from grader.batch.records import Student
from grader.escape import one_line


@dataclass(frozen=True, slots=True)
class Matches:
    """Which student has which row, by their numbers; and why the others have none."""

    row_of: dict[int, int]
    rows_refused: dict[int, str]
    students_refused: dict[int, str]


def match(students: list[Student], rows: list[TemplateRow]) -> Matches:
    """Find the rows of students."""
    by_id = _index((number, [row.lms_id]) for number, row in enumerate(rows))
    by_login = _index((number, row.logins) for number, row in enumerate(rows))
    by_name = _index((number, _names(row.name)) for number, row in enumerate(rows))
    # When one student's LMS id is in the file, ids are of the same system; then two that differ
    # are two people, whatever their names.
    same_ids = any(student.lms_id in by_id for student in students if student.lms_id)
    found: dict[int, list[int]] = {}
    students_of: dict[int, list[int]] = defaultdict(list)
    for number, student in enumerate(students):
        numbers = _look_up(by_id, [student.lms_id])
        if not numbers:
            numbers = _look_up(by_login, [student.login, student.email])
            numbers = numbers or _look_up(by_name, _names(student.name))
            if same_ids and student.lms_id:
                numbers = [one for one in numbers if not rows[one].lms_id]
        found[number] = numbers
        for one in numbers:
            students_of[one].append(number)
    matches = Matches({}, {}, {})
    for number, numbers in found.items():
        if len(numbers) == 1 and len(students_of[numbers[0]]) == 1:
            matches.row_of[number] = numbers[0]
        elif len(numbers) > 1:
            labels = ", ".join(rows[one].label for one in numbers[:5])
            matches.students_refused[number] = f"{len(numbers)} rows fit: {labels}"
            for one in numbers:
                matches.rows_refused[one] = (
                    f"another row fits {student_label(students[number])} too"
                )
        elif numbers:
            matches.students_refused[number] = (
                f"another student fits the row of {rows[numbers[0]].label} too"
            )
    for one, several in students_of.items():
        if len(several) > 1:
            labels = ", ".join(student_label(students[number]) for number in several[:5])
            matches.rows_refused[one] = f"{len(several)} students fit: {labels}"
    return matches


def student_label(student: Student) -> str:
    """Who a student is, for a person."""
    key = one_line(student.key, 80)
    name = one_line(student.name, 80)
    return f"{name} ({key})" if name and name != key else key


def _index(keys: Iterable[tuple[int, Iterable[str]]]) -> Mapping[str, list[int]]:
    index: dict[str, list[int]] = defaultdict(list)
    for number, texts in keys:
        for text in dict.fromkeys(texts):
            if text:
                index[text].append(number)
    return dict(index)


def _look_up(index: Mapping[str, list[int]], texts: Iterable[str]) -> list[int]:
    numbers = [number for text in texts if text for number in index.get(text, ())]
    return list(dict.fromkeys(numbers))


def _names(name: str) -> tuple[str, ...]:
    """A name, and "Jane Doe" for the "Doe, Jane" by which gradebooks sort."""
    name = " ".join(unicodedata.normalize("NFC", name).split())
    last, comma, first = name.partition(", ")
    return (name, f"{first} {last}") if comma and ", " not in first else (name,)
