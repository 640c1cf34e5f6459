"""A user id that nobody has, for the children of a zygote that is root."""

from __future__ import annotations

import os

_HIGHEST_SPARE = 2_000_000_000
_LEAST_RANGE = 10_000  # of ids that this (user) namespace maps; a smaller one has none to spare


def spare_id(number: int) -> int | None:
    """An id for the zygote with this process number; None when it is not root or there is none.

    Another zygote has another id, so that neither counts the other's processes and threads.
    """
    if os.geteuid() != 0:
        return None
    ranges = [
        (start, length)
        for name in ("uid_map", "gid_map")
        for start, length in [_largest_range(f"/proc/self/{name}")]
    ]
    if min(length for _, length in ranges) < _LEAST_RANGE:
        return None
    highest = min(_HIGHEST_SPARE, *(start + length - 2 for start, length in ranges))
    return highest - number % (_LEAST_RANGE // 2)


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
        return 0, 1 << 32
    return max(((row[0], row[2]) for row in rows), key=lambda found: found[1], default=(0, 0))
