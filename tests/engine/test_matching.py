"""Which call is which node of the plan: equal calls are interchangeable, others are not."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from grader.engine.matching import Matcher, equal_nodes
from grader.engine.services import answer
from grader.values import Value
from tests.engine.samples import (
    DIAMOND,
    SECOND,
    SESSIONS,
    call,
    end,
    gated,
    idle,
    plan_of,
    running,
    sample,
    talk,
    trace,
    value_of,
)

# Two equal calls whose values go to different places.
TWINS = """
entry: go
params: []
services:
  get: {args: [x], duration: 1, returns: "f'page{nonce}'"}
  left: {args: [v], duration: 1, returns: "f'left({v})'"}
  right: {args: [v], duration: 1, returns: "f'right({v})'"}
plan:
  one: get(1)
  two: get(1)
  l: left(one)
  r: right(two)
result: (l, r)
cases:
  plain: {call: []}
"""

FAMILY = """
entry: go
params: [ids]
services:
  get: {args: [x], duration: 1, returns: "f'{x}-{nonce}'"}
plan:
  item: {call: get(x), each: x in ids}
result: "[item[i] for i in range(len(ids))]"
cases:
  plain: {call: [[3, 1, 3]]}
"""

AFTER = """
entry: go
params: []
services:
  save: {args: [x], duration: 1}
  send: {args: [x], duration: 1}
plan:
  saved: save(1)
  sent: {call: send(1), after: [saved]}
result: "None"
cases:
  plain: {call: []}
