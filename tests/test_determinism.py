"""The same seed gives the same bytes, on a busy machine too; another seed the same statuses."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from grader.engine.core import Submission
from grader.executors.forked import Zygote, fork_is_safe, forked_executor
from grader.grade import grade, read_submission
from grader.reporters import json_report
from grader.verdict import Verdict
from tests.helpers import SOLUTIONS, installed, submission_from

ADDR_NO_RANDOMIZE = 0x0040000  # personality(2)

PROGRAMS = [
    "exercise-1/wrong/sleep_luck",
    "exercise-2/right/gather",
    "exercise-2/right/wait",
    "exercise-3/wrong/shared_session",
    "exercise-4/right/as_completed_sorted",
    "exercise-4/wrong/completion_order",
    "exercise-4/wrong/wait_set",
    "exercise-5/wrong/half",
    "exercise-6/wrong/fetch_user_twice",
    "exercise-7/wrong/barrier",
    "exercise-8/right/as_completed",
    "exercise-8/wrong/as_completed_zip",
]

# What a program shows of addresses, of sets and of hashes.
SETS = """
import asyncio
from services import *
async def load(item):
    return await get_item(item)
async def get_items(ids):
    tasks = {asyncio.create_task(load(item)): item for item in ids}
    print([tasks[task] for task in set(tasks)])
    if not tasks:
        return []
    done, _ = await asyncio.wait(tasks)
    print([tasks[task] for task in done])
    for next_done in asyncio.as_completed(set(tasks)):
        print((await next_done))
    print(object(), hash("text"), {"a", "b", "c"})
    return [task.result() for task in done]
"""


def fixes_addresses() -> bool:
    """Whether a zygote may switch address randomisation off here."""
    if not fork_is_safe():
        return False
    zygote = Zygote()
    try:
        zygote.end_child()  # it answers once it has started, and has given its addresses up before
        persona = Path(f"/proc/{zygote.pid}/personality").read_text("ascii")
    except OSError:
        return False
    finally:
        zygote.close()
    return bool(int(persona, 16) & ADDR_NO_RANDOMIZE)


pytestmark = pytest.mark.skipif(
    not fixes_addresses(), reason="this system does not let a process fix its addresses"
)


def program(name: str) -> tuple[str, Submission]:
    if name == "sets":
        return "exercise-4", submission_from(SETS)
    path = SOLUTIONS / f"{name}.py"
    return path.parent.parent.name, read_submission(path.name, path.name, path.read_bytes())


def grade_fresh(names: list[str], seed: str) -> list[Verdict]:
    """Grade programs with a zygote that was started for them."""
    zygote = Zygote()
    try:
        executor = forked_executor(zygote)
        return [
            grade(installed(exercise), submission, executor, seed)
            for exercise, submission in map(program, names)
        ]
    finally:
        zygote.close()


@contextmanager
def busy_machine() -> Iterator[None]:
    """Two processes that use all the processor time they get."""
    spins = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    try:
        yield
    finally:
        for spin in spins:
            spin.kill()
            spin.wait()


@pytest.fixture(scope="module")
def quiet() -> dict[str, str]:
    """What each program gets on a quiet machine."""
    return reports("7")


def reports(seed: str) -> dict[str, str]:
    names = [*PROGRAMS, "sets"]
    verdicts = grade_fresh(names, seed)
    return {
        name: json_report.render(verdict) for name, verdict in zip(names, verdicts, strict=True)
    }


def test_same_seed_gives_the_same_bytes(quiet: dict[str, str]) -> None:
    assert reports("7") == quiet


def test_a_busy_machine_gives_the_same_bytes(quiet: dict[str, str]) -> None:
    with busy_machine():
        assert reports("7") == quiet


@pytest.mark.parametrize("name", [*PROGRAMS[::3], "sets"])
def test_what_was_graded_before_changes_nothing(name: str, quiet: dict[str, str]) -> None:
    assert json_report.render(grade_fresh([name], "7")[0]) == quiet[name]


def test_another_seed_gives_the_same_statuses() -> None:
    statuses = [
        [[(item.id, item.status) for item in verdict.items] for verdict in graded]
        for graded in (grade_fresh(PROGRAMS, seed) for seed in ("7", "8", "9"))
    ]
    assert statuses[0] == statuses[1] == statuses[2]


def test_another_seed_gives_other_values() -> None:
    source = "from services import *\nasync def get_items(ids):\n    print(await get_item(1))\n"
    exercise, submission = installed("exercise-4"), submission_from(source)
    zygote = Zygote()
    try:
        executor = forked_executor(zygote)
        outputs = [grade(exercise, submission, executor, seed).output for seed in ("7", "7", "8")]
    finally:
        zygote.close()
    assert outputs[0] == outputs[1] != outputs[2]
