"""Handles for the virtual-time loop that are quick to make: a cancelled one has no arguments."""

from __future__ import annotations

from asyncio import events
from collections.abc import Callable
from contextvars import Context, copy_context
from math import inf
from typing import Any

Callback = Callable[..., object]
VirtualLoop = Any  # the loop imports this module

NEVER_US = 2**53  # a timer this late (285 years; ``sleep(inf)``) is kept, but is no deadline


class SlimHandle(events.Handle):
    """A handle that is quick to make: a cancelled one is known by its missing arguments."""

    __slots__ = ()
    _repr = None
    _source_traceback = None

    def __init__(
        self, callback: Callback, args: tuple[Any, ...], loop: VirtualLoop, context: Context | None
    ) -> None:
        self._callback = callback
        self._args = args
        self._loop = loop
        self._context = copy_context() if context is None else context

    @property
    def _cancelled(self) -> bool:  # type: ignore[override]
        return self._args is None

    def cancel(self) -> None:
        self._callback = self._args = None  # type: ignore[assignment]


class SlimTimerHandle(events.TimerHandle):
    """The same for a timer. ``_when`` is computed: the loop keeps microseconds."""

    __slots__ = ("_when_us",)
    _repr = None
    _source_traceback = None
    _scheduled = True

    def __init__(
        self,
        when_us: int,
        callback: Callback,
        args: tuple[Any, ...],
        loop: VirtualLoop,
        context: Context | None,
    ) -> None:
        self._when_us = when_us
        self._callback = callback
        self._args = args
        self._loop = loop
        self._context = copy_context() if context is None else context

    @property
    def _when(self) -> float:
        return inf if self._when_us >= NEVER_US else self._when_us / 1e6

    def when(self) -> float:
        """Return the deadline in seconds of ``loop.time()``."""
        return self._when

    @property
    def _cancelled(self) -> bool:  # type: ignore[override]
        return self._args is None

    def cancel(self) -> None:
        if self._args is not None:
            self._callback = self._args = None  # type: ignore[assignment]
            loop = self._loop
            if self._when_us > loop.now_us:  # a timer that is due leaves the heap by itself
                loop._timer_handle_cancelled(self)