"""


class Calls:
    """Makes calls against a matcher, as the engine does."""

    def __init__(self, body: str) -> None:
        self.exercise = sample(body)
        self.plan = plan_of(self.exercise)
        self.matcher = Matcher(self.plan)
        self.nodes: dict[int, int | None] = {}
        self.values: dict[int, Value] = {}

    def start(self, operation: str, *args: Value, session: int | None = None) -> int:
        """Start a call; give its id, which is its nonce too."""
        number = len(self.nodes) + 1
        token = "" if session is None else f"{session:010x}"
        key = self.matcher.key(operation, token, args)
        nonce = f"{number:010x}"
        self.matcher.issue(key, nonce)
        self.nodes[number], self.early = self.matcher.start(key, operation, number, nonce)
        for moved, node in self.matcher.take_moves():
            self.nodes[moved] = node
        self.values[number] = answer(self.exercise.operation(operation), args, nonce, 1).value
        return number

    def finish(self, number: int) -> Value:
        node = self.nodes[number]
        if node is not None:
            self.matcher.finish(node, self.values[number])
        return self.values[number]

    def abandon(self, number: int) -> None:
        node = self.nodes[number]
        assert node is not None
        self.matcher.abandon(node)

    @property
    def ready(self) -> list[int]:
        return list(self.matcher.ready)


# --- the ready set ---------------------------------------------------------------------------


def test_ready_are_those_whose_dependencies_are_finished() -> None:
    calls = Calls(DIAMOND)
    assert calls.ready == [0, 1]
    one, two = calls.start("a", 1), calls.start("b", 1)
    assert calls.ready == []
    calls.finish(one)
    assert calls.ready == []
    calls.finish(two)
    assert calls.ready == [2]
    assert list(calls.matcher.unfinished_nodes()) == [2]
    calls.finish(calls.start("join", calls.values[one], calls.values[two]))
    assert calls.ready == list(calls.matcher.unfinished_nodes()) == []
    assert list(calls.matcher.unfinished_nodes()) == []


def test_a_call_with_other_arguments_is_no_node_of_the_plan() -> None:
    calls = Calls(DIAMOND)
    assert calls.nodes[calls.start("a", 2)] is None
    assert calls.nodes[calls.start("a", "1")] is None
    assert calls.nodes[calls.start("a", 1.0)] is None
    assert calls.nodes[calls.start("a", True)] is None
    assert calls.ready == [0, 1]


def test_a_node_is_started_once() -> None:
    calls = Calls(DIAMOND)
    assert calls.nodes[calls.start("a", 1)] == 0
    assert calls.nodes[calls.start("a", 1)] is None


def test_a_call_with_a_value_that_nobody_has_yet_is_no_node() -> None:
    calls = Calls(DIAMOND)
    one = calls.start("a", 1)
    assert calls.nodes[calls.start("join", calls.values[one], "b1-guessed")] is None


def test_a_value_that_was_issued_and_not_awaited_makes_no_node_either() -> None:
    calls = Calls(DIAMOND)
    one, two = calls.start("a", 1), calls.start("b", 1)
    calls.finish(one)
    assert calls.nodes[calls.start("join", calls.values[one], calls.values[two])] is None


def test_a_call_before_what_it_must_come_after_is_early() -> None:
    calls = Calls(AFTER)
    number = calls.start("send", 1)
    assert (calls.nodes[number], calls.early) == (1, True)
    assert calls.ready == [0]


def test_a_call_after_what_it_must_come_after_is_not() -> None:
    calls = Calls(AFTER)
    calls.finish(calls.start("save", 1))
    assert calls.ready == [1]
    assert (calls.nodes[calls.start("send", 1)], calls.early) == (1, False)


def test_an_early_call_is_preferred_to_none_but_not_to_one_that_is_ready() -> None:
    body = AFTER.replace("result:", "  again: send(1)\nresult:")
    calls = Calls(body)
    assert (calls.nodes[calls.start("send", 1)], calls.early) == (2, False)
    assert (calls.nodes[calls.start("send", 1)], calls.early) == (1, True)
    assert calls.nodes[calls.start("send", 1)] is None


def test_an_abandoned_call_gives_its_node_back() -> None:
    calls = Calls(DIAMOND)
    first = calls.start("a", 1)
    calls.abandon(first)
    assert calls.ready == [1, 0]
    again = calls.start("a", 1)
    assert calls.nodes[again] == 0
    calls.finish(again)
    assert calls.matcher.values[0] == calls.values[again]


# --- equal calls -----------------------------------------------------------------------------


def test_equal_calls_have_equal_values_under_a_common_name() -> None:
    calls = Calls(FAMILY)
    first, other, last = calls.start("get", 3), calls.start("get", 1), calls.start("get", 3)
    assert [calls.nodes[n] for n in (first, other, last)] == [0, 1, 2]
    same = calls.matcher.canonical
    assert same(calls.values[first]) == same(calls.values[last])
    assert same(calls.values[first]) != same(calls.values[other])
    assert calls.values[first] != calls.values[last]


@pytest.mark.parametrize("order", list(permutations([1, 2])))
@pytest.mark.parametrize("crossed", [False, True])
def test_either_of_two_equal_values_may_go_to_either_place(
    order: tuple[int, int], crossed: bool
) -> None:
    calls = Calls(TWINS)
    numbers = [calls.start("get", 1), calls.start("get", 1)]
    for number in order:
        calls.finish(number)
    left, right = reversed(numbers) if crossed else numbers
    assert calls.nodes[calls.start("left", calls.values[left])] == 2
    assert calls.nodes[calls.start("right", calls.values[right])] == 3
    assert calls.early is False


@pytest.mark.parametrize(("finished", "successor", "node"), [(0, "right", 3), (1, "left", 2)])
def test_the_first_value_of_two_equal_calls_may_go_to_either_place(
    finished: int, successor: str, node: int
) -> None:
    """Which of the equal calls is which node is decided when a successor starts."""
    calls = Calls(TWINS)
    numbers = [calls.start("get", 1), calls.start("get", 1)]
    value = calls.finish(numbers[finished])
    assert calls.nodes[calls.start(successor, value)] == node
    needed = calls.plan.nodes[node].deps[0]
    assert calls.nodes[numbers[finished]] == needed
    assert calls.nodes[numbers[1 - finished]] == 1 - needed
    assert list(calls.matcher.values) == [needed]


def test_a_twin_that_was_not_started_is_ready_after_the_exchange() -> None:
    calls = Calls(TWINS)
    first = calls.start("get", 1)
    assert calls.nodes[first] == 0
    assert calls.nodes[calls.start("right", calls.finish(first))] == 3
    assert calls.nodes[first] == 1
    assert calls.ready == [0]
    again = calls.start("get", 1)
    assert calls.nodes[again] == 0
    calls.finish(again)
    assert calls.ready == [2]


def test_a_value_that_has_been_used_is_not_exchanged() -> None:
    calls = Calls(TWINS)
    first = calls.start("get", 1)
    value = calls.finish(first)
    assert calls.nodes[calls.start("left", value)] == 2
    assert calls.nodes[calls.start("right", value)] is None


def test_in_the_end_every_node_has_its_value() -> None:
    calls = Calls(TWINS)
    numbers = [calls.start("get", 1), calls.start("get", 1)]
    late = calls.start("right", calls.finish(numbers[0]))
    right = calls.finish(late)
    left = calls.finish(calls.start("left", calls.finish(numbers[1])))
    assert list(calls.matcher.unfinished_nodes()) == []
    assert calls.plan.result(calls.matcher.values) == (left, right)


# --- twins of contexts -------------------------------------------------------------------------


def test_which_session_is_for_which_query_shows_when_a_query_starts() -> None:
    calls = Calls(SESSIONS)
    first, second = calls.start("Session.enter"), calls.start("Session.enter")
    assert [calls.nodes[first], calls.nodes[second]] == [0, 3]
    calls.finish(first)
    assert calls.ready == [1]
    read = calls.start("Session.read", "y", session=first)
    assert calls.nodes[read] == 4
    assert [calls.nodes[first], calls.nodes[second]] == [3, 0]
    assert calls.ready == []
    calls.finish(second)
    assert calls.ready == [1]
    assert calls.nodes[calls.start("Session.read", "x", session=second)] == 1


def test_a_query_on_the_session_of_another_query_is_no_node() -> None:
    calls = Calls(SESSIONS)
    first, second = calls.start("Session.enter"), calls.start("Session.enter")
    calls.finish(first)
    assert calls.nodes[calls.start("Session.read", "x", session=first)] == 1
    assert calls.nodes[calls.start("Session.read", "y", session=first)] is None
    calls.finish(second)
    assert calls.nodes[calls.start("Session.read", "y", session=second)] == 4


def test_exits_are_ready_apart_from_the_rest() -> None:
    calls = Calls(SESSIONS)
    first = calls.start("Session.enter")
    calls.finish(first)
    calls.finish(calls.start("Session.read", "x", session=first))
    assert list(calls.matcher.closing_ready) == [2]
    assert calls.ready == [3]
    assert calls.nodes[calls.start("Session.exit", session=first)] == 2
    assert list(calls.matcher.closing_ready) == []


def test_an_exit_before_the_query_is_early() -> None:
    calls = Calls(SESSIONS)
    first = calls.start("Session.enter")
    calls.finish(first)
    assert (calls.nodes[calls.start("Session.exit", session=first)], calls.early) == (2, True)


@pytest.mark.parametrize("keys", [("x", "y"), ("y", "x")])
@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4, 5), (3, 0, 4, 1, 5, 2), (5, 4, 3, 2, 1, 0)])
def test_a_right_program_with_two_sessions_has_no_mismatch(
    keys: tuple[str, str], order: tuple[int, ...]
) -> None:
    """The gates follow the nodes when two equal calls change places."""
    exercise = sample(SESSIONS)
    engine = running(exercise, gated(plan_of(exercise), order))
    key_of = dict(zip((1, 2), keys, strict=True))
    answers = talk(engine, call(1, "Session.enter"), call(2, "Session.enter"))
    while True:
        news = talk(engine, idle())
        done = [reply.id for reply in news[:-1]]
        if not done:
            break
        answers += news
        for number in done:
            context = number % 10
            if number < 10:
                talk(engine, call(10 + number, "Session.read", key_of[number], context=context))
            elif number < 20:
                talk(engine, call(10 + number, "Session.exit", context=context))
    run = trace(engine)
    assert sorted(run.node_values) == [0, 1, 2, 3, 4, 5]
    assert run.mismatch is None
    values = {key_of[number]: value_of(answers, 10 + number) for number in (1, 2)}
    assert run.plan.result(run.node_values) == (values["x"], values["y"])


# --- equal nodes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (DIAMOND, [0, 1, 2]),
        (FAMILY, [0, 1, 0]),
        (TWINS, [0, 0, 2, 3]),
        # the chains go on in the same way, so equal calls have equal successors
        (TWINS.replace("right(two)", "left(two)"), [0, 0, 2, 2]),
        (SESSIONS, [0, 1, 2, 0, 4, 2]),
        (SESSIONS.replace("'y'", "'x'"), [0, 1, 2, 0, 1, 2]),
    ],
)
def test_equal_nodes_are_named_by_the_first_of_them(body: str, expected: list[int]) -> None:
    assert equal_nodes(plan_of(sample(body))) == expected


def test_a_result_made_of_equal_values_in_another_order_is_the_same_result() -> None:
    engine = running(sample(TWINS))
    answers: list[Any] = talk(engine, call(1, "get", 1), call(2, "get", 1), idle())
    right, left = value_of(answers, 1), value_of(answers, 2)
    now = SECOND
    talk(engine, call(3, "left", left, now_us=now), call(4, "right", right, now_us=now))
    answers = talk(engine, idle(now))
    talk(engine, end(2 * SECOND, (value_of(answers, 3), value_of(answers, 4))))
    run = trace(engine)
    assert [c.node for c in run.calls] == [0, 1, 2, 3]
    assert run.canonical(run.value) == run.canonical(run.plan.result(run.node_values))
