"""The process executor where there is a safe fork: each submission in a child of a zygote.

Start the zygote first and let it import while the host imports too; nothing here is slow to import.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Collection
from importlib.util import find_spec
from typing import TYPE_CHECKING

from grader.executors.zygote_script import CONTROL_FD

if TYPE_CHECKING:
    from grader.executors.base import Isolation
    from grader.executors.conversation import Exit, Link, News, WorkerSession
    from grader.exercise.model import Limits

READ_BYTES = 262_144
ANSWER_S = 10.0  # the zygote answers within milliseconds, unless a program has stopped it
GONE = (
    "the process that starts programs was killed or stopped, perhaps by the program that was "
    "running; nothing was graded, please run the command again"
)

TOO_MANY_FILES = (
    "too many files are open in this process, so a program could not be run; nothing was graded, "
    "please allow more of them (ulimit -n)"
)


def fork_is_safe() -> bool:
    """Linux, with an interpreter that has ctypes; macOS forks unsafely, Windows not at all."""
    return hasattr(os, "pidfd_open") and find_spec("_ctypes") is not None


class Zygote:
    """The host's handle on a zygote process. Close it when grading is done."""

    def __init__(self, without: Collection[str] = ()) -> None:
        """``without``: layers of the lock-down or the spare child to leave out, for tests."""
        here, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        script = os.path.join(os.path.dirname(__file__), "zygote_script.py")
        package_parent = os.path.dirname(os.path.dirname(os.path.dirname(script)))
        self._control = here
        here.settimeout(ANSWER_S)
        # Sets of strings iterate alike in every run; threads do not eat up the address space.
        environment = {"PYTHONHASHSEED": "0", "MALLOC_ARENA_MAX": "1"}
        flags = ["-S", "-s", "-X", "utf8"]
        theirs.set_inheritable(True)
        self.pid = os.posix_spawn(
            sys.executable,
            [sys.executable, *flags, script, package_parent, *without],
            environment,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, theirs.fileno(), CONTROL_FD),
            ],
            setpgroup=0,
        )
        theirs.close()
        self._pidfd = os.pidfd_open(self.pid)
        self._isolation: Isolation | None = None

    def isolation(self) -> Isolation:
        """What locks its children down, found by trial. Raises ExecutorFailed."""
        if self._isolation is None:
            from grader.executors.isolation_levels import isolation_of

            found = json.loads(self._ask(b"isolation")[0])
            self._isolation = isolation_of(found["layers"], found["reachable"], found["missing"])
        return self._isolation

    def fork(self, limits: Limits) -> tuple[int, int, int]:
        """A child: descriptors of its channel, its output and its process.

        Raises ExecutorFailed.
        """
        cpus = os.sched_getaffinity(0)
        wanted: dict[str, object] = {
            "limits": {"cpu_s": limits.cpu_s, "memory_mib": limits.memory_mib},
            # Each waits for the other most of the time: a host with a core of its own shares it.
            "cpus": [*cpus] if len(cpus) == 1 else None,
        }
        _, fds = self._ask(b"fork" + json.dumps(wanted).encode())
        if len(fds) != 3:
            for fd in fds:
                os.close(fd)
            from grader.executors.base import ExecutorFailed

            self.drop_child()
            raise ExecutorFailed(TOO_MANY_FILES)
        return fds[0], fds[1], fds[2]

    def end_child(self) -> tuple[int, float]:
        """Kill and reap the child: its exit code (or minus a signal) and its processor time.

        Raises ExecutorFailed.
        """
        code, cpu_s = json.loads(self._ask(b"end")[0])
        return int(code), float(cpu_s)

    def drop_child(self) -> None:
        """Have the child killed and reaped, without waiting for it."""
        with contextlib.suppress(OSError):  # a zygote that is gone has no child
            self._control.send(b"drop")

    def _ask(self, request: bytes) -> tuple[bytes, list[int]]:
        """Send a request and wait for its answer. Raises ExecutorFailed."""
        try:
            self._control.send(request)
            answer, fds, _, _ = socket.recv_fds(self._control, 4096, 3)
        except OSError:  # it is gone, or a program has stopped it
            answer, fds = b"", []
        except BaseException:
            self._kill()  # what it would answer from now on belongs to another request
            raise
        if not answer:
            from grader.executors.base import ExecutorFailed

            self._kill()
            raise ExecutorFailed(GONE)
        return answer, fds

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def close(self) -> None:
        """End the zygote and wait for it."""
        self._control.close()
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            if not select.select([self._pidfd], [], [], ANSWER_S)[0]:
                self._kill()
            os.waitpid(self.pid, 0)
        os.close(self._pidfd)


