"""A small class as gradebook rows: full marks, late, overridden, hostile, not graded."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from grader.batch.exports.export import FORMATS, export
from grader.batch.exports.feedback import write_feedback
from grader.batch.records import GradeRow, ItemRow, Override, Student

FOLDER = Path(__file__).parent
TEMPLATES = FOLDER / "templates"

PASSED = (
    ItemRow("calls", "all calls are made", "passed", 4, 4, "", ""),
    ItemRow("overlap", "independent calls overlap", "passed", 6, 6, "", ""),
)
SERIAL = (
    PASSED[0],
    ItemRow(
        "overlap",
        "independent calls overlap",
        "failed",
        0,
        6,
        "get_user(2) began when get_user(1) had ended (line 7)",
        "serial_awaits",
    ),
)
HOSTILE = (
    '=HYPERLINK("http://x.invalid","x")\r\n-1+1, \'x\'; \x1b[31m\u202e\x00\x9b5A@all '
    "<script>alert(1)</script> ~~~~\n# x | ](http://x.invalid) \ud800"
)
DIGEST = "ab" * 32


def row(student: Student, **changes: object) -> GradeRow:
    """A grade with full marks; ``changes`` are fields of GradeRow."""
    full = GradeRow(
        student=student,
        exercise="exercise-3",
        title="Side by side",
        path=f"{student.key}/main.py",
        attempt=1,
        submitted_at="2026-11-22T15:32:01+01:00",
        is_late=False,
        score=10.0,
        max_score=10,
        penalty=0.0,
        override=None,
        ending="returned",
        passed=True,
        isolation="strong",
        isolation_note="",
        sha256=DIGEST,
        tree="cd" * 32,
        same_as=(),
        graded_s=0.0125,
        items=PASSED,
    )
    return replace(full, **changes)  # type: ignore[arg-type]


JANE = Student("doejane", "Doe, Jane", "jane.doe", "5362839", "jane.doe@example.edu")
CHIDI = Student("okaforc", "Chidi Okafor", "chidi.okafor", "5362840", "chidi.okafor@example.edu")
ANA = Student("nunez-ana", "Ana Núñez", "", "5362841", "")
LI = Student("li", "Li Wei")
EVE = Student(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)


def rows() -> list[GradeRow]:
    """The class; the first one could not be graded."""
    nothing = row(
        LI,
        path="",
        score=0.0,
        items=(),
        passed=False,
        problem="no Python file was handed in",
        submitted_at="",
        is_late=None,
        max_score=0,
        sha256="",
        tree="",
        ending="",
    )
    hostile_item = replace(SERIAL[1], message=HOSTILE, title=HOSTILE)
    failed = {"score": 4.0, "passed": False, "items": SERIAL}
    return [
        nothing,
        row(JANE, same_as=("nunez-ana",)),
        row(CHIDI, **{**failed, "score": 0.1 + 0.2}, is_late=True, penalty=0.0),
        row(ANA, **failed, penalty=0.5, is_late=True, same_as=("doejane",)),
        row(
            Student("late-and-overridden", "Sam Override"),
            **failed,
            penalty=1.5,
            override=Override(6.5, "=oral exam", "2026-11-23T10:00:00Z"),
        ),
        row(
            EVE,
            **{**failed, "items": (PASSED[0], hostile_item)},
            path=HOSTILE,
            ending="raised",
        ),
    ]


def outputs(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file that the exports and the feedback make of the class, with its golden name.

    Line ends are LF here: a checkout may change those of the golden files.
    """
    for name in FORMATS:
        export(name, rows(), folder / name)
    report = "You made 2 calls in series.\n~~~~\n# not a heading"
    write_feedback(folder / "feedback", ((each, report) for each in rows()))
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = path.relative_to(folder).as_posix().replace("/", "__")
            yield (
                (name if "." in name else f"grades.{name}"),
                path.read_bytes().replace(b"\r\n", b"\n"),
            )


def update() -> None:
    """Write the golden files anew."""
    for old in FOLDER.glob("*"):
        if old.is_file() and old.suffix != ".py":
            old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        for name, data in outputs(Path(folder)):
            (FOLDER / name).write_bytes(data)
