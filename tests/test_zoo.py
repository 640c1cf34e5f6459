"""Hostile and broken programs get a verdict of their manifest, in time, and harm nothing.

The best level that this machine can make, over all programs; an interpreter of its own, which has
no layer at all, over those that forge and waste. ``python -m tests.zoo.suite`` runs every level.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.zoo.programs import programs
from tests.zoo.suite import Row, missing, run

EVERYTHING = [program.name for program in programs()]
RESULTS = [  # what every level protects from
    program.name
    for program in programs()
    if program.path.parent.name == "attacks" and program.category in ("forge", "broken", "res")
]


@pytest.fixture(scope="module")
def rows() -> dict[str, Row]:
    lacking = missing()
    if lacking:
        pytest.skip(f"the programs do real harm, and this machine has no place for them: {lacking}")
    with ThreadPoolExecutor(2) as pool:
        best = pool.submit(run, "best", "", EVERYTHING, 2)
        spawned = pool.submit(run, "spawned", "", RESULTS)
        return {"best": best.result(), "spawned": spawned.result()}


@pytest.mark.parametrize("name", EVERYTHING)
def test_program_gets_no_further_than_the_level_lets_it(name: str, rows: dict[str, Row]) -> None:
    assert rows["best"].failure == ""
    assert name in [report["name"] for report in rows["best"].reports]
    assert [p for p in rows["best"].problems() if p[0] == name and not p[3]] == []


def test_no_result_is_forged_without_any_layer(rows: dict[str, Row]) -> None:
    assert rows["spawned"].unexpected() == []


def test_each_file_says_what_its_manifest_says() -> None:
    for program in programs():
        first = program.path.read_text(encoding="utf-8", errors="replace").partition("\n")[0]
        said = first.lstrip("\ufeff").removeprefix("# TRIES: ").partition(" | GRADER: ")[0]
        assert said == program.tries or program.category == "broken", program.name


def test_every_file_is_in_a_manifest() -> None:
    known = {program.path for program in programs()}
    folders = {path.parent for path in known}
    assert known == {path for folder in folders for path in folder.glob("*.py")}