class ForkedLink:
    """A forked worker: a socket pair for messages, a pipe for output, a pidfd for its end."""

    def __init__(self, zygote: Zygote, limits: Limits) -> None:
        self._zygote = zygote
        channel_fd, self._output_fd, self._pidfd = zygote.fork(limits)
        self._channel = socket.socket(fileno=channel_fd)
        self._channel.setblocking(False)
        os.set_blocking(self._output_fd, False)
        self._unsent = bytearray()
        self._poll = select.poll()
        self._events = {self._channel.fileno(): select.POLLIN, self._output_fd: select.POLLIN}
        for fd, mask in [*self._events.items(), (self._pidfd, select.POLLIN)]:
            self._poll.register(fd, mask)

    @property
    def unsent_bytes(self) -> int:
        return len(self._unsent)

    def send(self, data: bytes) -> None:
        self._unsent += data
        self._write()

    def _write(self) -> None:
        fd = self._channel.fileno()
        try:
            sent = self._channel.send(self._unsent)
            del self._unsent[:sent]
        except BlockingIOError:
            pass
        except OSError:  # the worker is gone: its end will be noticed by ``wait``
            self._unsent.clear()
        mask = select.POLLIN | (select.POLLOUT if self._unsent else 0)
        if fd in self._events and mask != self._events[fd]:
            self._events[fd] = mask
            self._poll.modify(fd, mask)

    def wait(self, timeout_s: float) -> News:
        """Wait for messages, output or the process's end, at most ``timeout_s``."""
        from grader.executors.conversation import News

        events = dict(self._poll.poll(max(1, int(timeout_s * 1000))))
        channel_fd = self._channel.fileno()
        if events.get(channel_fd, 0) & select.POLLOUT:
            self._write()
        data, closed = b"", False
        if events.get(channel_fd, 0) & ~select.POLLOUT:
            try:
                data = self._channel.recv(READ_BYTES)
                closed = not data
            except BlockingIOError:
                pass
            except OSError:
                closed = True
            if closed:
                self._forget(channel_fd)
        # What a dead worker sent before is read first; only then does its death count.
        exited = self._pidfd in events and not data
        output = self.drain_output()  # after the channel: see News
        return News(data, output, channel_closed=closed, exited=exited)

    def drain_output(self) -> bytes:
        """At most a few pipes full: what has arrived."""
        parts: list[bytes] = []
        with contextlib.suppress(BlockingIOError, OSError):
            for _ in range(8):
                data = os.read(self._output_fd, READ_BYTES)
                if not data:
                    self._forget(self._output_fd)
                    break
                parts.append(data)
        return b"".join(parts)

    def _forget(self, fd: int) -> None:
        if self._events.pop(fd, None) is not None:
            self._poll.unregister(fd)

    def end(self) -> Exit:
        from grader.executors.conversation import Exit

        try:
            code, cpu_s = self._zygote.end_child()
        finally:
            self._close_descriptors()
        return Exit(code, cpu_s)

    def drop(self) -> None:
        self._zygote.drop_child()
        self._close_descriptors()

    def _close_descriptors(self) -> None:
        self._channel.close()
        os.close(self._output_fd)
        os.close(self._pidfd)


def forked_executor(
    zygote: Zygote, tell_time: Callable[[int], None] | None = None
) -> Callable[[Limits], WorkerSession]:
    """The executor that runs submissions in children of this zygote."""
    from grader.executors.conversation import WorkerSession

    def open_link(limits: Limits) -> Link:
        return ForkedLink(zygote, limits)

    def executor(limits: Limits) -> WorkerSession:
        return WorkerSession(limits, zygote.isolation, open_link, tell_time)

    return executor
