"""Every labelled program of the course gets the verdict of its first line, in every executor."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.executors.base import Executor
from grader.grade import grade, read_submission
from grader.verdict import Verdict
from tests.helpers import (
    EXECUTORS,
    SOLUTIONS,
    executor_of,
    failed,
    grade_text,
    installed,
    not_passed,
)

PROGRAMS = sorted(SOLUTIONS.glob("exercise-*/*/*.py"))
NEEDS_311 = re.compile(r"\bTaskGroup\b|asyncio\.timeout\b")


ONE_OF_EACH = {
    sorted(path.glob("*.py"))[0] for path in SOLUTIONS.glob("exercise-*/*") if path.is_dir()
}


# The spawned executor shares all but its link with the forked one, and is much slower.
PAIRS = [
    pytest.param(name, path, id="/".join((name, *path.relative_to(SOLUTIONS).parts)))
    for name in EXECUTORS
    for path in PROGRAMS
    if name != "spawned" or path in ONE_OF_EACH
]


@pytest.fixture(scope="module")
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    with executor_of(request.param) as executor:
        yield executor


def grade_program(path: Path, executor: Executor, seed: str) -> Verdict:
    exercise = installed(path.parent.parent.name)
    return grade(exercise, read_submission(path.name, path.name, path.read_bytes()), executor, seed)


def expected_failures(path: Path) -> set[str]:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    if first == "# expect: pass":
        return set()
    found = re.fullmatch(r"# expect: fails (.+)", first)
    assert found is not None, first
    return set(found[1].split(", "))


@pytest.mark.parametrize(("executor", "path"), PAIRS, indirect=["executor"])
def test_program_gets_the_verdict_of_its_label(executor: Executor, path: Path) -> None:
    if sys.version_info < (3, 11) and NEEDS_311.search(path.read_text(encoding="utf-8")):
        pytest.skip("asyncio.TaskGroup and asyncio.timeout are missing before Python 3.11")
    verdict = grade_program(path, executor, seed="label")
    expected = expected_failures(path)
    assert failed(verdict) <= expected
    assert expected <= not_passed(verdict)
    # Beyond the label an item may only be not assessed, when its subject never happened.
    assert verdict.passed == (not expected)
    if expected:
        assert all(result.hint for result in verdict.items if result.id in failed(verdict))


@pytest.mark.parametrize("number", range(1, 9))
def test_program_that_does_nothing_earns_nothing(number: int) -> None:
    exercise = installed(f"exercise-{number}")
    params = ", ".join(exercise.params)
    for body in ("pass", "return []", "return {}", "import asyncio; await asyncio.sleep(1)"):
        verdict = grade_text(exercise, f"async def {exercise.entry}({params}): {body}")
        assert verdict.score == 0, body


@pytest.mark.parametrize("number", range(1, 9))
def test_starter_file_earns_nothing(number: int) -> None:
    from grader.exercise.starters import starter_source

    exercise = installed(f"exercise-{number}")
    assert grade_text(exercise, starter_source(exercise)).score == 0


@pytest.mark.parametrize("number", range(2, 9))
def test_serial_program_earns_at_most_four_points(number: int) -> None:
    name = "loop.py" if number == 4 else "serial.py"
    path = SOLUTIONS / f"exercise-{number}" / "wrong" / name
    exercise = installed(f"exercise-{number}")
    assert grade_text(exercise, path.read_bytes()).score <= 4
