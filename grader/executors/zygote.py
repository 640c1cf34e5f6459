"""The zygote: a small process that is forked for each submission.

It is started before any exercise is read, imports the worker and nothing else, and then serves
requests on its control socket, one child at a time:

    host → zygote   b"fork" + JSON limits, with two descriptors: the channel and the output pipe
    zygote → host   the child's process id
    host → zygote   b"end"
    zygote → host   JSON [exit code or minus signal, seconds of processor time]

The child is reaped only at ``end``, so its process id can't be taken by another process before.
When the host goes away, so do the zygote and its child.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys

from grader.executors.fixed_addresses import libc
from grader.worker import bootstrap, channel, limits, rehearsal, virtual_time

CONTROL_FD = 3
CHANNEL_FD = 3  # in the child
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 1, 36, 38  # prctl(2)
_MAX_ORPHANS = 10_000


def prctl(option: int, argument: int) -> None:
    """Set a flag of this process where the system knows it (Linux)."""
    if libc is not None:
        libc.prctl(option, argument, 0, 0, 0)


def main() -> None:
    """Serve the host until it goes away."""
    bootstrap.add_exit_and_quit()
    prctl(_PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=CONTROL_FD)
    null_fd = os.open(os.devnull, os.O_RDONLY)
    with virtual_time.virtual_time_module():
        rehearsal.rehearse()
    gc.collect()
    gc.freeze()
    child = 0
    while True:
        request, fds, _, _ = socket.recv_fds(control, 4096, 2)
        if not request:
            break
        if request.startswith(b"fork"):
            wanted = json.loads(request[4:])
            child = os.fork()
            if child == 0:
                run_child(fds, null_fd, wanted)
            for fd in fds:
                os.close(fd)
            control.send(str(child).encode())
        else:
            control.send(json.dumps(end_child(child)).encode())
            child = 0
    if child:
        end_child(child)
    os._exit(0)


def run_child(fds: list[int], null_fd: int, wanted: dict[str, int]) -> None:
    """Become the worker of one submission; never returns."""
    code = 70
    try:
        prepare(fds, null_fd)
        limits.set_limits(wanted["cpu_s"], wanted["memory_mib"])
        to_host = channel.FileChannel(CHANNEL_FD, CHANNEL_FD)
        # The kernel-level lock-down has its place here: nothing of the student's has run yet.
        bootstrap.serve(to_host, [])
        code = 0
    except MemoryError:
        code = 71
    except OSError:
        code = 0  # the host hung up while a run was on
    except BaseException:
        code = 70
    finally:
        os._exit(code)


def prepare(fds: list[int], null_fd: int) -> None:
    """Own session, own descriptors, an empty environment."""
    os.setsid()
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    prctl(_PR_SET_NO_NEW_PRIVS, 1)
    channel_fd, output_fd = (os.dup2(fd, 100 + i) for i, fd in enumerate(fds))
    os.dup2(null_fd, 0)
    os.dup2(output_fd, 1)
    os.dup2(output_fd, 2)
    os.dup2(channel_fd, CHANNEL_FD)
    os.closerange(CHANNEL_FD + 1, 4096)
    os.chdir("/")
    os.environ.clear()
    for stream, fd in (("stdout", 1), ("stderr", 2)):
        text = open(fd, "w", encoding="utf-8", errors="backslashreplace", buffering=1)  # noqa: SIM115
        setattr(sys, stream, text)
        setattr(sys, f"__{stream}__", text)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def end_child(child: int) -> list[float]:
    """Kill the child's group and whatever it left behind; say how the child itself ended."""
    if not child:
        return [0, 0.0]
    for kill in (os.killpg, os.kill):
        try:
            kill(child, signal.SIGKILL)
        except OSError:
            continue
    _, status, usage = os.wait4(child, 0)
    for _ in range(_MAX_ORPHANS):  # a grandchild in a session of its own became our child
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                for pid in orphan_pids():
                    os.kill(pid, signal.SIGKILL)
                os.waitpid(-1, 0)
        except OSError:  # none is left
            break
    return [os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime]


def orphan_pids() -> list[int]:
    """Living children of this process (Linux; elsewhere none are known)."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as children:
            return [int(pid) for pid in children.read().split()]
    except (OSError, ValueError):
        return []
