"""Which runs a submission is put through: timed, gated and held, all derived from the plan.

Sources: the project's rules on sound verdicts. Gate orders: plan order, its reverse, stage by stage
(so that as many calls as can be are in flight at once: that finds a hidden limit), for each node
that node last, and for each node only its ancestors first, then it, then the rest.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from grader.engine.draws import Draws
from grader.engine.matching import equal_nodes
from grader.exercise import graph
from grader.exercise.plan import Node, Plan

WEIGHTS = (1, 2, 4, 7, 11, 16, 23)  # pairwise sums differ, so few schedules tie by chance
MAX_DOMINANT = 6
RANDOM_RUNS = 1
# The critical path of a random run, in thousandths of the nominal one. Not round, so that a
# program that looks once in every tenth of a second is late.
QUICKER = (537, 613, 719, 787)
MAX_REDRAWS = 20
ALL_ORDERS_UP_TO = 32  # nodes; larger plans get a drawn selection of orders
MAX_ORDERS = 64
MAX_GATES = 20_000  # opened over all gated runs of a case
MAX_HELD = 8


class Kind(Enum):
    TIMED = "timed"
    GATED = "gated"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class RunSpec:
    """One run to be played. The worker never learns any of it but the case's arguments."""

    kind: Kind
    case: str
    number: int  # enters the nonces
    durations_us: tuple[int, ...]  # of the plan's nodes, in plan order
    order: tuple[int, ...] = ()  # gated: which gate to open first, as node indices
    held: int | None = None  # held: the node that never finishes
    hostile: bool = False  # tasks are held weakly and garbage is collected at each step
    nominal: bool = False  # the durations are the exercise's own
    repeat: bool = False  # the first run once more
    explain: bool = False  # asks for the shapes of the source; played after something failed
    digest: bool = False  # asks for the digest of the syntax tree, if the process is fresh
    stepwise: bool = False  # the worker asks before each of its own timers (for a real-time pace)


def schedule_runs(plans: Sequence[Plan], seed: bytes, *, hostile: bool) -> list[RunSpec]:
    """All timed and gated runs, in an order drawn from the seed; the first is repeated last."""
    specs: list[RunSpec] = []
    for plan in plans:
        specs += _runs_of_case(plan, Draws(seed, f"schedule/{plan.case.name}"), hostile)
    order = Draws(seed, "order").shuffled(range(len(specs)))
    numbered = [replace(specs[i], number=number) for number, i in enumerate(order)]
    return [*numbered, replace(numbered[0], number=len(specs), repeat=True)]


def held_runs(plan: Plan, nodes: Sequence[int], first_number: int) -> list[RunSpec]:
    """Runs in which one node never finishes, for at most MAX_HELD of ``nodes``."""
    return [
        replace(plain_run(plan, first_number + i), kind=Kind.HELD, held=node, explain=True)
        for i, node in enumerate(nodes[:MAX_HELD])
    ]


def plain_run(plan: Plan, number: int = 0) -> RunSpec:
    """A timed run with the exercise's own durations."""
    return RunSpec(Kind.TIMED, plan.case.name, number, _nominal(plan), nominal=True)


def _runs_of_case(plan: Plan, draws: Draws, hostile: bool) -> list[RunSpec]:
    name, nominal = plan.case.name, _nominal(plan)
    runs = [plain_run(plan)]
    for durations in _drawn_durations(plan, draws):
        runs.append(RunSpec(Kind.TIMED, name, 0, durations))
    for order in _gate_orders(plan, draws):
        runs.append(RunSpec(Kind.GATED, name, 0, nominal, order=order, nominal=True))
    if hostile and plan.nodes:
        runs.append(replace(plain_run(plan), hostile=True))
    return runs


def _nominal(plan: Plan) -> tuple[int, ...]:
    return tuple(node.duration_us for node in plan.nodes)


