"""The scanner of CSV reads what Python's csv module reads, and knows where it stands."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.batch.exports.scan import UnclosedQuote, scan


def read(text: str, delimiter: str) -> list[list[str]]:
    return list(
        csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter)
    )


pieces = st.sampled_from(
    ['"', '""', ",", ";", "\t", "\r", "\n", "\r\n", "a", " ", "é", "'", "\x0b"]
)
texts = st.lists(pieces, max_size=30).map("".join)


@given(texts, st.sampled_from(",;\t"), st.sampled_from(["", "\ufeff"]))
@settings(max_examples=1000)
def test_values_are_those_of_the_csv_module(text: str, delimiter: str, bom: str) -> None:
    text = bom + text
    try:
        records = scan(text, delimiter)
    except UnclosedQuote:
        # The csv module takes what there is; with the quotation mark that is wanted, they agree.
        text += '"'
        records = scan(text, delimiter)
    assert [[field.value for field in record] for record in records] == read(text, delimiter)


@given(texts, st.sampled_from(",;\t"))
@settings(max_examples=1000)
def test_fields_stand_where_they_say_and_only_signs_are_between(text: str, delimiter: str) -> None:
    try:
        records = scan(text, delimiter)
    except UnclosedQuote:
        return
    at = 0
    for field in (field for record in records for field in record):
        assert set(text[at : field.start]) <= {delimiter, "\r", "\n"}
        raw = text[field.start : field.end]
        assert field.quoted == raw.startswith('"')
        assert field.quoted or raw == field.value
        at = field.end
    assert set(text[at:]) <= {delimiter, "\r", "\n"}


@given(st.lists(st.lists(st.text("ab,;\"\r\n'é"), min_size=1), max_size=5), st.sampled_from(",;\t"))
@settings(max_examples=500)
def test_what_the_csv_module_writes_is_read_back(table: list[list[str]], delimiter: str) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(table)
    records = scan(text.getvalue(), delimiter)
    assert [[field.value for field in record] for record in records] == table


def test_an_open_quotation_mark_is_named_with_its_line() -> None:
    with pytest.raises(UnclosedQuote) as caught:
        scan('a\r\nb\r"c\nd', ",")
    assert caught.value.args == (3,)
