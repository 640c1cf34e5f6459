"""A user id that nobody has, for the children of a zygote that is root."""

from __future__ import annotations

import os

_HIGHEST_SPARE = 2_000_000_000
_EVERY_ID = (1 << 32) - 1
_LEAST_RANGE = 10_000  # of ids that this (user) namespace maps; a smaller one has none to spare


def spare_id() -> int | None:
    """An id drawn by lot; None when this process is not root, or has no id to spare.

    By lot, because the kernel counts processes by id across containers: two of them with the same
    spare user would fill each other's limit.
    """
    if os.geteuid() != 0:
        return None
    ranges = [_largest_range(f"/proc/self/{name}") for name in ("uid_map", "gid_map")]
    if min(length for _, length in ranges) < _LEAST_RANGE:
        return None
    highest = min(_HIGHEST_SPARE, *(start + length - 2 for start, length in ranges))
    lowest = max(highest // 2, *(start for start, _ in ranges))
    return highest - int.from_bytes(os.urandom(8), "big") % (highest - lowest)


def is_real_root() -> bool:
    """Whether this is the root of the whole machine, whom the kernel does not count."""
    return os.geteuid() == 0 and _largest_range("/proc/self/uid_map") == (0, _EVERY_ID)


def become(spare: int) -> None:
    """Become that user, for good, with no group but its own. Raises OSError."""
    os.setgroups([])
    os.setresgid(spare, spare, spare)
    os.setresuid(spare, spare, spare)


def _largest_range(path: str) -> tuple[int, int]:
    """First id and number of ids of the largest range in a map of user_namespaces(7)."""
    try:
        with open(path, encoding="ascii") as file:
            rows = [[int(word) for word in line.split()] for line in file]
    except OSError:  # a kernel without user namespaces: every id is there
        return 0, _EVERY_ID
    return max(((row[0], row[2]) for row in rows), key=lambda found: found[1], default=(0, 0))
