"""Hostile and broken programs get a verdict of their manifest, in time, and harm nothing.

The best level that this machine can make, over all programs, and as an ordinary user over those
that look and reach out; an interpreter of its own, which has no layer at all, over those that
forge and waste. ``python -m tests.zoo.suite`` runs every level.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.zoo.host import LIMITS
from tests.zoo.programs import programs
from tests.zoo.suite import Row, missing, run

EVERYTHING = [program.name for program in programs()]
RESULTS = [  # what every level protects from
    program.name
    for program in programs()
    if program.path.parent.name == "attacks" and program.category in ("forge", "broken", "res")
]
REACHING_OUT = [
    program.name for program in programs() if program.category in ("secret", "esc", "honest")
]
PATIENCE_S = 20.0
SPEED = ("too long", "report")  # kinds of problems that a busy machine has too


def wrong(row: Row) -> list[tuple[str, str, str, bool]]:
    """What a level let through although it must not, on a machine of any speed."""
    return [problem for problem in row.problems() if not problem[3] and problem[1] not in SPEED]


@pytest.fixture(scope="module")
def rows() -> dict[str, Row]:
    lacking = missing()
    if lacking:
        pytest.skip(f"the programs do real harm, and this machine has no place for them: {lacking}")
    with ThreadPoolExecutor(2) as pool:
        best = pool.submit(run, "best", "", EVERYTHING, 2)
        spawned = pool.submit(run, "spawned", "", RESULTS)
        user = pool.submit(run, "best", "nobody" if os.geteuid() == 0 else "", REACHING_OUT)
        return {"best": best.result(), "spawned": spawned.result(), "user": user.result()}


@pytest.mark.parametrize("name", EVERYTHING)
def test_program_gets_no_further_than_the_level_lets_it(name: str, rows: dict[str, Row]) -> None:
    assert rows["best"].failure == ""
    assert name in [report["name"] for report in rows["best"].reports]
    assert [problem for problem in wrong(rows["best"]) if problem[0] == name] == []


def test_no_result_is_forged_without_any_layer(rows: dict[str, Row]) -> None:
    assert wrong(rows["spawned"]) == []


def test_ordinary_user_is_as_safe_as_root(rows: dict[str, Row]) -> None:
    assert rows["user"].failure == ""
    assert len(rows["user"].reports) == len(REACHING_OUT) > 40
    assert wrong(rows["user"]) == []


def test_no_program_holds_the_grader_up(rows: dict[str, Row]) -> None:
    """Loosely: how long exactly is the suite's to measure, on a machine with nothing else to do."""
    for row in rows.values():
        assert all(report["seconds"] < LIMITS.wall_s + PATIENCE_S for report in row.reports)


def test_each_file_says_what_its_manifest_says() -> None:
    for program in programs():
        first = program.path.read_text(encoding="utf-8", errors="replace").partition("\n")[0]
        said = first.lstrip("\ufeff").removeprefix("# TRIES: ").partition(" | GRADER: ")[0]
        assert said == program.tries or program.category == "broken", program.name


def test_every_file_is_in_a_manifest() -> None:
    known = {program.path for program in programs()}
    folders = {path.parent for path in known}
    assert known == {path for folder in folders for path in folder.glob("*.py")}
