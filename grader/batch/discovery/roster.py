"""A roster: who is in the class, from a CSV file of the classroom, the LMS or the instructor's own.

A submission is matched by login, id, e-mail or exact name, and only where one row fits.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grader.batch.discovery.layouts import unique
from grader.batch.discovery.listing import shown
from grader.batch.discovery.tree import read_ordinary
from grader.batch.records import BatchError, Student

MAX_ROSTER_BYTES = 16 * 1024 * 1024
MAX_ROWS = 200_000

# Spellings of the columns, without case, blanks and signs; the first that has a value counts.
_COLUMNS = {
    "login": (
        *("githubusername", "githublogin", "github", "username", "login", "loginid"),
        *("sisloginid", "user", "account"),
    ),
    "name": ("name", "fullname", "studentname", "student", "displayname"),
    "first": ("firstname", "first", "givenname", "forename"),
    "last": ("lastname", "last", "surname", "familyname"),
    "email": ("email", "emailaddress", "mail", "sisemail"),
    "lms_id": (
        *("lmsid", "lmsuserid", "canvasid", "userid", "sid", "id", "studentid", "participant"),
        *("participantid", "idnumber", "sisuserid", "sisid", "matriculationnumber", "identifier"),
    ),
    "role": ("role",),
}
_SIGNS = re.compile(r"[\W_]+")
_PARTICIPANT = re.compile(r"\w+ (\d+)")  # Moodle's worksheet: "Participant 12345"
_NOT_STUDENTS = frozenset(
    ("teacher", "instructor", "ta", "assistant", "staff", "owner", "admin", "maintainer")
)


@dataclass(frozen=True, slots=True)
class Person:
    """One row of a roster."""

    student: Student
    ids: tuple[str, ...]  # everything in the row that can stand for the person
    is_student: bool
    line: int


@dataclass(frozen=True, slots=True)
class Matched:
    """What a roster says of the submissions."""

    completed: dict[str, Student]  # by key, with what the roster knows
    unmatched: list[str]  # keys that no row fits, or more than one key a row
    absent: list[Student]  # of the roster, without a submission


class Roster:
    """The people of a class. Raises BatchError when two rows hold the same login, id or e-mail."""

    def __init__(self, people: Sequence[Person], source: str) -> None:
        self.people = tuple(people)
        self._by_id: dict[str, int] = {}
        self._by_name: dict[str, list[int]] = {}
        for number, person in enumerate(self.people):
            for key in {_fold(each) for each in person.ids}:
                other = self._by_id.setdefault(key, number)
                if other != number:
                    raise BatchError(
                        f"{shown(source)}: lines {self.people[other].line} and {person.line} "
                        f"both say {shown(key)}",
                        "wanted one row a student; remove or mend one of them",
                    )
            if person.student.name:
                self._by_name.setdefault(_fold(person.student.name), []).append(number)

    @property
    def logins(self) -> frozenset[str]:
        """All logins, casefolded."""
        return frozenset(p.student.login.casefold() for p in self.people if p.student.login)

    def match(self, students: Iterable[Student]) -> Matched:
        """Find each student's row.

        A key never changes, so that a batch begun without a roster goes on with one. Where two
        submissions have one row, neither is taken for it.
        """
        known = {student.key: student for student in students}
        claims: dict[int, list[str]] = {}  # keys, by row
        named: dict[int, list[str]] = {}
        for student in known.values():
            number = self._row(student)
            if number is not None:
                claims.setdefault(number, []).append(student.key)
                continue
            same = self._by_name.get(_fold(_in_order(student.name or student.key)), [])
            if len(same) == 1:
                named.setdefault(same[0], []).append(student.key)
        for number, keys in named.items():
            claims.setdefault(number, keys)  # an id counts more than a name
        rows = {keys[0]: self.people[row] for row, keys in claims.items() if len(keys) == 1}
        taken = set(known)
        absent = [
            replace(person.student, key=unique(person.student.key, taken))
            for number, person in enumerate(self.people)
            if person.is_student and number not in claims
        ]
        completed = {key: _complete(known[key], row.student) for key, row in rows.items()}
        return Matched(completed, sorted(known.keys() - rows.keys()), absent)

    def _row(self, student: Student) -> int | None:
        for each in (student.login, student.lms_id, student.email, student.key):
            if each and (number := self._by_id.get(_fold(each))) is not None:
                return number
        return None


def read_roster(path: Path) -> Roster:
    """Read a CSV file with a row of column names. Raises BatchError."""
    data = read_ordinary(path, MAX_ROSTER_BYTES + 1)
    name = path.name
    if len(data) > MAX_ROSTER_BYTES:
        raise BatchError(f"{shown(name)} is larger than {MAX_ROSTER_BYTES // 1024**2} MB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BatchError(
            f"{shown(name)} is not UTF-8 in line {line}", 'Save it as "CSV UTF-8".'
        ) from None
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    people: list[Person] = []
    try:
        columns = _columns(next(reader, []), name)
        for row in reader:
            person = _person(row, columns, reader.line_num)
            if person is not None:
                people.append(person)
            if len(people) > MAX_ROWS:
                raise BatchError(f"{shown(name)} has more than {MAX_ROWS:,} rows")
    except csv.Error as error:
        raise BatchError(f"{shown(name)}, line {reader.line_num}: {error}") from None
    return Roster(people, name)


def _columns(header: Sequence[str], source: str) -> dict[str, list[int]]:
    """Where to look for each thing, in order."""
    plain = [_SIGNS.sub("", title.casefold()) for title in header]
    columns = {
        what: [plain.index(each) for each in spellings if each in plain]
        for what, spellings in _COLUMNS.items()
    }
    if not any(columns[what] for what in ("login", "name", "email", "lms_id", "last")):
        seen = ", ".join(map(shown, header[:8])) or "nothing"
        raise BatchError(
            f"{shown(source)} has no column that says who a student is; its first row is: {seen}",
            "wanted a first row with some of: name, login, id, email",
        )
    return columns


def _person(row: Sequence[str], columns: dict[str, list[int]], line: int) -> Person | None:
    values = {
        what: [cell for i in places if i < len(row) and (cell := " ".join(row[i].split()))]
        for what, places in columns.items()
    }
    if "Points Possible" in "".join(values["name"]):  # the second row of a Canvas gradebook
        return None
    first = {what: cells[0] if cells else "" for what, cells in values.items()}
    name = first["name"] or f"{first['first']} {first['last']}".strip()
    ids = [_PARTICIPANT.sub(r"\1", i) if _PARTICIPANT.fullmatch(i) else i for i in values["lms_id"]]
    email = first["email"] or next((each for each in ids if "@" in each), "")
    lms_id = next((each for each in ids if "@" not in each), "")
    key = first["login"] or lms_id or email or name
    if not key:
        return None
    student = Student(key, _in_order(name), first["login"], lms_id, email)
    alike = (*values["login"], *ids, *values["email"])
    is_student = first["role"].casefold() not in _NOT_STUDENTS
    return Person(student, tuple(dict.fromkeys(alike)), is_student, line)


def _in_order(name: str) -> str:
    """Turn "Doe, Jane" round."""
    last, comma, first = name.partition(", ")
    return f"{first} {last}" if comma and "," not in first else name


def _complete(student: Student, row: Student) -> Student:
    return Student(
        student.key,
        row.name or student.name,
        row.login or student.login,
        student.lms_id or row.lms_id,
        row.email or student.email,
    )


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split())).casefold()
