"""Schedules of small graphs, by hand, and of random ones, against slow and plain definitions."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from grader.exercise import graph


@dataclass(frozen=True)
class Dot:
    deps: tuple[int, ...]


def dots(*deps: tuple[int, ...]) -> list[Dot]:
    return [Dot(each) for each in deps]


TWO_CHAINS = dots((), (0,), (), (2,))
DIAMOND = dots((), (0,), (0,), (1, 2))


def test_two_chains_do_not_wait_for_each_other() -> None:
    durations = [1, 5, 4, 2]
    assert graph.schedule(TWO_CHAINS, durations) == ((0, 1), (1, 6), (0, 4), (4, 6))
    assert graph.ideal_makespan(TWO_CHAINS, durations) == 6
    assert graph.staged_makespan(TWO_CHAINS, durations) == 9
    assert graph.serial_makespan(TWO_CHAINS, durations) == 12
    assert graph.critical_path(TWO_CHAINS, durations) == (0, 1)


def test_diamond_joins_at_the_slower_side() -> None:
    durations = [2, 3, 4, 1]
    assert graph.schedule(DIAMOND, durations)[3] == (6, 7)
    assert graph.critical_path(DIAMOND, durations) == (0, 2, 3)
    assert graph.depths(DIAMOND) == (0, 1, 1, 2)
    assert graph.ancestors(DIAMOND, 3) == {0, 1, 2}
    assert graph.ancestors(DIAMOND, 0) == frozenset()
    assert graph.descendants(DIAMOND, 0) == {1, 2, 3}
    assert graph.descendants(DIAMOND, 1) == {3}


def test_nothing_takes_no_time() -> None:
    assert graph.schedule([], []) == ()
    assert graph.critical_path([], []) == ()
    assert graph.ideal_makespan([], []) == graph.staged_makespan([], []) == 0


def test_equal_paths_give_the_first() -> None:
    assert graph.critical_path(DIAMOND, [1, 2, 2, 1]) == (0, 1, 3)
    assert graph.critical_path(dots((), (), ()), [5, 5, 5]) == (0,)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Dot], list[int]]:
    size = draw(st.integers(1, 12))
    nodes = [
        Dot(tuple(sorted(draw(st.sets(st.integers(0, i - 1), max_size=3)) if i else ())))
        for i in range(size)
    ]
    return nodes, draw(st.lists(st.integers(0, 9), min_size=size, max_size=size))


@given(graphs())
def test_random_graphs_keep_the_laws(made: tuple[list[Dot], list[int]]) -> None:
    nodes, durations = made
    spans = graph.schedule(nodes, durations)
    for i, node in enumerate(nodes):
        assert spans[i][0] == max([spans[dep][1] for dep in node.deps], default=0)
        assert graph.ancestors(nodes, i) == {
            j for j in range(len(nodes)) if i in graph.descendants(nodes, j)
        }
    ideal = graph.ideal_makespan(nodes, durations)
    assert (
        ideal <= graph.staged_makespan(nodes, durations) <= graph.serial_makespan(nodes, durations)
    )
    path = graph.critical_path(nodes, durations)
    assert sum(durations[i] for i in path) == ideal
    assert all(before in nodes[after].deps for before, after in pairwise(path))


def test_large_graphs_take_linear_time() -> None:
    size = 100_000
    nodes = [Dot((i - 1,) if i else ()) for i in range(size)]
    assert graph.critical_path(nodes, [1] * size) == tuple(range(size))
    assert len(graph.ancestors(nodes, size - 1)) == size - 1
    assert len(graph.descendants(nodes, 0)) == size - 1
