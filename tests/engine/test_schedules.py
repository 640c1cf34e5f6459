"""Which runs a submission is put through."""

from __future__ import annotations

import json

import pytest

from grader.engine.matching import equal_nodes
from grader.engine.schedules import (
    MAX_DOMINANT,
    MAX_GATES,
    MAX_HELD,
    MAX_ORDERS,
    Kind,
    RunSpec,
    held_runs,
    plain_run,
    schedule_runs,
)
from grader.exercise import graph
from grader.exercise.plan import Plan, build_plan
from tests.engine.samples import DIAMOND, SECOND, SESSIONS, plan_of, sample
from tests.helpers import installed

CHAIN_BY_CHAIN = """
entry: go
params: []
services:
  one: {args: [x], duration: 1, returns: "f'{x}-{nonce}'"}
  two: {args: [v], duration: 2, returns: "f'two({v})'"}
plan:
  a: one(1)
  a2: two(a)
  b: one(2)
  b2: two(b)
  c: one(3)
  c2: two(c)
result: (a2, b2, c2)
cases:
  plain: {call: []}
"""

EXERCISES = [f"exercise-{number}" for number in range(1, 9)]

FAN = """
entry: go
params: [ids]
services:
  one: {args: [x], duration: "1 + x % 7", returns: "f'{x}-{nonce}'"}
  two: {args: [v], duration: 2, returns: "f'two({v})'"}
plan:
  first: {call: one(x), each: x in ids}
  second: {call: "two(first[i])", each: i in range(len(ids))}
result: "[second[i] for i in range(len(ids))]"
cases:
  plain: {call: [IDS]}
"""


def fan(count: int, ids: list[int] | None = None) -> Plan:
    """A plan of ``count`` chains of two calls."""
    return plan_of(sample(FAN.replace("IDS", json.dumps(ids or list(range(count))))))


def plans_of(exercise_id: str) -> list[Plan]:
    exercise = installed(exercise_id)
    return [build_plan(exercise, case) for case in exercise.cases]


def runs(plan: Plan, seed: bytes = b"s", *, hostile: bool = False) -> list[RunSpec]:
    return schedule_runs([plan], seed, hostile=hostile)


def orders(plan: Plan, seed: bytes = b"s") -> list[tuple[int, ...]]:
    return [r.order for r in runs(plan, seed) if r.kind is Kind.GATED and not r.repeat]


def opened(plan: Plan, order: tuple[int, ...]) -> tuple[int, ...]:
    """In which sequence the gates of a right program open: the first of the order that is ready."""
    out: list[int] = []
    while len(out) < len(plan.nodes):
        ready = (n for n in order if n not in out and set(plan.nodes[n].deps) <= set(out))
        out.append(next(ready))
    return tuple(out)


# --- gate orders -----------------------------------------------------------------------------


@pytest.mark.parametrize("exercise_id", EXERCISES)
def test_every_order_names_every_node_once(exercise_id: str) -> None:
    for plan in plans_of(exercise_id):
        for order in orders(plan):
            assert sorted(order) == list(range(len(plan.nodes)))


@pytest.mark.parametrize("exercise_id", EXERCISES)
def test_orders_open_the_gates_in_distinct_sequences(exercise_id: str) -> None:
    for plan in plans_of(exercise_id):
        sequences = [opened(plan, order) for order in orders(plan)]
        assert len(set(sequences)) == len(sequences)


@pytest.mark.parametrize("plan", [plan_of(sample(DIAMOND)), plan_of(sample(SESSIONS)), fan(4)])
def test_small_plans_have_every_order_that_soundness_asks_for(plan: Plan) -> None:
    nodes = list(range(len(plan.nodes)))
    sequences = {opened(plan, order) for order in orders(plan)}
    depths = graph.depths(plan.nodes)
    stages = sorted(nodes, key=lambda n: depths[n])
    wanted = {"plan order": nodes, "reverse": nodes[::-1], "stage by stage": stages}
    for node in nodes:
        needed = {*graph.ancestors(plan.nodes, node), node}
        wanted[f"{node} last"] = [n for n in stages if n != node] + [node]
        wanted[f"{node} as early as can be"] = sorted(nodes, key=lambda n: (n not in needed, n))
    missing = [why for why, order in wanted.items() if opened(plan, tuple(order)) not in sequences]
    assert missing == []


