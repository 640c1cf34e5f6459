"""The zygote: a small process that is forked for each submission.

It is started before any exercise is read, imports the worker and nothing else, prepares the
lock-down, tries it, and then serves requests on its control socket:

    host → zygote   b"isolation"
    zygote → host   JSON: the layers that its children put on, what a trial reached, what is missing
    host → zygote   b"fork" + JSON {"limits": …, "cpus": the processors to run on, or null}
    zygote → host   b"forked", with descriptors: its channel, its output, its process (pidfd)
    host → zygote   b"end"
    zygote → host   JSON [exit code or minus signal, seconds of processor time]
    host → zygote   b"drop": the same as end, without an answer

One submission at a time. Beside it a spare child may wait, locked down and warm, which has seen
nothing yet; but only where programs can neither start processes nor signal them, because elsewhere
everything below the zygote is killed after each one. A child is reaped only when it is ended. When
the host goes away, so do the zygote and its children.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
from contextlib import suppress

from grader.executors import trials
from grader.executors.child import run_child
from grader.executors.lockdown import kernel
from grader.executors.lockdown.layers import Lockdown
from grader.worker import bootstrap, rehearsal, virtual_time

SPARE_CHILD = "spare_child"  # can be left out like a layer
USUAL_LIMITS = {"cpu_s": 2, "memory_mib": 512}  # what most exercises say
_FIRST_OF_NAMESPACE = 1  # the process number
_MAX_ORPHANS = 10_000


def main(lockdown: Lockdown, control_fd: int, *, wants_spare: bool) -> None:
    """Serve the host until it goes away. ``wants_spare``: unless a benchmark does not."""
    bootstrap.add_exit_and_quit()
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with virtual_time.virtual_time_module():
        rehearsal.rehearse()
    lockdown.prepare()
    reached = trials.run(lockdown)
    gc.collect()
    gc.freeze()
    if not lockdown.limits_processes:
        reached.append("threads")
    confined = {*reached}.isdisjoint(("fork", "kill"))  # a program can't leave a process behind
    nursery = Nursery(lockdown, confined=confined, keeps_spare=confined and wants_spare)
    found = {"layers": lockdown.layers, "reachable": reached, "missing": lockdown.missing}
    with suppress(ConnectionError):  # the host went away while it was answered
        serve(socket.socket(fileno=control_fd), nursery, json.dumps(found).encode())
    nursery.close()
    os._exit(0)


def serve(control: socket.socket, nursery: Nursery, isolation: bytes) -> None:
    """Answer requests until the host hangs up."""
    while request := control.recv(4096):
        if request == b"isolation":
            control.send(isolation)
        elif request.startswith(b"fork"):
            child = nursery.hand_out(**json.loads(request[4:]))
            socket.send_fds(control, [b"forked"], [*child.host_ends, child.pidfd])
            child.close_host_ends()
            nursery.make_spare()
        elif request == b"end":
            control.send(json.dumps(nursery.end()).encode())
        else:
            nursery.end()


class Nursery:
    """The child that runs a submission, and the one that waits for the next."""

    def __init__(self, lockdown: Lockdown, *, confined: bool, keeps_spare: bool) -> None:
        self._lockdown = lockdown
        self._keeps_spare = keeps_spare
        self._confined = confined
        self._limits = USUAL_LIMITS
        self._running: Child | None = None
        self._spare: Child | None = None
        self.make_spare()

    def make_spare(self) -> None:
        """A child that warms up for the limits that were asked for last."""
        if self._keeps_spare and self._spare is None:
            self._spare = Child(self._lockdown, self._limits, warm_up=True)

    def hand_out(self, limits: dict[str, int], cpus: list[int] | None) -> Child:
        """The child of the next submission."""
        self.end()  # the one before, if the host never learned that it was there
        spare, self._spare = self._spare, None
        if spare is not None and limits != self._limits:
            spare.end()
            spare = None
        self._limits = limits
        self._running = spare or Child(self._lockdown, limits, warm_up=False)
        if cpus is not None:
            with suppress(OSError):  # it may not be ours to use
                os.sched_setaffinity(self._running.number, cpus)
        return self._running

    def end(self) -> list[float]:
        """End the submission's child and whatever it left behind; see ``Child.end``."""
        child, self._running = self._running, None
        if child is None:
            return [0, 0.0]
        result = child.end()
        if not self._confined:
            end_orphans()
        return result

    def close(self) -> None:
        """End everything."""
        self.end()
        if self._spare is not None:
            self._spare.end()


class Child:
    """A child that was not reaped yet, so that its number is its own."""

    def __init__(self, lockdown: Lockdown, limits: dict[str, int], *, warm_up: bool) -> None:
        here, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        output_fd, output_write_fd = os.pipe()
        # Nothing is shared with another child, /dev/null included: its flags would be a letter box.
        input_fd, input_write_fd = os.pipe()
        os.close(input_write_fd)
        self.number = os.fork()
        if self.number == 0:
            fds = [input_fd, output_write_fd, output_write_fd, theirs.fileno()]
            run_child(fds, limits, lockdown, warm_up=warm_up)
        theirs.close()
        for fd in (input_fd, output_write_fd):
            os.close(fd)
        self.host_ends = [here.detach(), output_fd]
        self.pidfd = os.pidfd_open(self.number)

    def close_host_ends(self) -> None:
        """The host has its own by now, or never will."""
        for fd in self.host_ends:
            os.close(fd)
        self.host_ends = []

    def end(self) -> list[float]:
        """Kill it if it lives; say how it had ended, and its seconds of processor time."""
        self.close_host_ends()
        with suppress(OSError):
            os.killpg(self.number, signal.SIGKILL)
        signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        os.close(self.pidfd)
        _, status, usage = os.wait4(self.number, 0)
        return [os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime]


def end_orphans() -> None:
    """Kill and reap what a child left behind: as its parent's parent we have inherited it."""
    for _ in range(_MAX_ORPHANS):
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                kill_orphans()
                os.waitpid(-1, 0)
        except OSError:  # none is left
            break


def kill_orphans() -> None:
    """Kill everything else in our namespace, or else every child of this process."""
    if os.getpid() == _FIRST_OF_NAMESPACE:
        os.kill(-1, signal.SIGKILL)
        return
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as children:
        for number in children.read().split():
            os.kill(int(number), signal.SIGKILL)
