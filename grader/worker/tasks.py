"""Tasks whose place in a set is chosen, because a set of asyncio's own has the order of addresses.

A program that takes the order of ``asyncio.wait``'s set for the order of its calls is wrong, but is
right by luck where the addresses happen to rise. Here one run's sets are in the order of creation
and the next run's in the reverse order, so luck never lasts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import Any


class Task(asyncio.Task[Any]):
    """asyncio's task with a hash of its own."""

    __slots__ = ("_hash",)
    __module__ = asyncio.Task.__module__
    _hash: int

    def __hash__(self) -> int:
        return self._hash


def task_maker(newest_first: bool) -> Callable[..., Task]:
    """Give a function that makes tasks as ``asyncio.Task`` does.

    The nth task hashes to n, or to ~n with ``newest_first``: a set finds an item at the low bits of
    its hash, and ~n mirrors them, so that two such runs see every small set in opposite orders.
    """
    made = 0

    def make(coro: Coroutine[Any, Any, Any] | Generator[Any, None, Any], **kwargs: Any) -> Task:
        nonlocal made
        made += 1
        task = Task.__new__(Task)
        task._hash = ~made if newest_first else made  # asyncio asks for it in __init__
        task.__init__(coro, **kwargs)  # type: ignore[misc]
        return task

    return make
