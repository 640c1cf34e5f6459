"""The result that classroom-resources/autograding-grading-reporter@v1 reads, and the job's log.

That reporter shows two totals: passed tests / tests x max_score in its table, and the sum of the
tests' scores in its annotation. They agree when every test is worth one point, so an item worth p
points becomes p tests. It prints names and ``test_code`` as they are: both are made safe here.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from typing import Any

from grader.escape import for_log, log_line
from grader.reporters import terminal, words
from grader.verdict import ItemResult, Status, Verdict

# Linux refuses an environment variable of 128 KiB or more (name and NUL included), and the results
# reach the reporter in one. The rest is room for the name.
MAX_ENCODED_BYTES = 120_000
MAX_ONE_POINT_TESTS = 100
NAME_LIMIT = 120  # with this many tests of this size and no feedback, a result fits
LOG_WIDTH = 100
LOG_LIMIT = 60_000
_FEEDBACK_LIMITS = (4_000, 1_000, 200, 0)  # characters of one test; the first that fits is taken


def render(verdict: Verdict) -> str:
    """Render the result of the whole exercise: base64 of JSON, one line."""
    return _encode(verdict, verdict.items)


def github_output(verdict: Verdict) -> str:
    """Render the lines to append to $GITHUB_OUTPUT: ``result``, then one for each item.

    A workflow names either ``result`` or the items to the reporter: with both, points count twice.
    """
    lines = [f"result={render(verdict)}\n"]
    for item in verdict.items:
        name = re.sub(r"[^A-Za-z0-9_]", "_", item.id)
        lines.append(f"result_{name}={_encode(verdict, (item,))}\n")
    return "".join(lines)


def job_log(verdict: Verdict, *, unicode: bool = True) -> str:
    """Render what a person reads in the log of the job. No line of it is a workflow command."""
    report = terminal.render(verdict, width=LOG_WIDTH, color=False, unicode=unicode)
    log = for_log(report, limit=LOG_LIMIT) + "\n"
    return log if unicode else words.to_ascii(log)  # where it was cut there is a "…"


def _encode(verdict: Verdict, items: Sequence[ItemResult]) -> str:
    encoded = b""
    for limit in _FEEDBACK_LIMITS:
        result = _result(verdict, items, limit)
        text = json.dumps(result, ensure_ascii=False, separators=(",", ":"))
        encoded = base64.b64encode(text.encode("utf-8"))
        if len(encoded) <= MAX_ENCODED_BYTES:
            break
    return encoded.decode("ascii")


def _result(verdict: Verdict, items: Sequence[ItemResult], limit: int) -> dict[str, Any]:
    """The result of some items. It is "fail" when points are missing; "error" is the grader's."""
    max_score = sum(item.max_points for item in items)
    one_point = max_score <= MAX_ONE_POINT_TESTS
    tests: list[dict[str, Any]] = []
    for item in items:
        if item.max_points > 0:
            tests += _tests(verdict, item, limit, one_point=one_point)
    worthless = [item for item in items if item.max_points <= 0]
    if not tests:  # the reporter needs a test; this one counts for nothing
        name = log_line(
            ": ".join(_name(item) for item in worthless) or verdict.exercise, NAME_LIMIT
        )
        passed = all(item.status is Status.PASSED for item in worthless)
        tests.append(_test(verdict, name, passed, 0))
    _append_feedback(verdict, worthless, tests, limit)
    lost = any(item.points < item.max_points for item in items)
    return {
        "version": 1,
        "status": "fail" if lost else "pass",
        "max_score": max_score,
        "tests": tests,
    }


def _tests(
    verdict: Verdict, item: ItemResult, limit: int, *, one_point: bool
) -> list[dict[str, Any]]:
    """One test for each point, the earned ones first; the first lost one carries the feedback.

    Not ``one_point``: one test with all the points, for which only the annotation is exact.
    """
    name = log_line(_name(item), NAME_LIMIT)
    if one_point:
        tests = [
            _test(
                verdict,
                f"{name} ({number} of {item.max_points})" if number > 1 else name,
                number <= item.points,
                int(number <= item.points),
            )
            for number in range(1, item.max_points + 1)
        ]
    else:
        tests = [_test(verdict, name, item.points >= item.max_points, item.points)]
    if item.points < item.max_points:
        tests[item.points if one_point else 0]["test_code"] = _feedback(verdict, item, limit)
    return tests


def _test(verdict: Verdict, name: str, passed: bool, score: int) -> dict[str, Any]:
    return {
        "name": name,
        "status": "pass" if passed else "fail",
        "score": score,
        "message": None,
        "test_code": "",
        "filename": log_line(verdict.path, 60),
        "line_no": 0,  # the reporter prints no line for 0; the feedback names it
        "duration": 0,
    }


def _name(item: ItemResult) -> str:
    return f"{item.id}: {item.title}"


def _feedback(verdict: Verdict, item: ItemResult, limit: int) -> str:
    if limit == 0:
        return ""
    lines = [label + text for label, text in words.details(item, verdict.path)]
    if item.status is Status.NOT_ASSESSED:
        lines.insert(0, "not assessed")
    return for_log("\n".join(lines), limit=limit)


def _append_feedback(
    verdict: Verdict, worthless: Sequence[ItemResult], tests: list[dict[str, Any]], limit: int
) -> None:
    """Items of no points have no test: the first failed test, or the first, speaks for them."""
    texts = [
        for_log(f"{_name(item)} (no points)", limit=limit) + "\n" + _feedback(verdict, item, limit)
        for item in worthless
        if item.status is not Status.PASSED and limit
    ]
    home = next((test for test in tests if test["status"] == "fail"), tests[0])
    home["test_code"] = "\n".join(filter(None, [home["test_code"], *texts]))
