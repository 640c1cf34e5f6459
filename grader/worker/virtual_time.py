"""Makes the ``time`` module virtual while a run is on: a blocking sleep costs virtual time only.

The functions are swapped before the submission is imported, so ``from time import sleep`` is
caught too. Outside a run, and on threads that are not of the run, they are Python's own.
"""

from __future__ import annotations

import _thread
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

EPOCH_S = 1_700_000_000  # the wall clock of every run starts here, so that output is the same


class Clock(Protocol):
    """The clock of the run that is on."""

    thread: int  # the loop's

    @property
    def now_us(self) -> int: ...

    def owns(self, thread: int) -> bool:
        """Whether a thread belongs to the run."""
        ...

    def block(self, duration_us: int, what: str) -> None:
        """A sleep on the loop's thread: time passes and nothing else happens."""
        ...

    def pause(self, duration_us: int) -> None:
        """A sleep on another thread of the run: the loop goes on."""
        ...


class ImportClock:
    """The clock while a module is imported: a sleep takes no real time, and nobody is told."""

    def __init__(self) -> None:
        self.now_us = 0
        self.thread = _thread.get_ident()

    def owns(self, thread: int) -> bool:
        return thread == self.thread

    def block(self, duration_us: int, what: str) -> None:
        self.now_us += duration_us

    def pause(self, duration_us: int) -> None:
        """Never called: this clock owns no other thread."""


_clock: Clock | None = None
_real: dict[str, Callable[..., Any]] = {
    name: getattr(time, name)
    for name in (
        "sleep",
        "time",
        "time_ns",
        "monotonic",
        "monotonic_ns",
        "perf_counter",
        "perf_counter_ns",
    )
}
real_monotonic: Callable[[], float] = time.monotonic


def _active() -> Clock | None:
    clock = _clock
    return clock if clock is not None and clock.owns(_thread.get_ident()) else None


def sleep(seconds: float) -> None:
    """Delay execution for a given number of seconds (virtual while a run is on)."""
    clock = _active()
    if clock is None:
        _real["sleep"](seconds)
        return
    if seconds != seconds or seconds < 0:
        raise ValueError("sleep length must be non-negative")
    duration_us = -(-int(min(float(seconds), 1e12) * 1e9) // 1000)
    if clock.thread == _thread.get_ident():
        clock.block(duration_us, "time.sleep()")
    else:
        clock.pause(duration_us)


def _virtual(name: str, scale: Callable[[int], float]) -> Callable[[], float]:
    real = _real[name]

    def read() -> float:
        clock = _active()
        return real() if clock is None else scale(clock.now_us)

    read.__name__ = read.__qualname__ = name
    read.__doc__ = real.__doc__
    return read


_swapped: dict[str, Callable[..., Any]] = {
    "sleep": sleep,
    "time": _virtual("time", lambda now_us: EPOCH_S + now_us / 1e6),
    "time_ns": _virtual("time_ns", lambda now_us: (EPOCH_S * 1_000_000 + now_us) * 1000),
    "monotonic": _virtual("monotonic", lambda now_us: now_us / 1e6),
    "monotonic_ns": _virtual("monotonic_ns", lambda now_us: now_us * 1000),
    "perf_counter": _virtual("perf_counter", lambda now_us: now_us / 1e6),
    "perf_counter_ns": _virtual("perf_counter_ns", lambda now_us: now_us * 1000),
}


@contextmanager
def virtual_time_module() -> Iterator[None]:
    """Swap the functions of ``time``; the real ones come back at the end."""
    for name, function in _swapped.items():
        setattr(time, name, function)
    try:
        yield
    finally:
        for name, function in _real.items():
            setattr(time, name, function)


@contextmanager
def clock_on(clock: Clock) -> Iterator[None]:
    """While this is open, ``time`` shows this clock on the threads that it owns."""
    global _clock
    _clock = clock
    try:
        yield
    finally:
        _clock = None
