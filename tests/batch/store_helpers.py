"""What the tests of the gradebook share: hand-ins, programs and grades without grading."""

from __future__ import annotations

import hashlib
from pathlib import Path

from grader.batch.evidence import PackedGrade, Program, VerdictKey, pack_grade
from grader.batch.records import Handin, Student
from grader.batch.store import Store
from grader.verdict import Status, Verdict
from tests.golden.verdicts import item, verdict

TITLE = "Side by side"
EXERCISE = "exercise-2"
HASH = "exercise hash"
MAX_SCORE = 10


def open_store(path: Path, exercise_hash: str = HASH) -> Store:
    """A gradebook in which a run has begun."""
    store = Store.open(path)
    store.begin_run(EXERCISE, TITLE, exercise_hash, MAX_SCORE, "1.0.0")
    return store


def handin(key: str, attempt: int = 1, **more: object) -> Handin:
    return Handin(Student(key), f"{key}/main.py", attempt, **more)  # type: ignore[arg-type]


def program(text: str, tree: str = "") -> Program:
    data = text.encode()
    return Program(hashlib.sha256(data).hexdigest(), tree, data)


def key_of(made: Program, exercise_hash: str = HASH) -> VerdictKey:
    return VerdictKey(made.sha256, exercise_hash, "seed", "1.0.0", "3.11.7")


def verdict_of(score: int, max_score: int = MAX_SCORE) -> Verdict:
    """One item that passed and one that failed; the points tell verdicts apart."""
    return verdict(
        (
            item("result", "the result is right", Status.PASSED, score),
            item("overlap", "the calls overlap", Status.FAILED, max_score - score, "one by one"),
        )
    )


def grade_of(score: int, max_score: int = MAX_SCORE) -> PackedGrade:
    return pack_grade(verdict_of(score, max_score), 0.25)


def save(
    store: Store,
    student: str,
    score: int,
    text: str = "",
    *,
    attempt: int = 1,
    tree: str = "",
    exercise_hash: str = HASH,
    **more: object,
) -> bool:
    """Save a grade of a student's own program, or of ``text``."""
    made = program(text or f"# {student} {attempt}", tree)
    key = key_of(made, exercise_hash)
    return store.save_grade(handin(student, attempt, **more), made, key, grade_of(score))
