"""What the parts of a batch hand to each other: small, plain, frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal


class BatchError(Exception):
    """A batch can't do what it was asked: lines for a person."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))


def rounded(points: float) -> float:
    """Round points to two decimals, halves up, the way a person does."""
    return float(Decimal(str(points)).quantize(Decimal("0.01"), ROUND_HALF_UP))


@dataclass(frozen=True, slots=True)
class Student:
    """Who handed something in, as far as the layout and the roster tell."""

    key: str  # unique in a batch: the login, or else the id, or else the folder's name
    name: str = ""
    login: str = ""  # on GitHub, or the user name in the LMS
    lms_id: str = ""  # the LMS's own number: Canvas user, Moodle participant, Gradescope sid
    email: str = ""


@dataclass(frozen=True, slots=True)
class Handin:
    """One program that a student handed in, or none."""

    student: Student
    path: str  # inside the folder or archive, with "/"; "" when there is no Python file
    attempt: int = 1  # resubmissions have higher numbers; 0: on the roster, handed nothing in
    submitted_at: str = ""  # ISO 8601 with offset, "" when not known
    is_late: bool | None = None  # what the layout says; None when it says nothing
    problem: str = ""  # why there is nothing to grade


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something in the folder or archive that was left alone."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One rubric item of a grade."""

    id: str
    title: str
    status: str  # of verdict.Status
    points: int
    max_points: int
    message: str
    misconception: str


@dataclass(frozen=True, slots=True)
class Override:
    """An instructor's score instead of ours."""

    score: float
    reason: str
    at: str  # ISO 8601, UTC


@dataclass(frozen=True, slots=True)
class GradeRow:
    """One student's grade: what the gradebook, the exports and the class page show."""

    student: Student
    exercise: str
    title: str  # of the exercise, for people
    path: str
    attempt: int
    submitted_at: str
    is_late: bool | None
    score: float  # of the rubric, before lateness and override
    max_score: int
    penalty: float  # points taken for lateness
    override: Override | None
    ending: str
    passed: bool
    isolation: str
    isolation_note: str
    sha256: str
    tree: str  # digest of the syntax tree, "" when there is none to compare
    same_as: tuple[str, ...]  # keys of other students with the same tree
    graded_s: float  # how long it took
    items: tuple[ItemRow, ...]
    problem: str = ""  # why it could not be graded

    @property
    def final_score(self) -> float:
        """What counts: the override if there is one, else the score less the penalty."""
        if self.override is not None:
            return self.override.score
        return rounded(max(0.0, self.score - self.penalty))
