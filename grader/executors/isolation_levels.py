"""From what a zygote found by trial to the level of isolation: the fixed meaning of each word."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from grader.executors.base import Isolation

_REACHED = {
    "open": "other files",
    "write": "writing files",
    "stat": "names and sizes of other files",
    "threads": "the number of threads",
    "connect": "network and sockets",
    "fork": "new processes",
    "kill": "signals to other processes",
    "ptrace": "the memory of other processes",
}


def isolation_of(
    layers: Sequence[str], reachable: Collection[str], missing: Mapping[str, str]
) -> Isolation:
    """Judge the layers that are on by what a trial behind them still reached."""
    level = _level(layers, reachable)
    words = ", ".join(layers)
    if reachable:
        reached = ", ".join(_REACHED.get(name, name) for name in reachable)
        words += f"; not protected: {reached}"
    if level == "weak":
        weak = "a process of its own with limits; what it sends can't forge a result"
        words = f"{weak}; {words.lstrip('; ')}"
    return Isolation(level, words, tuple(layers), tuple(reachable), dict(missing))


def _level(layers: Sequence[str], reachable: Collection[str]) -> str:
    """``strong``: a wall of its own beside Landlock and seccomp, and nothing got through.

    ``standard``: nothing got through but the names and sizes of files, and threads without number.
    """
    if not {*reachable} <= {"stat", "threads"} or "seccomp" not in layers:
        return "weak"
    own_world = "namespaces" in layers or "spare user" in layers
    has_landlock = any(layer.startswith("Landlock") for layer in layers)
    return "strong" if own_world and has_landlock and not reachable else "standard"
