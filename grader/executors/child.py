"""What a zygote's child does between the fork and the first message: become one locked-down worker.

The channel and the output pipe are all that it keeps; nothing of a student's has run yet.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn

from grader.executors.lockdown.kernel import close_range
from grader.executors.lockdown.layers import Lockdown
from grader.worker import bootstrap, channel, limits, rehearsal, virtual_time

CHANNEL_FD = 3
_PARKED_FD = 100


def run_child(
    fds: list[int], wanted: dict[str, int], lockdown: Lockdown, *, warm_up: bool
) -> NoReturn:
    """Become the worker of one submission. ``fds``: what becomes 0, 1, 2 and the channel."""
    try:
        os.setsid()
        keep_only(fds, lockdown.ruleset_fd)
        os.chdir("/")
        os.environ.clear()
        replace_output()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        limits.set_limits(wanted["cpu_s"], wanted["memory_mib"])
        lockdown.put_on()
        if warm_up:
            with virtual_time.virtual_time_module():
                rehearsal.rehearse(rounds=1)
        to_host = channel.FileChannel(CHANNEL_FD, CHANNEL_FD)
    except BaseException:
        os._exit(bootstrap.FAILED_EXIT)
    bootstrap.serve_and_exit(to_host, lockdown.layers)


def keep_only(fds: list[int], also: int | None) -> None:
    """Move these descriptors to 0, 1, 2, …, and close all others but ``also``."""
    parked = [os.dup2(fd, _PARKED_FD + i) for i, fd in enumerate(fds)]
    for number, fd in enumerate(parked):
        os.dup2(fd, number)
    first = len(fds)
    if also is None:
        close_range(first)
        return
    close_range(first, also - 1)
    close_range(also + 1)


def replace_output() -> None:
    """Line by line, so that no print is lost when a program ends its process."""
    for stream, fd in (("stdout", 1), ("stderr", 2)):
        text = open(fd, "w", encoding="utf-8", errors="backslashreplace", buffering=1)  # noqa: SIM115
        setattr(sys, stream, text)
        setattr(sys, f"__{stream}__", text)
