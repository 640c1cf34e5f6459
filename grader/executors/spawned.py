"""The process executor where there is no fork or it is unsafe: a spawned interpreter a submission.

It speaks the same protocol over two pipes. Threads read them, because pipes can't be polled on
Windows; a queue brings what they read to the one conversation.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grader.executors.base import Isolation
from grader.executors.conversation import Exit, Link, News, WorkerSession
from grader.exercise.model import Limits

READ_BYTES = 262_144
_SCRIPT = Path(__file__).with_name("spawned_worker.py")


class SpawnedLink:
    """A spawned worker: pipes for messages each way, a pipe for output."""

    def __init__(self, limits: Limits) -> None:
        self._news: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._unsent = 0
        worker_reads, self._send_fd = os.pipe()
        receive_fd, worker_writes = os.pipe()
        output_fd, worker_prints = os.pipe()
        self._process = self._spawn(worker_reads, worker_writes, worker_prints, limits)
        for fd in (worker_reads, worker_writes, worker_prints):
            os.close(fd)
        self._threads = [
            self._thread(self._read_all, "channel", receive_fd),
            self._thread(self._read_all, "output", output_fd),
            self._thread(self._write_all),
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

    def _write_all(self) -> None:
        while (data := self._outbox.get()) is not None:
            rest = memoryview(data)
            try:
                while rest:
                    rest = rest[os.write(self._send_fd, rest) :]
            except OSError:  # the worker is gone, which the readers notice
                return
            self._unsent -= len(data)

    @property
    def unsent_bytes(self) -> int:
        return self._unsent

    def send(self, data: bytes) -> None:
        self._unsent += len(data)
        self._outbox.put(data)

    def wait(self, timeout_s: float) -> News:
        """Wait for messages or output, at most ``timeout_s``; the end shows as a closed channel."""
        try:
            name, data = self._news.get(timeout=max(0.001, timeout_s))
        except queue.Empty:
            return News()
        if name == "output":
            return News(output=data)
        return News(channel=data, channel_closed=not data)

    def drain_output(self) -> bytes:
        """What has arrived. A short wait lets the reading thread catch up with the worker."""
        parts: list[bytes] = []
        deadline = time.monotonic() + 0.02
        while (left_s := deadline - time.monotonic()) > 0:
            try:
                name, data = self._news.get(timeout=left_s)
            except queue.Empty:
                break
            if name == "output":
                parts.append(data)
        return b"".join(parts)

    def end(self) -> Exit:
        """Kill what is left of the worker, and say how it ended."""
        try:
            self._process.wait(timeout=0.05 if self._process.poll() is None else 0)
        except subprocess.TimeoutExpired:
            _kill_group(self._process)
            self._process.wait()
        self._outbox.put(None)
        for thread in self._threads:  # every end of a pipe is closed by now: they come to an end
            thread.join(1)
        os.close(self._send_fd)
        return Exit(self._process.returncode)


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


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        process.kill()
        return
    import signal

    try:
        os.killpg(process.pid, signal.SIGKILL)
    except OSError:
        process.kill()


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
