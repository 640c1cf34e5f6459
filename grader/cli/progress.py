"""How far a batch is: a bar in a terminal, now and then a plain line elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console as RichConsole
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import (
    Progress as Bar,
)

from grader.batch.run import Progress
from grader.cli.console import Console, complain

_SECONDS_BETWEEN_LINES = 10.0


class ProgressLine:
    """Shows progress on standard error; close it before anything else is printed."""

    def __init__(self, console: Console) -> None:
        rich = RichConsole(stderr=True, no_color=not console.color)
        self._bar: Bar | None = None
        self._task = None
        self._begun_s = time.monotonic()
        self._told_s = self._begun_s
        if rich.is_terminal:
            self._bar = Bar(
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[counts]}"),
                TimeRemainingColumn(),
                console=rich,
                transient=True,
            )
            self._task = self._bar.add_task("grading", total=None, counts="")
            self._bar.start()

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def show(self, progress: Progress) -> None:
        """Say how far it is."""
        seconds = max(1e-6, time.monotonic() - self._begun_s)
        rate = (progress.done - progress.known) / seconds
        counts = f"{progress.passed} passed, {progress.failed} not, {rate:.0f} a second"
        if self._bar is not None and self._task is not None:
            self._bar.update(
                self._task, completed=progress.done, total=progress.total, counts=counts
            )
        elif time.monotonic() - self._told_s >= _SECONDS_BETWEEN_LINES:
            self._told_s = time.monotonic()
            complain(f"{progress.done} of {progress.total}: {counts}")

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
