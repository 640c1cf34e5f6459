"""Values and messages cross the wire and come back; nothing a student returns breaks that."""

from __future__ import annotations

import json
import math
from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import protocol, values
from grader.protocol import from_wire, to_wire

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters())
    | st.binary(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(plain)
def test_plain_values_cross_and_come_back(value: Any) -> None:
    wire = json.loads(json.dumps(to_wire(value)))
    assert from_wire(wire) == value
    assert values.to_wire(values.from_wire(wire)) == wire


def mark(value: Any) -> str:
    return values.fingerprint(values.from_wire(to_wire(value)))


@given(plain, plain)
def test_fingerprints_are_equal_exactly_for_equal_wire_values(one: Any, other: Any) -> None:
    same = mark(one) == mark(other)
    assert same <= (one == other)
    assert mark(one) == mark(one)


def test_order_of_dicts_and_sets_does_not_count_and_types_do() -> None:
    assert mark({"a": 1, "b": 2}) == mark({"b": 2, "a": 1})
    assert mark({3, 1, 2}) == mark({2, 3, 1})
    assert mark([1, 2]) != mark((1, 2))
    assert mark(1) != mark(True)
    assert mark(["l", 1]) != mark([1])


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        (math.inf, ["n", "inf"]),
        (-math.inf, ["n", "-inf"]),
        (2**60, ["i", hex(2**60)]),
        (-(2**60), ["i", hex(-(2**60))]),
        ("\ud800", ["u", "eda080"]),
        (b"\x00\xff", ["b", "00ff"]),
        ({1: ("a", [None])}, ["d", 1, ["t", "a", ["l", None]]]),
        (["l", 1], ["l", "l", 1]),
    ],
)
def test_wire_form(value: Any, wire: Any) -> None:
    assert to_wire(value) == wire
    assert from_wire(wire) == value


def test_nan_crosses() -> None:
    assert to_wire(math.nan) == ["n", "nan"]
    assert math.isnan(from_wire(["n", "nan"]))


def test_named_tuple_and_dataclass_cross_as_records() -> None:
    @dataclass
    class Point:
        x: int
        y: int

    pair = namedtuple("pair", "left right")
    assert to_wire(Point(1, 2)) == ["r", "Point", "x", 1, "y", 2]
    assert to_wire(pair(1, [2])) == ["r", "pair", "left", 1, "right", ["l", 2]]
    record = values.from_wire(to_wire(pair(1, 2)))
    assert record == values.Record("pair", (("left", 1), ("right", 2)))


class Evil(type):
    """A class whose every question raises."""

    def __getattribute__(cls, name: str) -> Any:
        raise RuntimeError(name)


class Liar(metaclass=Evil):
    def __eq__(self, other: object) -> bool:
        raise RuntimeError

    def __hash__(self) -> int:
        raise RuntimeError

    def __repr__(self) -> str:
        raise RuntimeError

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)


def test_no_method_of_a_students_class_runs() -> None:
    class Tuple(tuple):
        def __iter__(self) -> Any:
            raise RuntimeError

    assert to_wire([object.__new__(Liar)]) == ["l", ["o", "Liar"]]
    assert to_wire(Tuple((1, 2))) == ["o", "Tuple"]


def test_recursive_deep_and_huge_values_become_opaque() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert "too deep" in json.dumps(to_wire(loop))
    wide: list[Any] = [0]
    for _ in range(35):
        wide = [wide, wide]
    text = json.dumps(to_wire(wide))
    assert len(text) < 20 * protocol.ALWAYS_ALLOWED_NODES
    assert to_wire("x" * (protocol.MAX_STR_BYTES + 1)) == ["o", "str (too large)"]
    assert to_wire(1 << 5000) == ["o", "int (too large)"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        | st.tuples(st.sampled_from("ltsdbinuro"), inner).map(list)
    ),
    max_leaves=20,
)


@given(json_values)
def test_reading_any_json_as_a_value_raises_value_error_or_nothing(wire: Any) -> None:
    try:
        value = values.from_wire(wire)
    except ValueError:
        return
    assert isinstance(values.describe(value), str)


def test_describe_reads_like_python_and_is_cut() -> None:
    value = values.from_wire(to_wire({"a": [1, (2,)], "b": {3}, "c": set()}))
    assert values.describe(value) == "{'a': [1, (2,)], 'b': {3}, 'c': set()}"
    assert len(values.describe(values.from_wire(to_wire(["x" * 50] * 50)))) <= 200
    assert values.describe(values.Opaque("Task")) == "<Task>"
