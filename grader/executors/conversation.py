"""Plays engines over a link to a worker process: the same for forked and spawned workers.

Rule 1: the host never blocks on the worker: it waits for whichever comes first of messages, output,
        the process's end and the deadline.
Rule 2: whatever the worker sends or does, nothing is raised here; a run ends in a named ending.
"""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from grader import protocol
from grader.engine.core import Engine
from grader.engine.trace import Ending
from grader.executors.base import ClosingSession, ExecutorFailed, Isolation
from grader.executors.frames import BadFrame, FrameReader
from grader.exercise.model import Limits

EOF_GRACE_S = 0.1
NOT_LOCKED = (
    "the process that was to run the program ended before it was locked down (exit status {code}); "
    "nothing was graded. Is there enough memory, and are enough open files allowed (ulimit -n)?"
)


@dataclass(frozen=True, slots=True)
class Exit:
    """How a worker's process ended."""

    code: int  # exit status, or minus the number of the signal that killed it
    cpu_s: float | None = None


@dataclass(frozen=True, slots=True)
class News:
    """What a link has to tell. All that was printed before ``channel`` was sent is in ``output``
    (or was in earlier news), so that no verdict depends on which of the two is read first."""

    channel: bytes = b""
    output: bytes = b""
    channel_closed: bool = False
    exited: bool = False


class Link(Protocol):
    """A worker process seen from the host."""

    def send(self, data: bytes) -> None:
        """Queue bytes for the worker; never blocks."""
        ...

    def wait(self, timeout_s: float) -> News: ...

    def drain_output(self) -> bytes:
        """The output that has already arrived."""
        ...

    def end(self) -> Exit:
        """Kill what is left of the worker, and say how it ended. Raises ExecutorFailed."""
        ...

    def drop(self) -> None:
        """Have what is left of the worker killed; how it ended is of no interest."""
        ...

    @property
    def unsent_bytes(self) -> int: ...


class WorkerSession(ClosingSession):
    """One submission's runs in a worker process; a new process when a run kills it.

    With ``tell_time`` its seconds take as long as real ones, and each new time is told.
    """

    def __init__(
        self,
        limits: Limits,
        isolation: Callable[[], Isolation],
        open_link: Callable[[Limits], Link],
        tell_time: Callable[[int], None] | None = None,
    ) -> None:
        self._isolation = isolation
        self._limits = limits
        self._open_link = open_link
        self._tell_time = tell_time
        self._time_zero: float | None = None  # of the run, on the host's clock
        self._link: Link | None = None
        self._reader = FrameReader()
        self._locked = False  # this worker has said that it is locked down
        self._deadline = math.inf  # the program's time begins when there is a worker for it
        self._output = bytearray()
        self._left_to_say: list[protocol.EngineMessage] = []  # goes out with the next run's load

    @property
    def isolation(self) -> Isolation:
        """What a worker is locked down by. Raises ExecutorFailed."""
        return self._isolation()

    def __enter__(self) -> WorkerSession:
        return self

    def close(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.drop()  # nothing is lost: no run is on, or its ending is known

    def play(self, engine: Engine) -> str:
        """Play one run in the worker's process, starting one if there is none."""
        self._output.clear()
        fresh = self._link is None
        self._time_zero = None
        if self._link is None:
            self._link = self._start()
        self._reader.begin_run()
        # Two frames: the stop of the last run makes the worker drop the rest of its frame.
        self._send(self._link, self._left_to_say)
        self._send(self._link, engine.start(fresh=fresh))
        self._left_to_say = []
        while not engine.over:
            self._step(self._link, engine)
        del self._output[self._limits.output_bytes :]
        return self._output.decode("utf-8", "replace")

    def _start(self) -> Link:
        """A new worker. What starting it takes is not the program's time."""
        left_s = min(self._limits.wall_s, self._deadline - time.monotonic())
        link = self._open_link(self._limits)
        self._deadline = time.monotonic() + left_s
        self._reader = FrameReader()
        self._locked = False
        self._left_to_say = []
        return link

    def _step(self, link: Link, engine: Engine) -> None:
        left_s = self._deadline - time.monotonic()
        if left_s <= 0:
            self._out_of_time(engine)
            return
        news = link.wait(left_s)
        self._output += news.output
        if len(self._output) > self._limits.output_bytes:
            text = f"it printed more than {self._limits.output_bytes // 1024} KiB"
            self._kill(engine, Ending.OUTPUT_LIMIT, text)
            return
        if news.channel:
            self._converse(link, engine, news.channel)
        if engine.over:
            return
        if news.channel_closed and not news.exited:
            self._output += link.wait(EOF_GRACE_S).output  # it may be about to end by itself
        if news.exited or news.channel_closed:
            self._bury(link, engine)

    def _converse(self, link: Link, engine: Engine, data: bytes) -> None:
        answers: list[protocol.EngineMessage] = []
        try:
            for message in self._reader.feed(data):
                if time.monotonic() > self._deadline:  # reading its messages takes time too
                    self._out_of_time(engine)
                    return
                self._locked = True  # its first message says so, and nothing of it ran before
                before_us = engine.now_us
                answers += engine.handle(message)
                if engine.now_us > before_us and self._tell_time is not None:
                    self._wait_until(engine.now_us)
                    self._tell_time(engine.now_us)
        except BadFrame as error:
            self._kill(engine, Ending.VIOLATION, str(error))
            return
        if engine.over:
            self._left_to_say = answers
            if engine.ending.killed:
                self.close()
            return
        self._send(link, answers)
        if link.unsent_bytes > protocol.MAX_FRAME_BYTES:
            self._kill(engine, Ending.VIOLATION, "it does not read the answers to its calls")

    def _send(self, link: Link, messages: list[protocol.EngineMessage]) -> None:
        if messages:
            link.send(protocol.encode_frame(messages))

    def _wait_until(self, now_us: int) -> None:
        """Sleep until the run's time has come on the host's clock, and never past the deadline."""
        if self._time_zero is None:
            self._time_zero = time.monotonic()
        until_s = min(self._time_zero + now_us / 1e6, self._deadline)
        time.sleep(max(0.0, until_s - time.monotonic()))

    def _out_of_time(self, engine: Engine) -> None:
        self._kill(engine, Ending.WALL_LIMIT, f"it ran for {self._limits.wall_s} s")

    def _kill(self, engine: Engine, ending: Ending, detail: str) -> None:
        engine.abort(ending, detail)
        self.close()

    def _bury(self, link: Link, engine: Engine) -> None:
        """The process is gone, or has closed the channel: say why."""
        self._output += link.drain_output()
        self._link = None
        exit_ = link.end()
        if not self._locked:
            raise ExecutorFailed(NOT_LOCKED.format(code=exit_.code))
        limit_s = self._limits.cpu_s
        cpu_spent = exit_.cpu_s is not None and exit_.cpu_s >= limit_s
        if exit_.code == -getattr(signal, "SIGXCPU", 24) or (exit_.code == -9 and cpu_spent):
            engine.abort(Ending.CPU_LIMIT, f"it used {limit_s} s of processor time")
        elif exit_.code == protocol.OUT_OF_MEMORY_EXIT:
            text = f"it used more than {self._limits.memory_mib} MiB of memory"
            engine.abort(Ending.MEMORY_LIMIT, text)
        elif exit_.code < 0:
            engine.abort(Ending.CRASHED, f"its process was killed by {_signal_name(-exit_.code)}")
        else:
            text = f"it ended its own process (exit status {exit_.code})"
            engine.abort(Ending.CRASHED, text)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
