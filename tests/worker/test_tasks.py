"""Tasks whose sets have an order of our choice."""

from __future__ import annotations

import asyncio

import pytest

from grader.worker.loop import VirtualLoop
from grader.worker.tasks import Task, task_maker
from tests.helpers import failed, grade_text, installed

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
    loop = VirtualLoop(make_task=task_maker(newest_first))
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

    loop = VirtualLoop(make_task=task_maker(False))
    try:
        task, shown = loop.run_until_complete(main())
    finally:
        loop.close()
    assert type(task) is Task
    assert shown.startswith("<Task pending name='Task-")
    assert str(type(task)) == str(asyncio.Task)
