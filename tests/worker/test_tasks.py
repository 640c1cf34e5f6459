"""Tasks whose sets have an order of our choice."""

from __future__ import annotations

import asyncio

import pytest

from grader.grade import grade
from grader.worker.loop import VirtualLoop
from grader.worker.tasks import Task, in_place_of_asyncios, number_anew
from tests.helpers import executor_of, failed, grade_text, installed, submission_from

WAIT_SET = """
import asyncio
from services import get_item
async def get_items(ids):
    if not ids:
        return []
    done, _ = await asyncio.wait([asyncio.create_task(get_item(i)) for i in ids])
    return [task.result() for task in done]
"""
POPPED = WAIT_SET.replace(
    "[task.result() for task in done]", "[done.pop().result() for _ in ids][::-1]"
)


async def order_in_a_set(count: int, before: int) -> list[int]:
    for _ in range(before):
        await asyncio.create_task(asyncio.sleep(0))
    tasks = [asyncio.create_task(asyncio.sleep(0)) for _ in range(count)]
    done, _ = await asyncio.wait(tasks)
    return [tasks.index(task) for task in done]


def run(newest_first: bool, count: int, before: int) -> list[int]:
    number_anew(newest_first)
    loop = VirtualLoop(make_task=Task)
    try:
        return loop.run_until_complete(order_in_a_set(count, before))
    finally:
        loop.close()


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 17, 60])
@pytest.mark.parametrize("before", [0, 1, 3, 6, 30, 100])
def test_two_runs_see_a_set_in_opposite_orders(count: int, before: int) -> None:
    assert run(True, count, before) == run(False, count, before)[::-1]


def test_a_first_set_is_in_the_order_of_creation_or_its_reverse() -> None:
    assert run(False, 5, 0) == [0, 1, 2, 3, 4]
    assert run(True, 5, 0) == [4, 3, 2, 1, 0]


@pytest.mark.parametrize("program", [WAIT_SET, POPPED])
@pytest.mark.parametrize("seed", ["0", "1", "2", "3", "4"])
def test_the_order_of_a_set_is_never_right_by_luck(program: str, seed: str) -> None:
    assert failed(grade_text(installed("exercise-4"), program, seed)) == {"result"}


def test_a_task_looks_like_asyncios() -> None:
    async def main() -> tuple[object, str]:
        task = asyncio.current_task()
        return task, repr(task)

    loop = VirtualLoop(make_task=Task)
    try:
        task, shown = loop.run_until_complete(main())
    finally:
        loop.close()
    assert type(task) is Task
    assert shown.startswith("<Task pending name='Task-")
    assert str(type(task)) == str(asyncio.Task)


def test_a_program_meets_our_tasks_only() -> None:
    real = asyncio.Task

    async def main() -> None:
        task = asyncio.create_task(asyncio.sleep(0))
        assert type(task) is asyncio.Task
        by_hand = asyncio.Task(asyncio.sleep(0))
        assert hash(by_hand) == hash(task) + 1
        await asyncio.gather(task, by_hand)
        if hasattr(asyncio, "eager_task_factory"):
            asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
            assert type(asyncio.create_task(asyncio.sleep(0))) is asyncio.Task

    number_anew(False)
    loop = VirtualLoop(make_task=Task)
    with in_place_of_asyncios():
        loop.run_until_complete(main())
    loop.close()
    assert asyncio.Task is asyncio.tasks.Task is real


BY_HAND = WAIT_SET.replace("asyncio.create_task(", "asyncio.Task(")
SUBCLASS = "import asyncio\nclass Mine(asyncio.Task): pass\n" + WAIT_SET.replace(
    "asyncio.create_task(", "Mine("
)
TYPES = """
import asyncio
from services import get_item
async def get_items(ids):
    tasks = [asyncio.create_task(get_item(i)) for i in ids]
    kinds = [type(task)(asyncio.sleep(0)) for task in tasks if type(task) is asyncio.Task]
    assert len(kinds) == len(tasks)
    await asyncio.gather(*kinds)
    return await asyncio.gather(*tasks)
"""


@pytest.mark.parametrize("executor", ["in_process", "forked", "spawned"])
def test_tasks_made_by_hand_are_numbered_too(executor: str) -> None:
    with executor_of(executor) as made:
        for program, wanted in ((BY_HAND, {"result"}), (SUBCLASS, {"result"}), (TYPES, set())):
            verdict = grade(installed("exercise-4"), submission_from(program), made, "1")
            assert failed(verdict) == wanted, program
