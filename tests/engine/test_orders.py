"""The gate orders are complete: what some order of endings shows, one of ours shows.

A wrong program is modelled as the plan with one needless condition; it is played against gates.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from random import Random

import pytest

from grader.engine.draws import Draws
from grader.engine.schedules import _gate_orders
from grader.exercise.model import Exercise
from grader.exercise.plan import Node, Plan
from tests.engine.samples import DIAMOND, plan_of, sample

# Whether a node may start, given what was started and what is finished.
Condition = Callable[[int, Collection[int], Collection[int]], bool]

TEMPLATE = plan_of(sample(DIAMOND))


def plan_with(deps: list[tuple[int, ...]]) -> Plan:
    nodes = tuple(Node(f"n{i}", "a", d, d, 1) for i, d in enumerate(deps))
    exercise: Exercise = TEMPLATE.exercise
    return Plan(exercise, exercise.cases[0], nodes, {}, (None,) * len(nodes), {}, {})


def random_graph(random: Random) -> list[tuple[int, ...]]:
    """Chains one after the other, or any graph."""
    count = random.randint(2, 7)
    if random.random() < 0.5:
        return [
            tuple(d for d in range(i) if random.random() < 0.3)  # any
            for i in range(count)
        ]
    return [() if i == 0 or random.random() < 0.4 else (i - 1,) for i in range(count)]


def random_condition(random: Random, deps: list[tuple[int, ...]]) -> tuple[str, Condition]:
    nodes = range(len(deps))
    node = random.choice(nodes)
    group = random.sample(nodes, random.randint(1, len(nodes)))
    number = random.randint(1, len(group))
    kind = random.choice(["any of a group", "some of a group", "hidden limit", "limit of a stage"])
    if kind == "any of a group":
        return kind, lambda n, started, done: n != node or any(g in done for g in group)
    if kind == "some of a group":
        return kind, lambda n, started, done: n != node or sum(g in done for g in group) >= number
    if kind == "limit of a stage":
        group = [n for n in nodes if bool(deps[n]) == bool(deps[node])]
    return (
        kind,
        lambda n, started, done: (
            n not in group or sum(g in started and g not in done for g in group) < number
        ),
    )


class Play:
    """A program with one needless condition, started as far as it goes."""

    def __init__(self, deps: list[tuple[int, ...]], condition: Condition) -> None:
        self.deps = deps
        self.condition = condition
        self.started: list[int] = []
        self.done: list[int] = []
        self._start()

    def _start(self) -> None:
        before = -1
        while before != len(self.started):
            before = len(self.started)
            for node in range(len(self.deps)):
                if node in self.started or not self._is_ready(node):
                    continue
                if self.condition(node, self.started, self.done):
                    self.started.append(node)

    def _is_ready(self, node: int) -> bool:
        return all(dep in self.done for dep in self.deps[node])

    @property
    def mismatch(self) -> bool:
        """At this rest something that is ready was not started."""
        return any(self._is_ready(n) and n not in self.started for n in range(len(self.deps)))

    @property
    def closed(self) -> list[int]:
        return [node for node in self.started if node not in self.done]

    def open(self, node: int) -> None:
        self.done.append(node)
        self._start()

    def after(self, node: int) -> Play:
        other = Play(self.deps, self.condition)
        other.started, other.done = [*self.started], [*self.done]
        other.open(node)
        return other


def shown_by(order: tuple[int, ...], deps: list[tuple[int, ...]], condition: Condition) -> bool:
    play = Play(deps, condition)
    while not play.mismatch:
        if not play.closed:
            return False
        play.open(min(play.closed, key=order.index))
    return True


def shown_by_any_order(deps: list[tuple[int, ...]], condition: Condition) -> bool:
    seen: set[frozenset[int]] = set()

    def search(play: Play) -> bool:
        if play.mismatch:
            return True
        if frozenset(play.done) in seen:
            return False
        seen.add(frozenset(play.done))
        return any(search(play.after(node)) for node in play.closed)

    return search(Play(deps, condition))


@pytest.mark.parametrize("seed", range(3))
def test_every_needless_condition_is_found(seed: int) -> None:
    random = Random(seed)
    found: dict[str, int] = {}
    for _ in range(600):
        deps = random_graph(random)
        kind, condition = random_condition(random, deps)
        orders = _gate_orders(plan_with(deps), Draws(b"s", "orders"))
        wrong = any(shown_by(order, deps, condition) for order in orders)
        assert wrong == shown_by_any_order(deps, condition), (kind, deps)
        found[kind] = found.get(kind, 0) + wrong
    assert min(found.values()) > 5  # the test is not empty


@pytest.mark.parametrize("seed", range(3))
def test_the_plan_itself_is_never_wrong(seed: int) -> None:
    random = Random(seed)
    for _ in range(50):
        deps = random_graph(random)
        for order in _gate_orders(plan_with(deps), Draws(b"s", "orders")):
            assert not shown_by(order, deps, lambda node, started, done: True)
