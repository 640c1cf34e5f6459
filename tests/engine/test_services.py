"""What services answer: arguments and a nonce in, an outcome out."""

from __future__ import annotations

from typing import Any

import pytest

from grader.engine.services import Answer, Services, WrongArguments, answer, bind, duration_us
from grader.exercise.model import Operation
from grader.values import Dict, Opaque
from tests.engine.samples import DIAMOND, PICKY, SECOND, SESSIONS, sample

DIAMOND_EXERCISE = sample(DIAMOND)
JOIN = DIAMOND_EXERCISE.operation("join")
FETCH = sample(PICKY).operation("fetch")


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((1, 2), {}),
        ((1,), {"right": 2}),
        ((), {"left": 1, "right": 2}),
        ((), {"right": 2, "left": 1}),
    ],
)
def test_arguments_are_bound_in_parameter_order(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    assert bind(JOIN, args, kwargs) == (1, 2)


@pytest.mark.parametrize(
    ("args", "kwargs", "text"),
    [
        ((1, 2, 3), {}, "join() takes 2 arguments but 3 were given"),
        ((1, 2, 3), {"left": 1}, "join() takes 2 arguments but 4 were given"),
        ((1,), {"left": 2}, "join() got multiple values for argument 'left'"),
        ((1,), {"rigth": 2}, "join() got an unexpected keyword argument 'rigth'"),
        ((), {"right": 2}, "join() missing 1 required argument: 'left'"),
        ((Opaque("Future"), 1), {}, "join() got a Future for 'left', not a value; await it first"),
    ],
)
def test_wrong_arguments_are_told_in_the_words_of_python(
    args: tuple[Any, ...], kwargs: dict[str, Any], text: str
) -> None:
    with pytest.raises(WrongArguments) as caught:
        bind(JOIN, args, kwargs)
    assert str(caught.value) == text


def test_a_service_without_parameters_takes_none() -> None:
    enter = sample(SESSIONS).operation("Session.enter")
    assert bind(enter, (), {}) == ()
    with pytest.raises(WrongArguments, match=r"Session.enter\(\) takes 0 arguments but 1 were"):
        bind(enter, (1,), {})


def test_the_answer_carries_the_nonce() -> None:
    assert answer(FETCH, ("a",), "0123456789", 1) == Answer("A-0123456789")


def test_a_service_without_an_expression_returns_none() -> None:
    enter = sample(SESSIONS).operation("Session.enter")
    assert answer(enter, (), "0123456789", 1) == Answer(None)


def test_the_number_of_the_call_can_be_used() -> None:
    operation = sample(PICKY.replace("key == 'bad'", "nth <= 2")).operation("fetch")
    outcomes = [answer(operation, ("a",), "0123456789", nth).ok for nth in (1, 2, 3)]
    assert outcomes == [False, False, True]


@pytest.mark.parametrize("value", [None, 3, Dict([("a", 1)]), [Opaque("Task")], "x" * 10_000])
def test_any_argument_has_an_answer(value: Any) -> None:
    """Whatever a student passes becomes an error of theirs, never one of ours."""
    given = answer(FETCH, (value,), "0123456789", 1)
    assert given.error_type in ("TypeError", "ValueError")


def test_a_duration_that_can_not_be_computed_is_none() -> None:
    body = DIAMOND.replace("duration: 3", 'duration: "10 - x"')
    operation: Operation = sample(body).operation("a")
    assert duration_us(operation, (4,)) == 6 * SECOND
    assert duration_us(operation, ("four",)) is None
    assert duration_us(operation, (11,)) is None


def test_calls_are_counted_for_each_operation() -> None:
    services = Services(DIAMOND_EXERCISE)
    assert [services.count(name) for name in ("a", "b", "a", "a")] == [1, 1, 2, 3]


def test_unknown_services_are_none() -> None:
    services = Services(DIAMOND_EXERCISE)
    assert services.operation("a") is DIAMOND_EXERCISE.operation("a")
    assert services.operation("Session.enter") is None
