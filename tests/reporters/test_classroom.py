"""Facts about the result for the reporter of GitHub Classroom, with a model of its totals."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from grader.reporters.classroom import MAX_ENCODED_BYTES, github_output, job_log, render
from grader.verdict import ItemResult, Verdict
from tests.golden.reports import decode
from tests.golden.verdicts import (
    FAILED,
    HOSTILE,
    NOT_ASSESSED,
    PASSED,
    STANDARD,
    hostile,
    item,
    many_calls,
    serial,
    syntax_error,
    verdict,
)
from tests.test_escape import commands


def outputs(graded: Verdict) -> dict[str, dict[str, Any]]:
    """What $GITHUB_OUTPUT then holds: name -> result."""
    lines = github_output(graded).splitlines()
    return {name: decode(value) for name, _, value in (line.partition("=") for line in lines)}


def table_total(result: dict[str, Any]) -> float:
    """The reporter's table: passed tests / tests x max_score; it ignores the scores."""
    passed = [test for test in result["tests"] if test["status"] == "pass"]
    return len(passed) / len(result["tests"]) * int(result["max_score"])


def annotation_total(results: list[dict[str, Any]]) -> tuple[int, int]:
    """The reporter's annotation: the sum of the scores of results that have a max_score."""
    counted = [result for result in results if result["max_score"]]
    points = sum(test["score"] for result in counted for test in result["tests"])
    return points, sum(result["max_score"] for result in counted)


def reporter_log(result: dict[str, Any]) -> str:
    """What the reporter prints of a result that a student can influence, at column 0."""
    lines = []
    for test in result["tests"]:
        lines.append(("✅ " if test["status"] == "pass" else "❌ ") + test["name"])
        lines += ["Test code:", test["test_code"]] if test["test_code"] else []
    return "\n".join(lines)


def partial() -> Verdict:
    two_of_three = replace(item("many", "all of them", FAILED, 3, "One is missing."), points=2)
    return verdict((two_of_three, item("one", "one", PASSED, 4)))


MAKERS = [*STANDARD.values(), partial]


@pytest.mark.parametrize("make", MAKERS)
def test_both_totals_of_the_reporter_are_the_score(make: Callable[[], Verdict]) -> None:
    graded = make()
    found = outputs(graded)
    whole = found.pop("result")
    expected = (graded.score, graded.max_score)
    assert (table_total(whole), whole["max_score"]) == pytest.approx(expected)
    assert annotation_total([whole]) == expected
    assert sum(map(table_total, found.values())) == pytest.approx(graded.score)
    assert annotation_total(list(found.values())) == expected


@pytest.mark.parametrize("make", MAKERS)
def test_a_result_has_what_the_reporter_reads(make: Callable[[], Verdict]) -> None:
    for result in outputs(make()).values():
        assert list(result) == ["version", "status", "max_score", "tests"]
        assert result["status"] in ("pass", "fail")
        assert result["tests"]
        for test in result["tests"]:
            assert test["line_no"] == 0
            assert type(test["score"]) is int
            assert test["score"] in (0, 1)
            assert (test["status"] == "pass") == (test["score"] == 1) or not result["max_score"]


@pytest.mark.parametrize("make", MAKERS)
def test_nothing_the_reporter_prints_is_a_workflow_command(make: Callable[[], Verdict]) -> None:
    assert commands(job_log(make())) == []
    for result in outputs(make()).values():
        assert commands(reporter_log(result)) == []


def test_even_a_hostile_title_is_no_workflow_command() -> None:
    graded = verdict((ItemResult("::x", HOSTILE, FAILED, 0, 2, HOSTILE), item("o", "p", PASSED, 1)))
    assert commands(reporter_log(outputs(graded)["result"])) == []


def test_an_item_of_three_points_is_three_tests_and_the_first_lost_one_speaks() -> None:
    tests = outputs(partial())["result_many"]["tests"]
    assert [(test["name"], test["status"], test["test_code"]) for test in tests] == [
        ("many: all of them", "pass", ""),
        ("many: all of them (2 of 3)", "pass", ""),
        ("many: all of them (3 of 3)", "fail", "| One is missing."),
    ]


def test_an_item_that_is_not_assessed_says_so() -> None:
    first = outputs(syntax_error())["result_result"]["tests"][0]
    assert first["test_code"].startswith("| not assessed\n| Nothing could be checked")


def test_an_item_of_no_points_speaks_in_the_first_failed_test_and_costs_nothing() -> None:
    tests = outputs(serial())["result"]["tests"]
    assert not any(test["name"].startswith("style") for test in tests)
    failed = next(test for test in tests if test["status"] == "fail")
    assert "| style: no name hides a built-in one (no points)" in failed["test_code"]
    assert outputs(serial())["result_style"] == {
        "version": 1,
        "status": "pass",
        "max_score": 0,
        "tests": [outputs(serial())["result_style"]["tests"][0]],
    }


def test_only_lost_points_make_a_result_fail() -> None:
    free = item("style", "style", FAILED, 0, "ugly")
    result = outputs(verdict((item("a", "a", PASSED, 1), free)))["result"]
    assert result["status"] == "pass"
    assert result["tests"][0]["test_code"] == "| style: style (no points)\n| ugly"
    assert outputs(serial())["result"]["status"] == "fail"


def test_an_exercise_without_points_still_has_a_test() -> None:
    assert len(outputs(verdict(()))["result"]["tests"]) == 1


def test_outputs_are_one_line_each_and_named_after_the_items() -> None:
    graded = verdict((item("max-in-flight", "t", PASSED, 1), item("b", "t", NOT_ASSESSED, 1, "x")))
    lines = github_output(graded).splitlines()
    assert [line.partition("=")[0] for line in lines] == [
        "result",
        "result_max_in_flight",
        "result_b",
    ]
    assert lines[0] == f"result={render(graded)}"


def test_a_result_always_fits_an_environment_variable() -> None:
    long = '😀"\\' * 4000
    for number, points in ((100, 1), (20, 5), (3, 1000)):
        items = tuple(
            ItemResult(str(n), long, FAILED, 0, points, long, wanted=long, hint=long)
            for n in range(number)
        )
        graded = verdict(items, path=long)
        assert len(render(graded)) <= MAX_ENCODED_BYTES
        assert annotation_total([decode(render(graded))]) == (0, number * points)


def test_the_log_of_a_huge_output_is_cut() -> None:
    assert len(job_log(many_calls())) < 100_000


def test_the_log_shows_the_report() -> None:
    assert "| ✗ failed  overlap: the two calls overlap" in job_log(serial())
    assert all(line.startswith("| ") for line in job_log(hostile()).splitlines())


def test_base64_is_of_plain_utf8_json() -> None:
    text = base64.b64decode(render(hostile()), validate=True).decode("utf-8")
    assert json.loads(text) == decode(render(hostile()))
