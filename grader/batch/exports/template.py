"""Recognises the CSV file that an instructor exported from Canvas or Moodle, and its columns.

Sources: instructure/canvas-lms, lib/gradebook_importer.rb; moodle, mod/assign/feedback/offline.
Moodle's headings are translated, so its columns are known by their shape and values.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from grader.batch.exports.scan import Field, UnclosedQuote, scan
from grader.batch.records import BatchError
from grader.escape import one_line

DELIMITERS = (",", ";", "\t")
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)?")
_READ_ONLY = re.compile(r"read\s+only", re.IGNORECASE)
# "No" as Moodle says it in the languages that it is used in most.
_NO = frozenset(
    (
        *("no", "nein", "non", "não", "nee", "nej", "nei", "ei", "nie", "ne", "nem", "nu", "hayır"),
        *("нет", "ні", "не", "όχι", "לא", "لا", "いいえ", "否", "아니오"),
    )
)
_ID_OF_TITLE = re.compile(r"\s*\(([0-9]+)\)\s*\Z")


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """One student's row, with what it is known by."""

    fields: list[Field]
    lms_id: str  # the LMS's own number
    sis_id: str  # the number that the institution gave, "" when there is none
    logins: tuple[str, ...]  # and e-mail addresses
    name: str  # "" when it is not shown

    is_locked: bool = False  # the LMS would refuse the grade, and says so in the row

    @property
    def label(self) -> str:
        """Who it is, for a person."""
        name = one_line(self.name, 80) or "(no name)"
        return f"{name} ({one_line(self.lms_id, 40)})" if self.lms_id else name


@dataclass(frozen=True, slots=True)
class Template:
    """An exported file: its students, and the columns that may be filled."""

    kind: str  # "Canvas" or "Moodle"
    delimiter: str
    header: list[str]
    rows: list[TemplateRow]
    candidates: list[int]  # columns to choose from when none is named
    fillable: list[int]  # columns that may be named
    locked: list[int]  # columns that the LMS does not read back
    points: dict[int, str]  # of a column, what can be earned, as it is written
    decimal_comma: bool


def recognise(text: str) -> Template:
    """Find out what a file is. Raises BatchError when it is neither Canvas's nor Moodle's."""
    unclosed = 0
    for delimiter in DELIMITERS:
        try:
            records = [record for record in scan(text, delimiter) if record]
        except UnclosedQuote as error:
            unclosed = unclosed or error.args[0]
            continue
        if len(records) > 1:
            template = _canvas(records, delimiter) or _moodle(records, delimiter)
            if template is not None:
                return template
    if unclosed:
        raise BatchError(
            f"The file to fill is no CSV: the quotation mark opened in line {unclosed} "
            "is never closed.",
            "Export the file from the LMS again and give it as it is.",
        )
    raise BatchError(
        "The file to fill is neither a Canvas gradebook nor a Moodle grading worksheet.",
        'Canvas: Gradebook > Export, with the columns "Student", "ID" and "Section" in front.',
        'Moodle: the assignment > "Download grading worksheet", with "Participant 123" in front.',
    )


def title_words(text: str) -> str:
    """A title for comparing: without the id in brackets, words in small letters."""
    return " ".join(re.findall(r"\w+", _ID_OF_TITLE.sub(" ", text).casefold().replace("_", " ")))


def id_of_title(text: str) -> str:
    """The number in brackets at the end of a Canvas column's title, "" when there is none."""
    found = _ID_OF_TITLE.search(text)
    return found[1] if found else ""


def _value(record: list[Field], column: int) -> str:
    return record[column].value.strip() if column < len(record) else ""


# --- Canvas ------------------------------------------------------------------------------------


