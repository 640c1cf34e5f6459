"""Finds each student's row in an exported gradebook: by number, login, e-mail and exact name.

Nothing is guessed: what fits twice, or fits one way and not the other, fits not at all and is said.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from grader.batch.exports.template import TemplateRow
from grader.batch.records import Student
from grader.escape import one_line

_TWO_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
_NO_ACCENTS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"})
NUMBER, STUDENT_NUMBER, LOGIN, EMAIL, NAME, KEY = (
    *("the number", "the student number", "the login"),
    *("the e-mail address", "the name", "the folder's name"),
)


@dataclass(frozen=True, slots=True)
class Matches:
    """Which student has which row, by their numbers; and why the others have none."""

    row_of: dict[int, int]
    rows_refused: dict[int, str]
    students_refused: dict[int, str]


def match(
    students: list[Student], rows: list[TemplateRow], own: Collection[int] = frozenset()
) -> Matches:
    """Find the rows of students. ``own``: whose ``lms_id`` is known to be of the file's LMS."""
    finder = _Finder(students, rows)
    matches = Matches({}, {}, {})
    chosen: dict[int, int] = {}
    sure: set[int] = set()
    students_of: dict[int, list[int]] = defaultdict(list)
    for number, student in enumerate(students):
        is_own = number in own
        found = finder.sources(student, is_own=is_own)
        numbers, why = finder.decide(student, found, is_own=is_own)
        claimed = numbers
        if why:
            matches.students_refused[number] = why
            claimed = found.get(NAME, [])  # so that nobody else gets the row without a question
            for one in {one for each in found.values() for one in each}:
                matches.rows_refused[one] = f"it is not clear whether {student_label(student)} fits"
        elif len(numbers) == 1:
            chosen[number] = numbers[0]
            if len(found) > 1 and NAME in found:
                sure.add(number)  # two ways agree: another's mere name takes nothing away
        elif numbers:
            labels = ", ".join(rows[one].label for one in numbers[:5])
            matches.students_refused[number] = f"{len(numbers)} rows fit: {labels}"
            for one in numbers:
                matches.rows_refused[one] = f"another row fits {student_label(student)} too"
        for one in claimed:
            students_of[one].append(number)
    _settle(matches, chosen, sure, students_of, rows)
    for one, several in students_of.items():
        if len(several) > 1:
            labels = ", ".join(student_label(students[number]) for number in several[:5])
            matches.rows_refused[one] = f"{len(several)} students fit: {labels}"
    return matches


def _settle(
    matches: Matches,
    chosen: Mapping[int, int],
    sure: Collection[int],
    students_of: dict[int, list[int]],
    rows: list[TemplateRow],
) -> None:
    """Give each student the one row that fits, unless another student fits it as well."""
    for number, one in chosen.items():
        rivals = [rival for rival in students_of[one] if rival != number]
        if not rivals or (number in sure and not any(chosen.get(rival) == one for rival in rivals)):
            matches.row_of[number] = one
            students_of[one] = [number]
        else:
            matches.students_refused[number] = (
                f"another student fits the row of {rows[one].label} too"
            )


def student_label(student: Student) -> str:
    """Who a student is, for a person."""
    key = one_line(student.key, 80)
    name = one_line(student.name, 80)
    return f"{name} ({key})" if name and name != key else key


