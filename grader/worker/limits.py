"""The limits that a process puts on itself before anything of a student's runs."""

from __future__ import annotations

import sys
import time
from typing import Any

resource: Any
try:
    import resource
except ImportError:  # Windows: the host sets them from outside, see executors/job_object.py
    resource = None

# macOS has the name, and means a hint for its pager by it.
_NOT_ENFORCED = ("RLIMIT_AS",) if sys.platform == "darwin" else ()


def set_limits(cpu_s: int, memory_mib: int) -> tuple[str, ...]:
    """Set what this system knows, never above what is in force; give the names of what holds.

    The host's deadline holds in any case. The number of processes is not bounded here: that
    limit counts all the processes of the user.
    """
    memory_bytes = memory_mib * 1024 * 1024
    # The limit counts from the start of the process, and its imports are not the submission's.
    cpu_s += round(time.process_time())
    wanted = {
        "RLIMIT_CPU": (cpu_s, cpu_s + 1),
        "RLIMIT_AS": (memory_bytes, memory_bytes),
        "RLIMIT_FSIZE": (0, 0),
        "RLIMIT_NOFILE": (64, 64),
        "RLIMIT_CORE": (0, 0),
        "RLIMIT_MEMLOCK": (0, 0),
        "RLIMIT_MSGQUEUE": (0, 0),
        "RLIMIT_SIGPENDING": (64, 64),  # counted for all the processes of a user
    }
    return tuple(name for name, bounds in wanted.items() if _set_limit(name, *bounds))


def _set_limit(name: str, soft: int, hard: int) -> bool:
    if not hasattr(resource, name):
        return False
    kind = getattr(resource, name)
    try:
        _, ceiling = resource.getrlimit(kind)
        if ceiling != resource.RLIM_INFINITY:  # only root may go above it
            soft, hard = min(soft, ceiling), min(hard, ceiling)
        resource.setrlimit(kind, (soft, hard))
    except (ValueError, OSError):  # macOS refuses a bound on the address space
        return False
    return name not in _NOT_ENFORCED