def _canvas(records: list[list[Field]], delimiter: str) -> Template | None:
    header = [field.value.strip() for field in records[0]]
    if len(header) < 4 or "Student" not in header[0] or "ID" not in header[1]:
        return None
    if "Section" not in header:
        return None
    first = header.index("Section") + 1
    points: dict[int, str] = {}
    locked: list[int] = []
    rows: list[TemplateRow] = []
    sis, login = (
        header.index(name) if name in header else len(header)
        for name in ("SIS User ID", "SIS Login ID")
    )
    for record in records[1:]:
        lms_id, name = _value(record, 1), _value(record, 0)
        if not lms_id and "Points Possible" in name:
            cells = {column: _value(record, column) for column in range(first, len(header))}
            locked = [column for column, cell in cells.items() if _READ_ONLY.search(cell)]
            points = {column: cell for column, cell in cells.items() if _NUMBER.fullmatch(cell)}
        elif lms_id or name:  # others say how grades are posted
            logins = (_value(record, login),)
            rows.append(TemplateRow(record, lms_id, _value(record, sis), logins, name))
    candidates = [column for column in range(first, len(header)) if column not in locked]
    comma = _decimal_comma(records[1:], [*range(first, len(header))])
    return Template(
        "Canvas", delimiter, header, rows, candidates, candidates, locked, points, comma
    )


# --- Moodle ------------------------------------------------------------------------------------


def _moodle(records: list[list[Field]], delimiter: str) -> Template | None:
    header = [field.value.strip() for field in records[0]]
    participants = [_participant(_value(record, 0)) for record in records[1:]]
    words = {word for word, number in participants if number}
    if len(header) < 3 or len(words) != 1 or not all(number for _, number in participants):
        return None
    columns = range(1, len(header))
    emails = [column for column in columns if _all_emails(records[1:], column)]
    titles = [title.casefold() for title in header]
    points = {column - 1: most for column, most in _maxima(records[1:], columns)}
    locks = _locks(titles, points)
    sis = titles.index("id number") if "id number" in titles else len(header)
    rows = [
        TemplateRow(
            record,
            participant,
            _value(record, sis),
            tuple(_value(record, column) for column in emails),
            _moodle_name(titles, record),
            _value(record, locks).casefold() in _NO,
        )
        for record, (_, participant) in zip(records[1:], participants, strict=True)
    ]
    known = [column for column in columns if titles[column] == "grade"]
    candidates = known if len(known) == 1 else sorted(points)
    comma = _decimal_comma(records[1:], [column + add for column in points for add in (0, 1)])
    fillable = [at for at in columns if all(_is_grade(_value(one, at)) for one in records[1:])]
    return Template("Moodle", delimiter, header, rows, candidates, fillable, [], points, comma)


def _participant(cell: str) -> tuple[str, str]:
    """Divide "Participant 123", in any language; ("", "") for other cells."""
    word = cell.rstrip("0123456789")
    number = cell[len(word) :]
    return (word, number) if number and any(map(str.isalpha, word)) else ("", "")


def _locks(titles: list[str], points: Mapping[int, str]) -> int:
    """The column "Grade can be changed": in any language it is right of the maximum grade."""
    if "grade can be changed" in titles:
        return titles.index("grade can be changed")
    return next(iter(points)) + 2 if len(points) == 1 else len(titles)


def _moodle_name(titles: list[str], record: list[Field]) -> str:
    """The full name; "" when the marking is blind: then there is none, or the identifier again."""
    name = _value(record, 1)
    return "" if titles[1] == "status" or name == _value(record, 0) else name


def _all_emails(records: list[list[Field]], column: int) -> bool:
    cells = [_value(record, column) for record in records if _value(record, column)]
    return bool(cells) and all(re.fullmatch(r"[^@\s]+@[^@\s]+", cell) for cell in cells)


def _maxima(records: list[list[Field]], columns: range) -> Iterator[tuple[int, str]]:
    """Columns of one equal number beside, on the left, a column of grades up to that number."""
    for column in columns[1:]:
        cells = {_value(record, column) for record in records}
        most = cells.pop() if len(cells) == 1 else ""
        if _NUMBER.fullmatch(most) and all(
            _is_grade(_value(record, column - 1), number(most)) for record in records
        ):
            yield column, most


def _is_grade(cell: str, most: float = math.inf) -> bool:
    return cell in ("", "-") or (bool(_NUMBER.fullmatch(cell)) and number(cell) <= most)


def number(text: str) -> float:
    """Read a number as a template writes it, with a point or a comma."""
    return float(text.replace(",", "."))


def _decimal_comma(records: list[list[Field]], columns: list[int]) -> bool:
    cells = [_value(record, column) for record in records for column in columns]
    numbers = [cell for cell in cells if _NUMBER.fullmatch(cell)]
    return any("," in cell for cell in numbers) and not any("." in cell for cell in numbers)
