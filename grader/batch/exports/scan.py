"""Reads CSV with the place of every field, so that one can be replaced and the rest stay as it is.

Values are those of Python's csv module (not strict); a test compares the two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

BOM = "\ufeff"


class UnclosedQuote(ValueError):
    """A quotation mark was opened and never closed. The first argument is its line, from 1."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record: its value, and where it stands in the text."""

    value: str
    start: int
    end: int
    quoted: bool


def scan(text: str, delimiter: str) -> list[list[Field]]:
    """Read all records; an empty line is a record without fields. Raises UnclosedQuote."""
    plain = re.compile(rf"[^{re.escape(delimiter)}\r\n]*")
    records: list[list[Field]] = []
    fields: list[Field] = []
    at = 1 if text.startswith(BOM) else 0
    while at < len(text):
        if text[at] in "\r\n" and not fields:
            at = _after_line_end(text, at)
            records.append([])
            continue
        field = _field(text, at, plain)
        fields.append(field)
        at = field.end
        if text.startswith(delimiter, at):
            at += 1
            if at < len(text):
                continue
            fields.append(Field("", at, at, False))  # the text ends with a delimiter
        at = _after_line_end(text, at)
        records.append(fields)
        fields = []
    return records


def _field(text: str, start: int, plain: re.Pattern[str]) -> Field:
    value = ""
    at = start
    quoted = text.startswith('"', start)
    if quoted:
        at = _closing_quote(text, start) + 1
        value = text[start + 1 : at - 1].replace('""', '"')
    match = plain.match(text, at)
    assert match is not None  # it matches nothing at all, too
    return Field(value + match[0], start, match.end(), quoted)


def _closing_quote(text: str, opening: int) -> int:
    at = opening + 1
    while True:
        at = text.find('"', at)
        if at < 0:
            raise UnclosedQuote(1 + len(re.findall("\r\n|\r|\n", text[:opening])))
        if not text.startswith('"', at + 1):
            return at
        at += 2


def _after_line_end(text: str, at: int) -> int:
    return at + 2 if text.startswith("\r\n", at) else at + 1
