"""What is different while a submission is imported: nothing runs yet, and nothing takes time.

Rule 1: the program at the bottom of a file (``asyncio.run(main())`` in any spelling) is left out
        and noted: it gets an event loop that runs nothing. The grader calls the entry itself.
Rule 2: no function of asyncio is replaced, so that what a submission imported from there is
        Python's own once the import is over.
"""

from __future__ import annotations

import asyncio
from asyncio import events
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from grader.worker.loop import VirtualLoop
from grader.worker.places import line_of_caller
from grader.worker.virtual_time import ImportClock, clock_on

Notes = list[list[Any]]  # [kind, line]


class _IdleLoop(VirtualLoop):
    """A loop that runs nothing: its tasks are done at once, and their result is None."""

    def __init__(self, filename: str, notes: Notes) -> None:
        super().__init__(on_exception=lambda context: None)
        self._filename = filename
        self._notes = notes

    def create_task(self, coro: Any, **kwargs: Any) -> Any:
        coro.close()
        done = asyncio.Future[Any](loop=self)
        done.set_result(None)
        return done

    def run_until_complete(self, future: Any) -> Any:
        """Note the line instead, once."""
        note = ["main_ignored", line_of_caller(self._filename, 1)]
        if future is not None and note not in self._notes:
            self._notes.append(note)
        if asyncio.iscoroutine(future):
            future.close()

    def run_forever(self) -> None:
        self.run_until_complete(())

    def shutdown_asyncgens(self) -> Any:
        return None

    def shutdown_default_executor(self, timeout: float | None = None) -> Any:
        return None


class _IdlePolicy:
    """Hands out loops that run nothing, to ``asyncio.run`` and whoever else asks."""

    def __init__(self, filename: str, notes: Notes) -> None:
        self._filename = filename
        self._notes = notes
        self._current: asyncio.AbstractEventLoop | None = None
        self._made: list[_IdleLoop] = []

    def get_event_loop(self) -> asyncio.AbstractEventLoop:
        if self._current is None:
            self._current = self.new_event_loop()
        return self._current

    def set_event_loop(self, loop: asyncio.AbstractEventLoop | None) -> None:
        self._current = loop

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        loop = _IdleLoop(self._filename, self._notes)
        self._made.append(loop)
        return loop

    def close(self) -> None:
        for loop in self._made:
            loop.close()


@contextmanager
def importing(filename: str, notes: Notes) -> Iterator[None]:
    """While this is open, the submission ``filename`` is imported; ``notes`` grows."""
    before = events._event_loop_policy  # type: ignore[attr-defined]
    policy = _IdlePolicy(filename, notes)
    events._event_loop_policy = policy  # type: ignore[attr-defined]
    try:
        with clock_on(ImportClock()):
            yield
    finally:
        events._event_loop_policy = before  # type: ignore[attr-defined]
        policy.close()