def test_each_node_is_once_opened_last_and_once_opened_first() -> None:
    plan = fan(4)
    sequences = [opened(plan, order) for order in orders(plan)]
    for chain in range(4):
        first, second = chain, 4 + chain
        assert any(sequence[0] == first for sequence in sequences)
        assert any(sequence[-1] == second for sequence in sequences)
        assert any(sequence[:2] == (first, second) for sequence in sequences)
        assert any(sequence[-2:] == (first, second) for sequence in sequences)


def test_as_many_calls_as_can_be_are_in_flight_at_once() -> None:
    """In some order all second calls are ready before one of them is opened."""
    plan = plan_of(sample(CHAIN_BY_CHAIN))
    assert (0, 2, 4, 1, 3, 5) in {opened(plan, order) for order in orders(plan)}
    for held in (0, 2, 4):  # and while one first call is held, the second calls of the others
        others = [first for first in (0, 2, 4) if first != held]
        wanted = (*others, *[first + 1 for first in others], held, held + 1)
        assert wanted in {opened(plan, order) for order in orders(plan)}


def test_a_chain_has_one_order() -> None:
    assert len(orders(plan_of(installed("exercise-1")))) == 1


@pytest.mark.parametrize("count", [17, 40, 300])
def test_plans_of_more_than_32_nodes_have_at_most_64_orders(count: int) -> None:
    plan = fan(count)
    found = orders(plan)
    assert 2 <= len(found) <= MAX_ORDERS
    assert all(sorted(order) == list(range(2 * count)) for order in found)
    nodes = range(2 * count)
    assert found.count(tuple(nodes)) == found.count(tuple(reversed(nodes))) == 1


def test_very_large_plans_have_few_orders() -> None:
    count = 1000
    found = orders(fan(count))
    assert 2 <= len(found) <= MAX_GATES // (2 * count) + 2


def test_the_drawn_orders_cover_each_service_at_each_depth() -> None:
    plan = fan(40)
    tails = {opened(plan, order)[-1] for order in orders(plan)}
    heads = {opened(plan, order)[:2] for order in orders(plan)}
    assert len(tails) > 10
    assert sum(second == first + 40 for first, second in heads) > 5


def test_another_seed_draws_other_orders_of_a_large_plan() -> None:
    plan = fan(40)
    assert set(orders(plan, b"s")) == set(orders(plan, b"s"))
    assert set(orders(plan, b"s")) != set(orders(plan, b"t"))


# --- durations -------------------------------------------------------------------------------


def timed(plan: Plan, seed: bytes = b"s") -> list[RunSpec]:
    return [r for r in runs(plan, seed) if r.kind is Kind.TIMED and not r.repeat]


@pytest.mark.parametrize("seed", [b"s", b"t", b"u"])
@pytest.mark.parametrize("exercise_id", EXERCISES)
def test_the_critical_path_is_never_longer_than_the_nominal_one(
    exercise_id: str, seed: bytes
) -> None:
    for plan in plans_of(exercise_id):
        nominal = graph.ideal_makespan(plan.nodes, [node.duration_us for node in plan.nodes])
        for spec in timed(plan, seed):
            assert len(spec.durations_us) == len(plan.nodes)
            assert all(duration >= 1 for duration in spec.durations_us)
            assert graph.ideal_makespan(plan.nodes, spec.durations_us) <= nominal


def test_one_run_has_the_durations_of_the_exercise() -> None:
    plan = plan_of(sample(DIAMOND))
    nominal = [spec for spec in timed(plan) if spec.nominal]
    assert [spec.durations_us for spec in nominal] == [(3 * SECOND, 2 * SECOND, SECOND)]


def test_each_call_of_a_small_plan_dominates_once() -> None:
    plan = fan(3)
    longest = set()
    for spec in timed(plan):
        most = max(spec.durations_us)
        if spec.durations_us.count(most) == 1:
            longest.add(spec.durations_us.index(most))
    assert longest == set(range(6))


def test_at_most_six_runs_are_dominated_by_a_call() -> None:
    assert len(timed(fan(20))) <= 1 + MAX_DOMINANT + 1


