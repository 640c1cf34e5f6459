"""Facts about verdicts as data: the way there and back is exact, and nothing else is read."""

from __future__ import annotations

import copy
import json
import zlib
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.batch.evidence import (
    FORMAT,
    pack,
    pack_grade,
    unpack,
    verdict_from_data,
    verdict_to_data,
)
from grader.verdict import Verdict
from tests.golden.verdicts import STANDARD

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


def data_of(name: str = "serial") -> dict[str, Any]:
    return copy.deepcopy(verdict_to_data(STANDARD[name]()))


@given(st.from_type(Verdict))
@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
def test_any_verdict_comes_back_equal(verdict: Verdict) -> None:
    assert unpack(pack(verdict)) == verdict
    assert verdict_from_data(json.loads(json.dumps(verdict_to_data(verdict)))) == verdict


@pytest.mark.parametrize("name", STANDARD)
def test_standard_verdicts_come_back_equal(name: str) -> None:
    verdict = STANDARD[name]()
    assert unpack(pack(verdict)) == verdict


def test_text_that_is_not_unicode_comes_back_equal() -> None:
    verdict = replace(STANDARD["serial"](), output="\ud800 \x00 \U0001f600 \udcff", path="a\udc80")
    assert unpack(pack(verdict)) == verdict


def test_equal_verdicts_give_equal_bytes() -> None:
    assert pack(STANDARD["hostile"]()) == pack(STANDARD["hostile"]())


def test_every_field_is_kept() -> None:
    assert set(data_of()) == {"format", *(field.name for field in fields(Verdict))}


def test_a_field_with_a_default_may_be_missing() -> None:
    data = data_of("all-passed")
    for name in ("notes", "exercises_option", "grader_version", "python_version"):
        del data[name]
    del data["items"][0]["hint"]
    assert verdict_from_data(data).notes == ()


def paths(data: Any, *path: Any) -> Any:
    """Each place of a tree of data."""
    yield path
    if isinstance(data, dict):
        for key in data:
            yield from paths(data[key], *path, key)
    elif isinstance(data, list):
        for n, value in enumerate(data):
            yield from paths(value, *path, n)


def with_value(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed = copy.deepcopy(data)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


@pytest.mark.parametrize("name", ["serial", "deadlock", "syntax-error"])
@pytest.mark.parametrize("wrong", [1.5, {"x": 1}, [3.5], b"bytes"], ids=repr)
def test_a_value_of_a_wrong_type_is_refused_at_any_place(name: str, wrong: Any) -> None:
    data = data_of(name)
    for path in paths(data):
        with pytest.raises(ValueError, match=r"wanted|Expected|Invalid enum|missing required"):
            verdict_from_data(with_value(data, path, wrong))


def test_true_is_not_a_number_and_a_number_is_not_true() -> None:
    for path in (("items", 0, "points"), ("best", "makespan_us"), ("best", "calls", 0, "start_us")):
        with pytest.raises(ValueError, match="Expected `int`"):
            verdict_from_data(with_value(data_of(), path, True))
    with pytest.raises(ValueError, match="Expected `bool`"):
        verdict_from_data(with_value(data_of(), ("best", "calls", 0, "critical"), 1))


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("items", 0, "status"), "fine", r"Invalid enum value 'fine' .*items\[0\]"),
        (("format",), "asyncgrade/evidence/2", "wanted the format"),
    ],
)
def test_unknown_words_and_formats_are_refused(path: Any, value: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        verdict_from_data(with_value(data_of(), path, value))


def test_a_field_without_default_must_be_there() -> None:
    data = data_of()
    del data["seed"]
    with pytest.raises(ValueError, match="missing required field `seed`"):
        verdict_from_data(data)


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"not zlib",
        pack(STANDARD["serial"]())[:-5],
        zlib.compress(b"not json"),
        zlib.compress(b"\xff"),
        zlib.compress(b"[]"),
        zlib.compress(json.dumps({"format": FORMAT}).encode()),
    ],
    ids=["empty", "other", "cut", "no json", "no text", "list", "nothing in it"],
)
def test_damaged_bytes_are_a_value_error(packed: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (each has its own words)
        unpack(packed)


def test_a_packed_grade_says_what_its_verdict_says() -> None:
    verdict = STANDARD["serial"]()
    grade = pack_grade(verdict, 0.5)
    assert (grade.score, grade.max_score, grade.passed) == (4, 10, False)
    assert (grade.ending, grade.graded_s) == ("returned", 0.5)
    assert [row.id for row in grade.items] == [item.id for item in verdict.items]
    assert grade.items[2].misconception == "serial-awaits"
    assert unpack(grade.verdict) == verdict
