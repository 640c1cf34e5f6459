"""The in-process executor: no isolation at all, for tests and for authors' own programs."""

from __future__ import annotations

import io
from collections import deque
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

from grader.engine.core import Engine
from grader.engine.trace import Ending
from grader.executors.base import ClosingSession, Isolation
from grader.exercise.model import Limits
from grader.protocol import Locked
from grader.worker.bootstrap import Worker
from grader.worker.tasks import in_place_of_asyncios
from grader.worker.virtual_time import virtual_time_module


class _DirectChannel:
    """Hands messages to an engine at once and keeps its answers."""

    def __init__(self) -> None:
        self.engine: Engine | None = None
        self.inbox: deque[Any] = deque()

    def send(self, messages: list[Any]) -> None:
        if self.engine is not None:
            for message in messages:
                self.inbox.extend(self.engine.handle(message))

    def receive(self) -> list[Any]:
        if not self.inbox:
            raise EOFError
        messages = list(self.inbox)
        self.inbox.clear()
        return messages


class _BoundedText(io.StringIO):
    """What a program prints, up to a limit; the rest is dropped."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def write(self, text: str) -> int:
        if self.tell() < self._limit:
            shown = text.encode("utf-8", "backslashreplace").decode("utf-8")
            super().write(shown[: self._limit - self.tell()])
        return len(text)


class InProcessSession(ClosingSession):
    """Runs a submission in the grader's own process. Only for programs one would run oneself."""

    isolation = Isolation("none", "in the grader's own process: no isolation at all")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._channel = _DirectChannel()
        self._worker = Worker(self._channel)

    def __enter__(self) -> InProcessSession:
        return self

    def play(self, engine: Engine) -> str:
        """Play one run; output goes to a text of its own."""
        channel = self._channel
        channel.engine = engine
        channel.inbox.clear()
        output = _BoundedText(self._limits.output_bytes)
        with (
            virtual_time_module(),
            in_place_of_asyncios(),
            redirect_stdout(output),
            redirect_stderr(output),
        ):
            channel.inbox.extend([*engine.start(fresh=True), *engine.handle(Locked([]))])
            while channel.inbox:
                self._worker.obey_all(channel.receive())
        if not engine.over:
            engine.abort(Ending.CRASHED, "the program left the run without an end")
        return output.getvalue()

    def close(self) -> None:
        self._channel.engine = None
