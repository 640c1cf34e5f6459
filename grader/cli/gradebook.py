"""The folder of a batch: what is in it, and opening it."""

from __future__ import annotations

from pathlib import Path

from grader.cli.problems import Refusal

GRADEBOOK = "gradebook.sqlite"
GRADES = "grades.csv"
REPORT = "report.html"


def open_folder(folder: Path) -> Path:
    """Make the folder if it is not there. Raises Refusal."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refusal(f"can't make the folder {folder}: {error.strerror}") from None
    return folder


def gradebook_in(folder: Path) -> Path:
    """The gradebook that a batch has made. Raises Refusal."""
    path = folder / GRADEBOOK
    if not path.is_file():
        raise Refusal(
            f"there is no {GRADEBOOK} in {folder}",
            "Name the folder that was given to asyncgrade batch with --out.",
        )
    return path
