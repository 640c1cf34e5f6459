"""The formats by name. Adding one is a module with ``write`` and a row here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from grader.batch.exports import canvas, classroom50, gradescope, jsonl, moodle, own_csv
from grader.batch.records import BatchError, GradeRow
from grader.escape import one_line

FORMATS: dict[str, Callable[[Iterable[GradeRow], Path], list[Path]]] = {
    "csv": own_csv.write,
    "canvas": canvas.write,
    "moodle": moodle.write,
    "gradescope": gradescope.write,
    "classroom50": classroom50.write,
    "jsonl": jsonl.write,
}
TO_A_FOLDER = ("gradescope", "classroom50")


def export(format: str, rows: Iterable[GradeRow], out: Path) -> list[Path]:
    """Write the grades to a file, or for TO_A_FOLDER into a folder; say what was written.

    Each file is whole or as it was. Rows are read one at a time. Raises BatchError.
    """
    write = FORMATS.get(format)
    if write is None:
        raise BatchError(
            f"There is no export format {one_line(format, 60)}.",
            f"Wanted one of: {', '.join(FORMATS)}",
        )
    return write(rows, out)
