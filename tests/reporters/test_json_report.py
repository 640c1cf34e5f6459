"""Facts about the report for programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

import grader.reporters
from grader.reporters.json_report import render
from grader.verdict import Verdict
from tests.golden.verdicts import STANDARD, all_passed, deadlock, hostile, serial

SCHEMA = json.loads(
    (Path(grader.reporters.__path__[0]) / "verdict.schema.json").read_text(encoding="utf-8")
)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("make", STANDARD.values(), ids=list(STANDARD))
def test_every_report_follows_the_schema(make: Callable[[], Verdict]) -> None:
    VALIDATOR.validate(json.loads(render(make())))


def test_the_schema_refuses_a_key_that_is_not_in_the_format() -> None:
    report = json.loads(render(serial()))
    for part in (report, report["items"][0], report["timeline"], report["timeline"]["calls"][0]):
        part["surprise"] = 1
        assert not VALIDATOR.is_valid(report)
        del part["surprise"]
    assert VALIDATOR.is_valid(report)


def test_the_schema_names_every_key_in_the_order_of_the_report() -> None:
    report = json.loads(render(serial()))
    assert list(report) == list(SCHEMA["properties"]) == SCHEMA["required"]
    assert list(report["items"][2]) == [
        *("id", "status", "points", "max_points", "message", "line", "case", "hint"),
        *("title", "wanted", "misconception", "source_line"),
    ]


def test_the_report_is_ascii_and_valid_unicode() -> None:
    text = render(hostile())
    assert text.isascii()
    assert text.endswith("}\n")
    json.loads(text)["output"].encode("utf-8")


def test_totals_and_parts() -> None:
    report = json.loads(render(serial()))
    assert (report["score"], report["max_score"], report["passed"]) == (4, 10, False)
    assert json.loads(render(all_passed()))["passed"] is True
    assert json.loads(render(deadlock()))["timeline"]["calls"][0]["end_us"] is None