def test_equal_calls_take_equally_long() -> None:
    plan = fan(4, ids=[3, 1, 3, 3])
    equal = equal_nodes(plan)
    assert equal[:4] == [0, 1, 0, 0]
    for spec in timed(plan):
        assert all(
            spec.durations_us[i] == spec.durations_us[first] for i, first in enumerate(equal)
        )


def test_a_serial_and_a_staged_program_are_slower_in_some_run() -> None:
    for seed in range(40):
        plan = fan(3)
        makespans = [
            (
                graph.ideal_makespan(plan.nodes, spec.durations_us),
                graph.staged_makespan(plan.nodes, spec.durations_us),
                graph.serial_makespan(plan.nodes, spec.durations_us),
            )
            for spec in timed(plan, str(seed).encode())
        ]
        assert any(ideal < staged for ideal, staged, _ in makespans)
        assert all(ideal < serial for ideal, _, serial in makespans)


def test_in_some_run_the_best_schedule_is_quicker_than_with_the_own_durations() -> None:
    """A program that sleeps for the length of the best schedule is late then."""
    for plan in (fan(1), fan(5), plan_of(sample(DIAMOND))):
        nominal = graph.ideal_makespan(plan.nodes, [node.duration_us for node in plan.nodes])
        makespans = [graph.ideal_makespan(plan.nodes, s.durations_us) for s in timed(plan)]
        assert min(makespans) * 100 <= 81 * nominal


def test_a_plan_of_one_call_has_one_other_duration_and_an_empty_one_none() -> None:
    exercise = installed("exercise-4")
    counts = {case.name: len(timed(build_plan(exercise, case))) for case in exercise.cases}
    assert (counts["none"], counts["one"]) == (1, 2)


# --- the list of runs ------------------------------------------------------------------------


def test_the_first_run_is_repeated_last() -> None:
    for seed in (b"s", b"t"):
        first, *_, last = runs(fan(3), seed)
        assert last.repeat
        assert not first.repeat
        assert (first.kind, first.order, first.durations_us) == (
            last.kind,
            last.order,
            last.durations_us,
        )


def test_runs_are_numbered_in_the_order_in_which_they_are_played() -> None:
    specs = schedule_runs(plans_of("exercise-8"), b"s", hostile=True)
    assert [spec.number for spec in specs] == list(range(len(specs)))
    assert sum(spec.repeat for spec in specs) == 1


def test_the_same_seed_gives_the_same_runs_and_another_seed_another_order() -> None:
    plan = fan(3)
    assert runs(plan, b"s") == runs(plan, b"s")
    assert runs(plan, b"s") != runs(plan, b"t")
    firsts = {(spec.kind, spec.nominal) for spec in (runs(plan, b"%d" % i)[0] for i in range(20))}
    assert len(firsts) > 1


def test_every_case_has_its_runs() -> None:
    specs = schedule_runs(plans_of("exercise-4"), b"s", hostile=False)
    names = [case.name for case in installed("exercise-4").cases]
    for name in names:
        kinds = [(spec.kind, spec.nominal) for spec in specs if spec.case == name]
        assert (Kind.TIMED, True) in kinds
        assert ((Kind.GATED, True) in kinds) == (name != "none")


def test_a_hostile_run_is_played_only_when_it_is_asked_for() -> None:
    assert not any(spec.hostile for spec in runs(fan(2)) if not spec.repeat)
    hostile = [spec for spec in runs(fan(2), hostile=True) if spec.hostile and not spec.repeat]
    assert [(spec.kind, spec.nominal) for spec in hostile] == [(Kind.TIMED, True)]


def test_held_runs_hold_one_node_each_and_are_few() -> None:
    plan = fan(20)
    specs = held_runs(plan, range(20), 30)
    assert [spec.held for spec in specs] == list(range(MAX_HELD))
    assert [spec.number for spec in specs] == list(range(30, 30 + MAX_HELD))
    assert all(spec.kind is Kind.HELD and spec.explain and spec.nominal for spec in specs)


def test_a_plain_run_takes_the_durations_of_the_exercise() -> None:
    plan = plan_of(sample(DIAMOND))
    assert plain_run(plan).durations_us == (3 * SECOND, 2 * SECOND, SECOND)
