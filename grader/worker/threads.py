"""How long the virtual clock waits for real threads: executor jobs and the program's own.

Rule 1: a thread that works is waited for; one that waits for another, perhaps for the loop, is
        not, or a job that waits for a coroutine of its own loop would stop the clock for ever.
Rule 2: every wait is bounded in real time, except where the loop has nothing else left to do.
"""

from __future__ import annotations

import sys
import threading
from _thread import _count as count_threads  # threads started by Python, without the main one
from _thread import allocate_lock, get_ident
from contextlib import suppress
from time import monotonic  # kept from before the worker replaces the functions of ``time``

HOLD_S = 5.0  # real seconds for a thread that works
QUIET_S = 0.05  # … while a job is out and no thread works
GLANCE_S = 0.001  # … while no job is out: a thread that looks idle may be about to take up work

_MAIN_THREAD = threading.main_thread().ident
_WAITING = {  # where a thread stands that waits for another one: module and function
    ("threading", "wait"),
    ("threading", "join"),
    ("threading", "_wait_for_tstate_lock"),  # join, up to Python 3.12
    ("concurrent.futures.thread", "_worker"),  # a pool's thread without a job
    (__name__, "wait"),
}


class ThreadWatch:
    """The threads that may still bring work to one loop."""

    __slots__ = ("_before", "_jobs", "_known", "_resuming", "_wake")

    def __init__(self) -> None:
        self._jobs: set[object] = set()
        self._resuming: set[threading.Event] = set()
        self._wake = allocate_lock()  # held while nobody woke the loop up
        self._wake.acquire()
        self._before = count_threads()
        self._known: frozenset[int | None] = frozenset()
        if self._before:
            # Another thread runs, or this is one: then the main thread may bring work.
            self._known = frozenset(sys._current_frames()) - {_MAIN_THREAD}
            self._before = self._before if get_ident() == _MAIN_THREAD else -1

    def job_begins(self) -> object:
        """Note that a job is out. Call it before the job can end."""
        job = object()
        self._jobs.add(job)
        return job

    def job_ended(self, job: object, outcome: object = None) -> None:
        """Note that a job has ended. Call it after its result was handed to the loop."""
        self._jobs.discard(job)
        self.wake_up()

    def wake_up(self) -> None:
        """End the wait of the loop, or the next one. From any thread, also within a finaliser."""
        with suppress(RuntimeError):  # it is awake already
            self._wake.release()

    def is_young(self, thread: int) -> bool:
        """Whether a thread was started after the loop was made."""
        return thread not in self._known and thread != _MAIN_THREAD

    def resume(self, sleeper: threading.Event) -> None:
        """Wake a thread that sleeps. It counts as working from now on."""
        self._resuming.add(sleeper)
        sleeper.set()

    def resumed(self, sleeper: threading.Event) -> None:
        self._resuming.discard(sleeper)

    def jobs_are_out(self) -> bool:
        return bool(self._jobs)

    def may_bring_work(self) -> bool:
        """Whether a job is out or a thread exists that is younger than the loop."""
        return bool(self._jobs) or count_threads() > self._before

    def wait(self, *, patient: bool) -> bool:
        """Wait until a thread woke the loop up (True) or waiting makes no more sense.

        ``patient``: the loop has nothing else to do, so that a job is waited for without a bound.
        """
        quiet_s = QUIET_S if self._jobs or patient else GLANCE_S
        started = quiet_since = monotonic()
        while True:
            if self._wake.acquire(timeout=GLANCE_S):
                return True
            now = monotonic()
            if self._some_thread_works() or self._resuming or (patient and self._jobs):
                quiet_since = now
                if now - started >= HOLD_S and not patient:
                    return False
            elif now - quiet_since >= quiet_s:
                return False

    def _some_thread_works(self) -> bool:
        me = get_ident()
        return any(
            ident != me
            and ident not in self._known
            and (frame.f_globals.get("__name__"), frame.f_code.co_name) not in _WAITING
            for ident, frame in sys._current_frames().items()
        )
