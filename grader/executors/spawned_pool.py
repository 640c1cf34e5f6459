"""Interpreters that are started ahead: each waits for the limits of one submission, and serves it.

Start the pool first and let the interpreters import while the host imports too; nothing here is
slow to import. An interpreter that has served is never used again.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.executors.conversation import Exit
    from grader.executors.job_object import JobObject
    from grader.exercise.model import Limits

PATIENCE_S = 30.0  # an interpreter is ready within tenths of a second, unless something stops it
MORE_ATTEMPTS = 2  # with interpreters that were started just now
SAID_BYTES, SAID_CHARS = 4096, 200
NOT_STARTED = (
    "no interpreter for the program could be started ({reason}); nothing was graded. "
    "What this system can do: asyncgrade doctor"
)
SIGXCPU = 24  # Windows does not know the name


class Interpreter:
    """A worker's process: pipes for messages each way, a pipe for output.

    Until ``begin`` it has no limits and has seen nothing of any submission.
    """

    def __init__(self) -> None:
        fds: list[int] = []
        try:
            for _ in range(3):
                fds += os.pipe()
            worker_reads, self.send_fd, self.receive_fd, worker_writes, *output = fds
            self.output_fd, self.print_fd = output
            self._process = _spawn(worker_reads, worker_writes, self.print_fd)
        except BaseException:
            for fd in fds:
                os.close(fd)
            raise
        os.close(worker_reads)
        os.close(worker_writes)
        self._job: JobObject | None = None
        self._job_holds = False
        self._given_up = False
        self.limits_in_force: tuple[str, ...] = ()  # their names, known once it is ready

    @property
    def pid(self) -> int:
        return self._process.pid

    def begin(self, limits: Limits) -> None:
        """Hand the limits over: from now on this interpreter is one submission's."""
        if sys.platform == "win32":
            from grader.executors.job_object import JobObject

            handle = int(self._process._handle)  # type: ignore[attr-defined]
            self._job = JobObject()
            self._job_holds = self._job.hold(handle, limits.cpu_s, limits.memory_mib)
        else:
            import signal

            with contextlib.suppress(OSError):  # the submission before may have stopped it
                os.kill(self.pid, signal.SIGCONT)
        wanted = {"cpu_s": limits.cpu_s, "memory_mib": limits.memory_mib}
        with contextlib.suppress(OSError):  # it has died, and will not answer
            os.write(self.send_fd, json.dumps(wanted).encode() + b"\n")

    def is_ready(self) -> bool:
        """Wait until the limits are in force; False when the process has died, or does not move."""
        timer = threading.Timer(PATIENCE_S, self._give_up)
        timer.daemon = True
        timer.start()
        try:
            answer = b""
            while not answer.endswith(b"\n"):
                data = os.read(self.receive_fd, 1)  # not more: frames follow
                if not data:
                    return False
                answer += data
        except OSError:
            return False
        finally:
            timer.cancel()
            timer.join()
        job = ("JOB_OBJECT",) if self._job_holds else ()
        self.limits_in_force = (*json.loads(answer), *job)
        return not self._given_up

    def _give_up(self) -> None:
        self._given_up = True
        self.kill()

    def kill(self) -> None:
        """Kill the process and its group.

        On POSIX a daemon, which made a session of its own, is not in that group: only a parent that
        adopts orphans could find it (the zygote does, where there is one). It is left with the
        limits that it inherited. On Windows closing the job ends all that was started in it.
        """
        if sys.platform == "win32":
            with contextlib.suppress(OSError):  # it is about to end
                self._process.kill()
            if self._job is not None:
                self._job.close()
        else:
            import signal

            for kill in (os.killpg, os.kill):  # it was not waited for: the number is its own
                with contextlib.suppress(OSError):
                    kill(self.pid, signal.SIGKILL)

    def wait_for_end(self) -> bool:
        """Wait until the process has ended, and leave its status to ``end``; False: can't wait."""
        if sys.platform == "win32":
            self._process.wait()
        elif hasattr(os, "waitid"):
            with contextlib.suppress(ChildProcessError):
                os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        else:  # macOS before Python 3.13: the closed channel tells it, unless a child holds it open
            return False
        return True

    def end(self) -> Exit:
        """Kill what is left; a process that has ended by itself keeps its exit status."""
        from grader.executors.conversation import Exit

        self.kill()
        if sys.platform == "win32":
            from grader.executors.job_object import QUOTA_EXIT

            code, cpu_s = self._process.wait(), None
            code = -SIGXCPU if code == QUOTA_EXIT else code
        else:
            _, status, usage = os.wait4(self.pid, 0)
            code, cpu_s = os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime
            self._process.returncode = code
        return Exit(code, cpu_s)

    def discard(self) -> str:
        """End an interpreter that no submission has used; give what it has said, if anything."""
        self.end()
        for fd in (self.send_fd, self.receive_fd, self.print_fd):
            os.close(fd)
        try:
            return os.read(self.output_fd, SAID_BYTES).decode("utf-8", "replace")
        finally:
            os.close(self.output_fd)


