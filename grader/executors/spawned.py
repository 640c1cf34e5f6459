"""The process executor where there is no fork or it is unsafe: a spawned interpreter a submission.

It speaks the same protocol over two pipes. Threads read them, because pipes can't be polled on
Windows; a queue brings what they read to the one conversation.
"""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grader.executors.base import Isolation
from grader.executors.conversation import Exit, Link, News, WorkerSession
from grader.exercise.model import Limits

READ_BYTES = 65_536
MAX_NEWS = 64
JOIN_ROUNDS = 100
EXIT_GRACE_S = 0.1
MARKER_S = 5.0  # the marker comes back within microseconds, unless a program holds it up
_SCRIPT = Path(__file__).with_name("spawned_worker.py")


class SpawnedLink:
    """A spawned worker: pipes for messages each way, a pipe for output.

    How the host knows that it has read all of the output so far: it writes a marker into that
    pipe itself, and what comes before the marker was printed before.
    """

    def __init__(self, limits: Limits) -> None:
        # Bounded: a program that sends faster than the host reads has to wait.
        self._news: queue.Queue[tuple[str, bytes]] = queue.Queue(MAX_NEWS)
        self._set_aside: deque[tuple[str, bytes]] = deque()  # taken from the queue too early
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._queued_bytes = 0  # counted by the host …
        self._written_bytes = 0  # … and by the writing thread
        self._exited = False
        worker_reads, send_fd = os.pipe()
        receive_fd, worker_writes = os.pipe()
        output_fd, self._print_fd = os.pipe()
        self._process = self._spawn(worker_reads, worker_writes, self._print_fd, limits)
        for fd in (worker_reads, worker_writes):
            os.close(fd)
        self._threads = [
            self._thread(self._read_all, "channel", receive_fd),
            self._thread(self._read_all, "output", output_fd),
            self._thread(self._write_all, send_fd),
            self._thread(self._tell_exit),
        ]

    def _spawn(
        self, reads: int, writes: int, prints: int, limits: Limits
    ) -> subprocess.Popen[bytes]:
        ends, extra = _inherit(reads, writes)
        package_parent = str(_SCRIPT.parents[2])
        numbers = [str(n) for n in (limits.cpu_s, limits.memory_mib)]
        return subprocess.Popen(
            [
                *(sys.executable, "-S", "-s", "-B", "-X", "utf8", str(_SCRIPT)),
                *(package_parent, *ends, *numbers),
            ],
            stdin=subprocess.DEVNULL,
            stdout=prints,
            stderr=subprocess.STDOUT,
            env=_environment(),
            **extra,
        )

    def _thread(self, target: Callable[..., None], *args: Any) -> threading.Thread:
        thread = threading.Thread(target=target, args=args, daemon=True)
        thread.start()
        return thread

    def _read_all(self, name: str, fd: int) -> None:
        data = b"-"
        while data:
            try:
                data = os.read(fd, READ_BYTES)
            except OSError:
                data = b""
            self._news.put((name, data))
        os.close(fd)

    def _tell_exit(self) -> None:
        if sys.platform == "win32":
            self._process.wait()
        elif hasattr(os, "waitid"):
            with contextlib.suppress(ChildProcessError):
                os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
        else:  # macOS before Python 3.13: the closed channel tells it, unless a child holds it open
            return
        self._news.put(("exit", b""))

    def _write_all(self, fd: int) -> None:
        while (data := self._outbox.get()) is not None:
            rest = memoryview(data)
            try:
                while rest:
                    rest = rest[os.write(fd, rest) :]
            except OSError:  # the worker is gone, which the readers notice
                break
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
        try:
            os.write(self._print_fd, marker)
            while marker not in output:
                name, data = self._next(MARKER_S)
                if name == "output":
                    output += data
                else:
                    aside.append((name, data))
        except (OSError, queue.Empty):
            pass  # another process reads the pipe or holds it up: what came, came
        self._set_aside.extendleft(reversed(aside))
        return bytes(output.replace(marker, b""))

    def end(self) -> Exit:
        """Kill what is left of the worker, and say how it ended."""
        self._outbox.put(None)
        exit_ = _kill_and_wait(self._process)
        os.close(self._print_fd)
        for thread in self._threads:  # every end of a pipe is closed by now: they come to an end
            for _ in range(JOIN_ROUNDS):
                with contextlib.suppress(queue.Empty):
                    while True:
                        self._news.get_nowait()
                thread.join(0.01)
                if not thread.is_alive():
                    break
        return exit_


def _environment() -> dict[str, str]:
    """Only the hash seed, and what Windows needs to start a process at all."""
    environment = {"PYTHONHASHSEED": "0"}
    if sys.platform == "win32" and "SYSTEMROOT" in os.environ:
        environment["SYSTEMROOT"] = os.environ["SYSTEMROOT"]
    return environment


def _inherit(reads: int, writes: int) -> tuple[list[str], dict[str, Any]]:
    """How to hand two descriptors to a child: their names on its command line, and how to spawn."""
    if sys.platform == "win32":
        import msvcrt

        handles = [msvcrt.get_osfhandle(fd) for fd in (reads, writes)]
        for handle in handles:
            os.set_handle_inheritable(handle, True)
        startup = subprocess.STARTUPINFO(lpAttributeList={"handle_list": handles})
        return [str(handle) for handle in handles], {"startupinfo": startup}
    return [str(reads), str(writes)], {"pass_fds": (reads, writes), "start_new_session": True}


def _kill_and_wait(process: subprocess.Popen[bytes]) -> Exit:
    """Kill the worker and its group; one that has ended by itself keeps its exit status."""
    if sys.platform == "win32":
        process.kill()
        return Exit(process.wait())
    import signal

    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)  # it was not waited for, so the number is its own
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Exit(process.returncode, usage.ru_utime + usage.ru_stime)


def spawned_executor(
    pace: Callable[[int], None] | None = None,
) -> Callable[[Limits], WorkerSession]:
    """The executor that starts an interpreter for each submission."""
    isolation = Isolation(
        "weak",
        "an interpreter of its own; results can't be forged, but files, network and other "
        "processes are not protected",
    )

    def open_link(limits: Limits) -> Link:
        return SpawnedLink(limits)

    def executor(limits: Limits) -> WorkerSession:
        return WorkerSession(limits, isolation, open_link, pace)

    return executor
