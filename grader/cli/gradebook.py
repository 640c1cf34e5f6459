"""The folder of a batch: what is in it, and opening it."""

from __future__ import annotations

from pathlib import Path

from grader.cli.problems import Refusal

GRADEBOOK = "gradebook.sqlite"
GRADES = "grades.csv"
REPORT = "report.html"


def gradebook_in(folder: Path) -> Path:
    """The gradebook that a batch has made. Raises Refusal."""
    path = folder / GRADEBOOK
    if not path.is_file():
        raise Refusal(
            f"there is no {GRADEBOOK} in {folder}",
            "Name the folder that was given to asyncgrade batch with --out.",
        )
    return path
