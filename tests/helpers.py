"""What several tests need: exercises from text, submissions from text, executors to try."""

from __future__ import annotations

import contextlib
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grader.engine.core import Submission
from grader.executors.base import Executor
from grader.executors.forked import Zygote, forked_executor
from grader.executors.in_process import InProcessSession
from grader.executors.lockdown.layers import ALL_LAYERS
from grader.executors.spawned import spawned_executor
from grader.executors.spawned_pool import SpawnedPool
from grader.exercise.catalog import installed_exercises_dir
from grader.exercise.loader import load_exercise
from grader.exercise.model import Exercise
from grader.grade import grade, read_submission
from grader.verdict import Status, Verdict

ROOT = Path(__file__).parent.parent
SOLUTIONS = ROOT / "solutions"
ZOO = ROOT / "tests" / "zoo"

EXECUTORS = ("in_process", "forked", "spawned")

HEAD = """
format: asyncgrade/exercise/1
id: sample
title: Sample
goal: be a sample
difficulty: easy
text: Write it.
hints: [Think.]
"""


def installed(exercise_id: str) -> Exercise:
    """An exercise of the course."""
    return load_exercise(installed_exercises_dir() / f"{exercise_id}.yaml")


def exercise_from(body: str) -> Exercise:
    """An exercise from the YAML of its services, plan, cases and rubric."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample.yaml"
        path.write_text(HEAD + textwrap.dedent(body), encoding="utf-8")
        return load_exercise(path)


def submission_from(text: str | bytes) -> Submission:
    data = text if isinstance(text, bytes) else textwrap.dedent(text).encode()
    return read_submission("s.py", "s.py", data)


@contextmanager
def executor_of(name: str) -> Iterator[Executor]:
    """One of EXECUTORS; or "unlocked", the forked one without its lock-down."""
    if name == "in_process":
        yield InProcessSession
    elif name == "spawned":
        with contextlib.closing(SpawnedPool()) as pool:
            yield spawned_executor(pool)
    else:
        zygote = Zygote(without=ALL_LAYERS if name == "unlocked" else ())
        try:
            yield forked_executor(zygote)
        finally:
            zygote.close()


def grade_text(exercise: Exercise, text: str | bytes, seed: str = "0") -> Verdict:
    """Grade a program in process."""
    return grade(exercise, submission_from(text), InProcessSession, seed)


def not_passed(verdict: Verdict) -> set[str]:
    return {item.id for item in verdict.items if item.status is not Status.PASSED}


def failed(verdict: Verdict) -> set[str]:
    return {item.id for item in verdict.items if item.status is Status.FAILED}


def item(verdict: Verdict, item_id: str):
    return next(result for result in verdict.items if result.id == item_id)