def _drawn_durations(plan: Plan, draws: Draws) -> Iterator[tuple[int, ...]]:
    """Durations in which one node dominates, for several nodes, and durations drawn at random.

    The random ones are quicker than the exercise's own as a whole: a program that sleeps for as
    long as the best schedule takes, instead of waiting for its calls, is late then.
    """
    nodes = plan.nodes
    if not nodes:
        return
    equal = equal_nodes(plan)
    distinct = [i for i in range(len(nodes)) if equal[i] == i]
    if len(nodes) > 1:
        for node in draws.shuffled(distinct)[:MAX_DOMINANT]:
            drawn = {i: draws.choice((1, 2)) for i in distinct} | {node: WEIGHTS[-1]}
            yield _scaled(nodes, [drawn[i] for i in equal], 1000)
    for _ in range(RANDOM_RUNS):
        for _ in range(MAX_REDRAWS):
            drawn = {i: draws.choice(WEIGHTS) for i in distinct}
            weights = [drawn[i] for i in equal]
            best = graph.ideal_makespan(nodes, weights)
            if best not in (
                graph.serial_makespan(nodes, weights),
                graph.staged_makespan(nodes, weights),
            ):
                break
        yield _scaled(nodes, weights, draws.choice(QUICKER))


def _scaled(nodes: Sequence[Node], weights: Sequence[int], thousandths: int) -> tuple[int, ...]:
    """Scale so that the critical path is at most the nominal one: a right deadline can't fire."""
    nominal = graph.ideal_makespan(nodes, [node.duration_us for node in nodes])
    path = graph.ideal_makespan(nodes, weights)
    return tuple(max(1, weight * nominal * thousandths // (1000 * path)) for weight in weights)


def _gate_orders(plan: Plan, draws: Draws) -> list[tuple[int, ...]]:
    nodes = plan.nodes
    if not nodes:
        return []
    everything = list(range(len(nodes)))
    stages = _by_stage(nodes, everything)
    candidates = [everything, everything[::-1], stages, _by_late_stage(nodes, everything)]
    if len(nodes) <= ALL_ORDERS_UP_TO:
        limit, picked = len(candidates) + 2 * len(nodes), everything
    else:
        limit = max(2, min(MAX_ORDERS, MAX_GATES // len(nodes)))
        picked = _covering(plan, draws, max(0, limit - len(candidates)) // 2)
    for node in picked:
        candidates.append([i for i in stages if i != node] + [node])
        first = {*graph.ancestors(nodes, node), node}
        candidates.append(
            [i for i in everything if i in first] + [i for i in everything if i not in first]
        )
    distinct: dict[tuple[int, ...], tuple[int, ...]] = {}
    for order in candidates:
        distinct.setdefault(_opening_sequence(nodes, order), tuple(order))
    return list(distinct.values())[:limit]


def _by_stage(nodes: Sequence[Node], order: list[int]) -> list[int]:
    """Each node as soon as all nodes nearer to the start are open."""
    depths = graph.depths(nodes)
    return sorted(order, key=lambda i: depths[i])


def _by_late_stage(nodes: Sequence[Node], order: list[int]) -> list[int]:
    """Each node when all nodes that are further from the end are open."""
    heights = [0] * len(nodes)
    for i in reversed(order):
        for dep in nodes[i].deps:
            heights[dep] = max(heights[dep], heights[i] + 1)
    return sorted(order, key=lambda i: -heights[i])


def _covering(plan: Plan, draws: Draws, count: int) -> list[int]:
    """Nodes chosen so that each operation at each depth is covered as far as ``count`` allows."""
    depths = graph.depths(plan.nodes)
    groups: dict[tuple[str, int], list[int]] = {}
    for i, node in enumerate(plan.nodes):
        groups.setdefault((node.operation, depths[i]), []).append(i)
    picked = [draws.choice(members) for members in groups.values()][:count]
    rest = draws.shuffled(range(len(plan.nodes)))
    return list(dict.fromkeys([*picked, *rest]))[:count]


def _opening_sequence(nodes: Sequence[Node], order: Sequence[int]) -> tuple[int, ...]:
    """In which sequence a right program's gates would be opened under this order."""
    rank = {node: i for i, node in enumerate(order)}
    waiting = [len(node.deps) for node in nodes]
    dependents: list[list[int]] = [[] for _ in nodes]
    for i, node in enumerate(nodes):
        for dep in node.deps:
            dependents[dep].append(i)
    ready = [(rank[i], i) for i, count in enumerate(waiting) if count == 0]
    heapq.heapify(ready)
    opened: list[int] = []
    while ready:
        _, node_index = heapq.heappop(ready)
        opened.append(node_index)
        for dependent in dependents[node_index]:
            waiting[dependent] -= 1
            if waiting[dependent] == 0:
                heapq.heappush(ready, (rank[dependent], dependent))
    return tuple(opened)
