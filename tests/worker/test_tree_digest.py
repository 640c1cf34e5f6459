"""The digest of a syntax tree: what is one program, and who may say so."""

from __future__ import annotations

import pytest

from grader.engine.trace import Ending
from grader.executors.base import Executor
from grader.executors.forked import fork_is_safe
from grader.grade import grade
from grader.verdict import Verdict
from grader.worker.shapes import MAX_TREE_CHARS, tree_digest
from tests.helpers import executor_of, installed, submission_from

RIGHT = """
import asyncio
from services import *
async def get_users_and_locations():
    return await asyncio.gather(get_users(), get_locations())
"""
FORGES = """
import os
def frame(text):
    data = text.encode()
    os.write(3, len(data).to_bytes(4, "big") + data)
frame('[["parsed","' + "0" * 64 + '"]]')
async def get_users_and_locations():
    pass
"""


def test_blanks_comments_and_line_breaks_do_not_count() -> None:
    assert tree_digest("x = f(1,\n   2)  # mine\n\n\ny = 3") == tree_digest("x = f(1, 2)\ny = 3")
    assert tree_digest('"""mine"""\nx = 1') == tree_digest("x = 1")
    assert tree_digest("x = 1") != tree_digest("y = 1")
    assert tree_digest("x = 1") != tree_digest("x = '1'")


@pytest.mark.parametrize("source", ["x = (", "(" * 9_000, "x" * (MAX_TREE_CHARS + 1), "\0"])
def test_what_can_not_be_parsed_has_none(source: str) -> None:
    assert tree_digest(source) is None


@pytest.mark.skipif(not fork_is_safe(), reason="there is no safe fork here")
def test_verdict_holds_the_digest_when_it_is_asked_for() -> None:
    with executor_of("forked") as executor:
        one = graded(executor, RIGHT)
        other = graded(executor, RIGHT.replace("\n", "\n\n") + "# another student\n")
        assert one.tree == other.tree == tree_digest(RIGHT)
        exercise = installed("exercise-2")
        assert grade(exercise, submission_from(RIGHT), executor, "1").tree == ""


@pytest.mark.skipif(not fork_is_safe(), reason="there is no safe fork here")
def test_program_can_not_say_which_tree_it_is() -> None:
    with executor_of("forked") as executor:
        verdict = graded(executor, FORGES)
    assert verdict.ending == Ending.VIOLATION.value
    assert verdict.tree == tree_digest(FORGES)


def graded(executor: Executor, source: str) -> Verdict:
    return grade(installed("exercise-2"), submission_from(source), executor, "1", digest=True)
