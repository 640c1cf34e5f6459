"""The hostile and broken programs: what each tries, and which verdicts on it are acceptable."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

ZOO = Path(__file__).parent

# Programs that earn points for a part of the work which they really do, and how many at most.
HONEST_PARTS = {
    "forge_client_reorder": 5,  # both calls, and a third one too many
    "broken_list_result": 6,  # it makes both calls in order, and returns them in a list
    "broken_none": 6,  # the same, and prints them
}
ENDINGS = {"res_never_future": "deadlock", "res_sleep_1e9": "virtual_time_limit"}


@dataclass(frozen=True, slots=True)
class Program:
    """One program and what a good grader makes of it."""

    name: str
    path: Path
    category: str
    acceptable: tuple[str, ...]  # of "pass", "fail", "killed" (neither returned nor raised)
    tries: str
    exercise: str = "display-user"
    most_points: int = 0  # for a program that must not pass
    ending: str = ""  # the one ending that it must have, "" for any


def programs(names: list[str] | None = None) -> list[Program]:
    """All programs in order of their names, or the named ones. Raises KeyError."""
    found = {program.name: program for program in (*_shared(), *_own())}
    return [found[name] for name in (names or sorted(found))]


def _rows(folder: str) -> list[dict[str, str]]:
    text = (ZOO / folder / "MANIFEST.tsv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))


def _shared() -> list[Program]:
    return [
        Program(
            row["name"],
            ZOO / "attacks" / f"{row['name']}.py",
            row["category"],
            tuple(row["acceptable_verdicts"].split(",")),
            row["tries"],
            most_points=HONEST_PARTS.get(row["name"], 0),
            ending=ENDINGS.get(row["name"], ""),
        )
        for row in _rows("attacks")
    ]


def _own() -> list[Program]:
    return [
        Program(
            row["name"],
            ZOO / "own" / f"{row['name']}.py",
            row["category"],
            tuple(row["acceptable_verdicts"].split(",")),
            row["tries"],
            row["exercise"],
            int(row["most_points"]),
            row["ending"],
        )
        for row in _rows("own")
    ]
