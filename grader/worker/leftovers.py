"""What a run leaves undone: coroutines that never ran, lost tasks, errors that nobody saw."""

from __future__ import annotations

import asyncio
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from grader import protocol
from grader.worker import places

MAX_LEFTOVERS = 50


class Leftovers:
    """Collects the findings of one run; more than MAX_LEFTOVERS tell nothing new."""

    def __init__(self, filename: str) -> None:
        self.found: list[list[Any]] = []  # kind, line, detail
        self._filename = filename

    def note(self, kind: str, line: int | None, detail: str) -> None:
        """Note one."""
        if len(self.found) < MAX_LEFTOVERS:
            self.found.append([kind, line, detail])

    def on_exception(self, context: dict[str, Any]) -> None:
        """Take what the loop's exception handler is told."""
        message = str(context.get("message", ""))
        task = context.get("task") or context.get("future")
        error = context.get("exception")
        line = None
        if message.startswith("Task was destroyed"):
            kind, detail = "destroyed", protocol.type_name(task)
            if isinstance(task, asyncio.Task):
                detail = str(getattr(task.get_coro(), "__qualname__", "?"))[:100]
                line = places.origin_line(task.get_coro(), self._filename)
        elif isinstance(error, BaseException):
            kind, detail = "lost_exception", places.describe_error(error)[:300]
            frames = places.submission_frames(places.place_of_error(error), self._filename)
            line = frames[-1][0] if frames else None
        else:
            kind, detail = "loop_error", message[:300]
        self.note(kind, line, detail)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Learn of coroutines that are thrown away before they ever ran."""

        def never_awaited(coroutine: Any) -> None:
            name = str(getattr(coroutine, "__qualname__", "?"))[:100]
            self.note("never_awaited", places.origin_line(coroutine, self._filename), f"{name}()")

        original = warnings._warn_unawaited_coroutine  # type: ignore[attr-defined]
        depth = sys.get_coroutine_origin_tracking_depth()
        warnings._warn_unawaited_coroutine = never_awaited  # type: ignore[attr-defined]
        sys.set_coroutine_origin_tracking_depth(1)
        try:
            yield
        finally:
            sys.set_coroutine_origin_tracking_depth(depth)
            warnings._warn_unawaited_coroutine = original  # type: ignore[attr-defined]
