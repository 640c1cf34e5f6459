"""What a locked-down process can still reach, found by trying it in a child of the zygote."""

from __future__ import annotations

import errno
import json
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from grader.executors.lockdown import kernel
from grader.executors.lockdown.layers import Lockdown
from grader.worker import limits

_TRIAL_CPU_S, _TRIAL_MEMORY_MIB = 2, 512
_PTRACE_SEIZE = 0x4206  # attaches without stopping; ends with the process that did it
_NOBODY_LISTENS = (socket.AF_INET, ("127.0.0.1", 9))


def run(lockdown: Lockdown) -> list[str]:
    """Lock a child down and let it try everything: the names of the trials that got through.

    Where a spare user can't be taken or can't read the library, the lock-down goes on without it.
    Raises RuntimeError when the child can't be locked down.
    """
    result = _in_child(lockdown)
    if result is None:
        lockdown.leave_out_spare_user("this system does not let it be taken")
        result = _in_child(lockdown)
    elif not result["library"]:
        lockdown.leave_out_spare_user("it can't read the standard library")
        result = _in_child(lockdown)
    if result is None:
        raise RuntimeError("a process could not be locked down")
    reached: list[str] = result["reached"]
    return reached


def _in_child(lockdown: Lockdown) -> dict[str, Any] | None:
    read_fd, write_fd = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            limits.set_limits(_TRIAL_CPU_S, _TRIAL_MEMORY_MIB)
            lockdown.put_on()
            result = {"library": _library_works(), "reached": _reach(lockdown.outside_files)}
            os.write(write_fd, json.dumps(result).encode())
        finally:
            os._exit(0)
    os.close(write_fd)
    with os.fdopen(read_fd, "rb") as answers:
        answer = answers.read()
    os.waitpid(child, 0)
    return json.loads(answer) if answer else None


def _library_works() -> bool:
    """Import a module that nothing has imported before."""
    try:
        import colorsys
    except ImportError:
        return False
    return colorsys.__name__ == "colorsys"


def _reach(outside_files: list[str]) -> list[str]:
    """``outside_files``: some that exist and are no part of the library."""
    trials: dict[str, Callable[[], object]] = {
        "open": lambda: _any(_open, outside_files),
        "write": lambda: _any(_write, ["/tmp", "/dev/shm", "/var/tmp", "."]),
        "stat": lambda: _any(os.stat, outside_files),
        "connect": _connect,
        "fork": _fork,
        "kill": lambda: os.kill(os.getppid(), 0),
        "ptrace": lambda: kernel.call("ptrace", _PTRACE_SEIZE, os.getppid(), None, None),
    }
    return [name for name, trial in trials.items() if _gets_through(trial)]


def _gets_through(trial: Callable[[], object]) -> bool:
    try:
        trial()
    except OSError:
        return False
    return True


def _any(trial: Callable[[str], object], paths: list[str]) -> None:
    """Succeed if the trial does with one of the paths."""
    for path in paths:
        with suppress(OSError):
            trial(path)
            return
    raise PermissionError


def _open(path: str) -> None:
    os.close(os.open(path, os.O_RDONLY))


def _write(folder: str) -> None:
    path = os.path.join(folder, f"asyncgrade-trial-{os.urandom(8).hex()}")
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    os.unlink(path)


def _connect() -> None:
    """A socket to another process of this machine, or an attempt that only its absence ended."""
    with suppress(OSError), socket.socket(socket.AF_UNIX):
        return
    family, address = _NOBODY_LISTENS
    with socket.socket(family) as attempt:
        code = attempt.connect_ex(address)
        if code not in (0, errno.ECONNREFUSED):
            raise OSError(code, os.strerror(code))


def _fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
