"""The limits that a process puts on itself before anything of a student's runs."""

from __future__ import annotations

from typing import Any

resource: Any
try:
    import resource
except ImportError:  # Windows
    resource = None


def set_limits(cpu_s: int, memory_mib: int) -> None:
    """Set what this system knows; the host's deadline holds in any case."""
    if resource is None:
        return
    memory_bytes = memory_mib * 1024 * 1024
    for name, soft, hard in (
        ("RLIMIT_CPU", cpu_s, cpu_s + 1),
        ("RLIMIT_AS", memory_bytes, memory_bytes),
        ("RLIMIT_FSIZE", 0, 0),
        ("RLIMIT_NOFILE", 64, 64),
        ("RLIMIT_CORE", 0, 0),
    ):
        if hasattr(resource, name):
            try:
                resource.setrlimit(getattr(resource, name), (soft, hard))
            except (ValueError, OSError):
                continue  # macOS refuses a bound on the address space
