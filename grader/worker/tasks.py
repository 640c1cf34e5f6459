"""Tasks whose place in a set is chosen, because a set of asyncio's own has the order of addresses.

A program that takes the order of ``asyncio.wait``'s set for the order of its calls is wrong, but is
right by luck where the addresses happen to rise. Here one run's sets are in the order of creation
and the next run's in the reverse order, so luck never lasts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, ClassVar


class Task(asyncio.Task[Any]):
    """asyncio's task with a hash of its own.

    The nth task of a run hashes to n, or to ~n: a set finds an item at the low bits of its hash,
    and ~n mirrors them, so that two such runs see every small set in opposite orders.
    """

    __slots__ = ("_hash",)
    __module__ = asyncio.Task.__module__
    _hash: int
    _numbers: ClassVar[Iterator[int]] = count(1)
    _newest_first: ClassVar[bool] = False

    def __new__(cls, *args: object, **kwargs: object) -> Task:
        task = super().__new__(cls)
        number = next(Task._numbers)
        task._hash = ~number if Task._newest_first else number  # asyncio asks for it in __init__
        return task

    def __hash__(self) -> int:
        return self._hash


def number_anew(newest_first: bool) -> None:
    """Begin a run."""
    Task._numbers = count(1)
    Task._newest_first = newest_first


@contextmanager
def in_place_of_asyncios() -> Iterator[None]:
    """Programs that make tasks by themselves, or ask for the type of one, meet ours."""
    swapped: dict[str, Any] = {"Task": Task}
    if hasattr(asyncio, "create_eager_task_factory"):  # Python 3.12
        swapped["eager_task_factory"] = asyncio.create_eager_task_factory(Task)
    real = {name: getattr(asyncio, name) for name in swapped}
    _swap(swapped)
    try:
        yield
    finally:
        _swap(real)


def _swap(functions: dict[str, Any]) -> None:
    for name, function in functions.items():
        setattr(asyncio, name, function)
        setattr(asyncio.tasks, name, function)