class SpawnedPool:
    """Keeps ``size`` interpreters waiting. Lanes of several threads may take from it.

    With ``refill`` each that is taken is replaced at once; without, for a single submission, no
    start of another slows it down. Close it when grading is done: that ends those that wait; who
    took one ends it. Raises OSError when an interpreter can't be started.
    """

    def __init__(self, size: int = 1, *, refill: bool = True) -> None:
        self._size = size
        self._refill = refill
        self._lock = threading.Lock()
        self._waiting: deque[Interpreter] = deque()
        self._closed = False
        try:
            self._fill()
        except BaseException:
            self.close()
            raise

    def take(self, limits: Limits) -> Interpreter:
        """An interpreter on which these limits are in force. Raises ExecutorFailed."""
        from grader.executors.base import ExecutorFailed

        said = ""
        for _ in range(self._size + MORE_ATTEMPTS):
            try:
                interpreter = self._next()
            except OSError as error:
                said = str(error)
                break
            try:
                interpreter.begin(limits)
                if self._refill:
                    with contextlib.suppress(OSError):  # then the next submission has to wait
                        self._fill()
                ready = interpreter.is_ready()
            except BaseException:
                interpreter.discard()
                raise
            if ready:
                return interpreter
            said = interpreter.discard()
        reason = (said.strip().splitlines() or ["it said nothing"])[-1][:SAID_CHARS]
        raise ExecutorFailed(NOT_STARTED.format(reason=reason))

    def _next(self) -> Interpreter:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
        if self._closed:
            raise OSError("the pool was closed")
        return Interpreter()

    def _fill(self) -> None:
        with self._lock:
            while not self._closed and len(self._waiting) < self._size:
                self._waiting.append(Interpreter())

    def close(self) -> None:
        """End the interpreters that wait."""
        with self._lock:
            self._closed = True
            waiting, self._waiting = self._waiting, deque()
        for interpreter in waiting:
            interpreter.discard()


def _spawn(reads: int, writes: int, prints: int) -> subprocess.Popen[bytes]:
    """Start a worker with these ends of its pipes."""
    script = os.path.join(os.path.dirname(__file__), "spawned_worker.py")
    package_parent = os.path.dirname(os.path.dirname(os.path.dirname(script)))
    python = sys.executable
    extra: dict[str, Any]
    if sys.platform == "win32":
        import msvcrt

        # In a virtual environment the first is a launcher, whose child the limits would not hold.
        python = getattr(sys, "_base_executable", python)
        ends = [msvcrt.get_osfhandle(fd) for fd in (reads, writes)]
        for handle in ends:
            os.set_handle_inheritable(handle, True)
        startup = subprocess.STARTUPINFO(lpAttributeList={"handle_list": ends})
        group = subprocess.CREATE_NEW_PROCESS_GROUP  # Ctrl-C is the host's
        extra = {"startupinfo": startup, "creationflags": group}
    else:
        ends = [reads, writes]
        extra = {"pass_fds": ends, "start_new_session": True}
    flags = ["-S", "-s", "-B", "-X", "utf8"]
    return subprocess.Popen(
        [python, *flags, script, package_parent, *map(str, ends)],
        stdin=subprocess.DEVNULL,
        stdout=prints,
        stderr=subprocess.STDOUT,
        env=_environment(),
        **extra,
    )


def _environment() -> dict[str, str]:
    """The hash seed, one heap for all threads (glibc), and what Windows needs to start at all."""
    environment = {"PYTHONHASHSEED": "0", "MALLOC_ARENA_MAX": "1"}
    if sys.platform == "win32" and "SYSTEMROOT" in os.environ:
        environment["SYSTEMROOT"] = os.environ["SYSTEMROOT"]
    return environment
