"""The process executor where there is no fork or it is unsafe: a spawned interpreter a submission.

It speaks the same protocol over two pipes. Threads read them, because pipes can't be polled on
Windows; a queue brings what they read to the one conversation.
"""

from __future__ import annotations

import contextlib
import os
import queue
import select
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from grader.executors.base import Isolation
from grader.executors.conversation import Exit, Link, News, WorkerSession
from grader.executors.spawned_pool import Interpreter, SpawnedPool
from grader.exercise.model import Limits

READ_BYTES = 65_536
MAX_NEWS = 64
JOIN_ROUNDS = 100
EXIT_GRACE_S = 0.1
MARKER_S = 5.0  # the marker comes back within microseconds, unless a program holds it up
MAX_DRAIN_BYTES = 4 * 1024 * 1024  # more than a pipe and the queue hold

Outbox = queue.SimpleQueue["bytes | None"]  # None: nothing follows


class SpawnedLink:
    """A spawned worker: pipes for messages each way, a pipe for output.

    How the host knows that it has read all of the output so far: it writes a marker into that
    pipe itself, and what comes before the marker was printed before. Each pipe has a thread, so
    that the host never blocks on one; a thread is done when the link ends, even if a daemon of the
    program holds the other end of its pipe open.
    """

    def __init__(self, interpreter: Interpreter) -> None:
        # Bounded: a program that sends faster than the host reads has to wait.
        self._news: queue.Queue[tuple[str, bytes]] = queue.Queue(MAX_NEWS)
        self._set_aside: deque[tuple[str, bytes]] = deque()  # taken from the queue too early
        self._outbox: Outbox = queue.SimpleQueue()
        self._markers: Outbox = queue.SimpleQueue()
        self._queued_bytes = 0  # counted by the host …
        self._written_bytes = 0  # … and by the writing thread
        self._exited = False
        self._interpreter = interpreter
        self._ended_fd, self._end_fd = os.pipe()  # closing the second ends the threads
        if sys.platform != "win32":  # the end of the host alone
            os.set_blocking(interpreter.send_fd, False)
        self._threads = [
            self._thread(self._read_all, "channel", interpreter.receive_fd),
            self._thread(self._read_all, "output", interpreter.output_fd),
            self._thread(self._write_all, self._outbox, interpreter.send_fd),
            self._thread(self._write_all, self._markers, interpreter.print_fd),
            self._thread(self._tell_exit),
        ]

    def _thread(self, target: Callable[..., None], *args: Any) -> threading.Thread:
        thread = threading.Thread(target=target, args=args, daemon=True)
        thread.start()
        return thread

    def _can(self, event: str, fd: int) -> bool:
        """Wait until a pipe can be read or written; False when the link has ended before."""
        ready = {fd: 0}
        if sys.platform != "win32":  # there the job ends whatever holds the other end
            poll = select.poll()
            poll.register(fd, select.POLLIN if event == "read" else select.POLLOUT)
            poll.register(self._ended_fd, 0)
            ready = dict(poll.poll())
        return self._ended_fd not in ready

    def _read_all(self, name: str, fd: int) -> None:
        data = b"-"
        while data:
            try:
                data = os.read(fd, READ_BYTES) if self._can("read", fd) else b""
            except OSError:
                data = b""
            self._news.put((name, data))
        os.close(fd)

    def _tell_exit(self) -> None:
        if self._interpreter.wait_for_end():
            self._news.put(("exit", b""))

    def _write_all(self, outbox: Outbox, fd: int) -> None:
        while (data := outbox.get()) is not None:
            rest = memoryview(data)
            while rest and self._can("write", fd):
                try:
                    rest = rest[os.write(fd, rest) :]
                except BlockingIOError:
                    continue
                except OSError:  # the worker is gone, which the readers notice
                    break
            if outbox is self._outbox:
                self._written_bytes += len(data)
        os.close(fd)

    @property
    def unsent_bytes(self) -> int:
        return self._queued_bytes - self._written_bytes

    def send(self, data: bytes) -> None:
        self._queued_bytes += len(data)
        self._outbox.put(data)

    def wait(self, timeout_s: float) -> News:
        """Wait for messages, output or the process's end, at most ``timeout_s``."""
        try:
            name, data = self._next(EXIT_GRACE_S if self._exited else max(0.001, timeout_s))
        except queue.Empty:
            return News(exited=self._exited)  # what a dead worker sent before was read first
        if name == "exit":
            self._exited = True
            return News()
        if name == "output":
            return News(output=data)
        return News(channel=data, output=self.drain_output(), channel_closed=not data)

    def _next(self, timeout_s: float) -> tuple[str, bytes]:
        return self._set_aside.popleft() if self._set_aside else self._news.get(timeout=timeout_s)

    def drain_output(self) -> bytes:
        """The output up to now, and a little of what is printed meanwhile."""
        marker = os.urandom(16)
        output = bytearray()
        aside: list[tuple[str, bytes]] = []
        deadline = time.monotonic() + MARKER_S
        self._markers.put(marker)
        with contextlib.suppress(queue.Empty):  # another process reads the pipe or holds it up:
            while marker not in output and len(output) < MAX_DRAIN_BYTES:  # what came, came
                name, data = self._next(max(0.0, deadline - time.monotonic()))
                if name == "output":
                    output += data
                else:
                    aside.append((name, data))
        self._set_aside.extendleft(reversed(aside))
        return bytes(output.replace(marker, b""))

    def end(self) -> Exit:
        """Kill what is left of the worker, and say how it ended."""
        exit_ = self._interpreter.end()
        os.close(self._end_fd)
        for outbox in (self._outbox, self._markers):
            outbox.put(None)
        for thread in self._threads:
            for _ in range(JOIN_ROUNDS):
                with contextlib.suppress(queue.Empty):
                    while True:
                        self._news.get_nowait()
                thread.join(0.01)
                if not thread.is_alive():
                    break
        os.close(self._ended_fd)
        return exit_

    def drop(self) -> None:
        """The same; the group is killed at once, so there is nothing to wait for."""
        self.end()


def spawned_executor(
    pool: SpawnedPool | None = None, tell_time: Callable[[int], None] | None = None
) -> Callable[[Limits], WorkerSession]:
    """The executor that runs each submission in an interpreter of this pool, or in a new one."""
    isolation = Isolation(
        "weak",
        "an interpreter of its own; what it sends can't forge a result, but files, network and "
        "other processes are not protected",
        missing={"linux": "only Linux lets a process lock itself down, by way of fork"},
    )
    source = pool or SpawnedPool(0)

    def open_link(limits: Limits) -> Link:
        return SpawnedLink(source.take(limits))

    def executor(limits: Limits) -> WorkerSession:
        return WorkerSession(limits, lambda: isolation, open_link, tell_time)

    return executor
