"""Plays a made-up run before the first fork, so that a submission's process starts warm.

It knows no exercise: the service, the program and the answers are written here.
"""

from __future__ import annotations

from typing import Any

from grader.protocol import Advance, Begin, Call, Idle, Load, Reply, Stop
from grader.worker.bootstrap import Worker

_PROGRAM = """
import asyncio
from services import *
async def rehearse(n):
    async def once(i):
        return await step(i)
    task = asyncio.create_task(once(n))
    first, _ = await asyncio.gather(step(1), asyncio.sleep(1))
    return [first, await task], {"n": n}
"""


class _Script:
    """A channel that answers every call at the next rest."""

    def __init__(self) -> None:
        self._open: list[int] = []
        self._inbox: list[Any] = []

    def send(self, messages: list[Any]) -> None:
        for message in messages:
            if isinstance(message, Call):
                self._open.append(message.id)
            elif isinstance(message, Idle):
                replies: list[Any] = [Reply(call, True, f"v{call}", "", []) for call in self._open]
                self._open.clear()
                self._inbox = [*replies, Advance(message.now_us, None)]

    def receive(self) -> list[Any]:
        inbox, self._inbox = self._inbox, []
        return inbox


def rehearse(rounds: int = 12) -> None:
    """Load and run the made-up program often enough for the interpreter to specialise its code."""
    worker = Worker(_Script())
    services: list[list[Any]] = [["step", "coroutine", ["n"], []]]
    load = Load(_PROGRAM, "rehearsal.py", "rehearse", ["n"], services, [], False)
    for _ in range(rounds):
        worker.obey_all([load, Begin([7], False)])
        worker.obey_all([Stop("returned")])
