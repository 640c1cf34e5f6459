"""Schedules of a plan's graph: pure functions over its nodes, in time linear in nodes and edges.

``nodes`` are in topological order (each dependency before its dependents); durations, starts and
ends are integer microseconds, one for each node.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class GraphNode(Protocol):
    """What this module needs to know of a node."""

    @property
    def deps(self) -> tuple[int, ...]: ...


def schedule(nodes: Sequence[GraphNode], durations: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """The best start and end of each node: it starts when the last of its dependencies ends."""
    ends: list[int] = []
    spans: list[tuple[int, int]] = []
    for node, duration in zip(nodes, durations, strict=True):
        start = max([ends[dep] for dep in node.deps], default=0)
        ends.append(start + duration)
        spans.append((start, start + duration))
    return tuple(spans)


def ideal_makespan(nodes: Sequence[GraphNode], durations: Sequence[int]) -> int:
    """The time that the best schedule takes."""
    return max([end for _, end in schedule(nodes, durations)], default=0)


def critical_path(nodes: Sequence[GraphNode], durations: Sequence[int]) -> tuple[int, ...]:
    """The nodes, in order, that no schedule can be faster than; of equal ones the first."""
    spans = schedule(nodes, durations)
    path: list[int] = []
    wanted: int | None = min(range(len(spans)), key=lambda i: (-spans[i][1], i), default=None)
    while wanted is not None:
        path.append(wanted)
        start = spans[wanted][0]
        wanted = min((dep for dep in nodes[wanted].deps if spans[dep][1] == start), default=None)
    return tuple(reversed(path))


def serial_makespan(nodes: Sequence[GraphNode], durations: Sequence[int]) -> int:
    """The time that one call after the other takes."""
    return sum(duration for _, duration in zip(nodes, durations, strict=True))


def depths(nodes: Sequence[GraphNode]) -> tuple[int, ...]:
    """How many dependencies lie in a row before each node; 0 for a node without any."""
    out: list[int] = []
    for node in nodes:
        out.append(max([out[dep] + 1 for dep in node.deps], default=0))
    return tuple(out)


def staged_makespan(nodes: Sequence[GraphNode], durations: Sequence[int]) -> int:
    """The time it takes when all nodes of one depth end before one of the next depth starts."""
    longest: dict[int, int] = {}
    for depth, duration in zip(depths(nodes), durations, strict=True):
        longest[depth] = max(longest.get(depth, 0), duration)
    return sum(longest.values())


def ancestors(nodes: Sequence[GraphNode], node: int) -> frozenset[int]:
    """All nodes that must be finished before this one starts."""
    seen: set[int] = set()
    waiting = list(nodes[node].deps)
    while waiting:
        dep = waiting.pop()
        if dep not in seen:
            seen.add(dep)
            waiting += nodes[dep].deps
    return frozenset(seen)


def descendants(nodes: Sequence[GraphNode], node: int) -> frozenset[int]:
    """All nodes that can't start before this one is finished."""
    seen = {node}
    for i in range(node + 1, len(nodes)):
        if not seen.isdisjoint(nodes[i].deps):
            seen.add(i)
    return frozenset(seen - {node})