class _Finder:
    """The rows of a file by everything that they are known by."""

    def __init__(self, students: list[Student], rows: list[TemplateRow]) -> None:
        self._rows = rows
        self._ids = _index((number, [_number(row.lms_id)]) for number, row in enumerate(rows))
        self._sis_ids = _index((number, [_number(row.sis_id)]) for number, row in enumerate(rows))
        self._logins = _index(
            (number, [_fold(text) for text in (row.sis_id, *row.logins)])
            for number, row in enumerate(rows)
        )
        self._names = _index((number, _names(row.name)) for number, row in enumerate(rows))
        theirs = {_number(student.lms_id) for student in students if student.lms_id}
        self._same_ids = _mostly_shared(theirs, self._ids.keys())
        self._same_sis_ids = _mostly_shared(theirs, self._sis_ids.keys())

    def sources(self, student: Student, *, is_own: bool) -> dict[str, list[int]]:
        """The rows that each thing known of a student finds; what finds none is left out."""
        if student.lms_id or student.login or student.email or student.name:
            number = _number(student.lms_id)
            found = {
                NUMBER: _look_up(self._ids, [number]),
                STUDENT_NUMBER: [] if is_own else _look_up(self._sis_ids, [number]),
                LOGIN: _look_up(self._logins, [_fold(student.login)]),
                EMAIL: _look_up(self._logins, [_fold(student.email)]),
                NAME: _look_up(self._names, _names(student.name)),
            }
        else:
            found = {KEY: _look_up(self._logins, [_fold(student.key)])}
            if not found[KEY]:
                found = {NAME: _look_up(self._names, _names(student.key))}
        if student.lms_id and not found[NUMBER] and not found[STUDENT_NUMBER]:
            found = {
                source: [one for one in numbers if not self._has_another_number(one, is_own)]
                for source, numbers in found.items()
            }
        return {source: numbers for source, numbers in found.items() if numbers}

    def decide(
        self, student: Student, found: Mapping[str, list[int]], *, is_own: bool
    ) -> tuple[list[int], str]:
        """The rows that all sources agree on, and why they are none although something fits."""
        if is_own and NUMBER in found:
            named = set(found.get(NAME, ())) & {*found.get(LOGIN, ()), *found.get(EMAIL, ())}
            if named and not named & set(found[NUMBER]):
                return [], self._split({NUMBER: found[NUMBER], "name and login": list(named)})
            return found[NUMBER], ""
        if not found:
            return [], ""
        first, *others = found.values()
        numbers = [one for one in first if all(one in other for other in others)]
        if not numbers:
            return [], self._split(found)
        if NAME in found or EMAIL in found:
            return numbers, ""
        alike = [one for one in numbers if _may_be_one(student.name, self._rows[one].name)]
        if not alike:
            label, fit = self._rows[numbers[0]].label, "fits" if len(found) == 1 else "fit"
            return [], f"{' and '.join(found)} {fit} {label}, but the names differ"
        return alike, ""

    def _has_another_number(self, one: int, is_own: bool) -> bool:
        """Say whether numbers of one system tell the two apart, whatever their names."""
        row = self._rows[one]
        return bool(
            ((is_own or self._same_ids) and row.lms_id) or (self._same_sis_ids and row.sis_id)
        )

    def _split(self, found: Mapping[str, list[int]]) -> str:
        return ", ".join(
            f"{source} fits {self._rows[each[0]].label}" for source, each in found.items()
        )


def _mostly_shared(theirs: Collection[str], of_file: Collection[str]) -> bool:
    """Say whether two sets of numbers are of one system: a few may be the same by chance."""
    shared = sum(each in of_file for each in theirs)
    return shared > 0 and 2 * shared >= min(len(theirs), len(of_file))


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


def _number(text: str) -> str:
    """A number of a student; a spreadsheet drops the zeros before it."""
    folded = _fold(text)
    return folded.lstrip("0") or folded


def _fold(login: str) -> str:
    """A login or e-mail address: no LMS tells capital letters apart."""
    return unicodedata.normalize("NFC", login.strip()).casefold()


def _names(name: str) -> tuple[str, ...]:
    """A name, and "Jane Doe" for the "Doe, Jane" by which gradebooks sort."""
    name = " ".join(unicodedata.normalize("NFC", name).split())
    last, comma, first = name.partition(", ")
    return (name, f"{first} {last}") if comma and ", " not in first else (name,)


def _may_be_one(name: str, other: str) -> bool:
    """Say whether two names can be one person's: one is not known, or they share a word.

    Two spellings of one name in different scripts share none, and are no contradiction.
    """
    words, others = _words(name), _words(other)
    if not words or not others or set(words) & set(others):
        return True
    if any(word.isascii() for word in words) != any(word.isascii() for word in others):
        return True
    return "".join(words) == "".join(others)  # "doejane", as Canvas names files, is "Doe, Jane"


def _words(name: str) -> list[str]:
    """The words of a name without accents and capitals; initials tell too little.

    Umlauts are left out in both ways: "Jörg" is "jorg" and "joerg".
    """
    words: list[str] = []
    folded = unicodedata.normalize("NFC", name).casefold()
    for spelling in (folded, folded.translate(_TWO_LETTERS)):
        letters = unicodedata.normalize("NFKD", spelling.translate(_NO_ACCENTS))
        plain = "".join(char for char in letters if not unicodedata.combining(char))
        words += [
            word
            for word in re.findall(r"[^\W_]+", plain)
            if word not in words and (len(word) > 1 or not word.isascii())
        ]
    return words
