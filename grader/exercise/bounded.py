"""Bounded operations on values: what compiled expressions compute with.

Rule 1: every operation pays for its work from a budget of steps before it does it, so time and
        memory end together. Rule 2: only the types of ``grader.values`` are results.
Nothing here reads source text; what fails is an ExpressionError with a message for a learner.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from types import GeneratorType
from typing import Any, NoReturn

from grader import protocol
from grader.exercise.model import ExpressionError
from grader.values import Dict, Opaque, Record, Set, Value, describe, fingerprint

MAX_STEPS = 2_000_000
MAX_TEXT = 1024 * 1024
MAX_ITEMS = 200_000
MAX_INT_BITS = protocol.MAX_INT_BITS
MAX_NUMBER_TEXT = 1300  # digits of the largest int, and some
MAX_FORMAT_WIDTH = 1000

_NUMBERS = frozenset({int, float, bool})
_ATOMS = frozenset({type(None), bool, int, float})
_TEXTS = frozenset({str, bytes})
_SEQUENCES = frozenset({list, tuple})
_VALUES = _ATOMS | _TEXTS | _SEQUENCES | {Dict, Set, Record, Opaque}
_SAME_AT_SIGHT = frozenset({type(None), bool, int, str})
_FORMAT = re.compile(
    r"(?:.?[<>=^])?[-+ ]?#?0?([0-9]{1,4})?[,_]?(?:\.([0-9]{1,4}))?[bcdeEfFgGoxXs%]?", re.DOTALL
)


class Budget:
    """How many steps one evaluation may still take."""

    __slots__ = ("steps",)

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self.steps = steps

    def spend(self, steps: int) -> None:
        self.steps -= steps
        if self.steps < 0:
            raise ExpressionError("the expression needs too many steps or too much memory")


# --- what a value is ---------------------------------------------------------------------------


def kind_name(value: Value) -> str:
    """The type of a value as a learner knows it."""
    if isinstance(value, Opaque | Record):
        return value.type_name
    return {Dict: "dict", Set: "set"}.get(type(value), protocol.type_name(value))


def refuse_opaque(value: Value) -> None:
    if type(value) is Opaque:
        raise ExpressionError(f"got a {value.type_name} where a value was wanted")


def _mismatch(what: str, *values: Value) -> NoReturn:
    for value in values:
        refuse_opaque(value)
    kinds = " and ".join(kind_name(value) for value in values)
    raise ExpressionError(f"{what} does not work on {kinds}")


def charge(value: Value, budget: Budget, depth: int = protocol.MAX_VALUE_DEPTH) -> None:
    """Spend a step for each part of a value and each 16 characters of it."""
    kind = type(value)
    if kind in _ATOMS:
        return budget.spend(1)
    if kind in _TEXTS:
        return budget.spend(1 + (len(value) >> 4))
    if depth <= 0:
        raise ExpressionError("a value is nested too deep")
    budget.spend(1)
    if kind in _SEQUENCES or kind is Set:
        for item in value:
            charge(item, budget, depth - 1)
    elif kind is Dict:
        for key, item in value.items():
            charge(key, budget, depth - 1)
            charge(item, budget, depth - 1)
    elif kind is Record:
        for _, item in value.fields:
            charge(item, budget, depth - 1)
    elif kind is not Opaque:
        raise ExpressionError(f"a {kind_name(value)} is not a value")
    return None


def settle(value: Value, budget: Budget) -> Value:
    """The value itself; a sequence that the caller supplied becomes a list."""
    if type(value) in _VALUES:
        return value
    if isinstance(value, range | GeneratorType | dict | set | frozenset):
        raise ExpressionError(f"a {kind_name(value)} can't stand here; make it a list(…)")
    return collect(value, budget)


def iterate(value: Value) -> Iterator[Value]:
    """Go over a value's items (a record's field values). The caller pays for each of them."""
    if type(value) is Record:
        return iter([item for _, item in value.fields])
    if type(value) in _ATOMS or type(value) is Opaque or not hasattr(value, "__iter__"):
        _mismatch("going over the items", value)
    iterator: Iterator[Value] = iter(value)
    return iterator


def collect(value: Value, budget: Budget) -> list[Value]:
    """The items of a value in a new list."""
    items = []
    for item in iterate(value):
        budget.spend(1)
        items.append(settle(item, budget))
        if len(items) > MAX_ITEMS:
            raise ExpressionError(f"a collection has more than {MAX_ITEMS:,} items")
    return items


def truth(value: Value) -> bool:
    refuse_opaque(value)
    return bool(value)


def equal(left: Value, right: Value, budget: Budget) -> bool:
    """Same type and same value, all the way down: ``1 == 1.0`` is false here."""
    budget.spend(1)
    if type(left) is type(right) and type(left) in _SAME_AT_SIGHT:
        return bool(left == right)
    refuse_opaque(left)
    refuse_opaque(right)
    if type(left) in _VALUES and type(right) in _VALUES and type(left) is not type(right):
        return False
    budget.spend(100)  # what follows is slow
    sides = []
    for side in (left, right):
        settled = settle(side, budget)
        charge(settled, budget)
        sides.append(fingerprint(settled))
    return sides[0] == sides[1]


def length(value: Value) -> int:
    if type(value) is Record:
        return len(value.fields)
    if type(value) in _ATOMS or type(value) is Opaque or not hasattr(value, "__len__"):
        _mismatch("len()", value)
    return len(value)


def make_dict(pairs: list[tuple[Value, Value]], budget: Budget) -> Dict:
    settled = []
    for key, item in pairs:
        charge(settle(key, budget), budget)
        settled.append((key, settle(item, budget)))
    return Dict(settled)


def make_set(items: list[Value], budget: Budget) -> Set:
    charge(items, budget)
    return Set(items)


# --- arithmetic --------------------------------------------------------------------------------


def number(value: Value, budget: Budget) -> Value:
    """Let an int of bounded size or a float pass."""
    budget.spend(1)
    if type(value) is int:
        bits = value.bit_length()
        if bits > MAX_INT_BITS:
            raise ExpressionError(f"a number has more than {MAX_INT_BITS} bits")
        budget.spend(bits >> 7)
    elif type(value) not in _NUMBERS:
        raise ExpressionError(f"a {kind_name(value)} is not a number that can be used here")
    return value


def bounded_text(value: str, budget: Budget) -> str:
    if len(value) > MAX_TEXT:
        raise ExpressionError(f"a text is longer than {MAX_TEXT:,} characters")
    budget.spend(1 + (len(value) >> 4))
    return value


def _room(size: int, kind: type, budget: Budget) -> None:
    """Refuse a text or a collection that would be too large, before it is made."""
    if kind in _TEXTS:
        if size > MAX_TEXT:
            raise ExpressionError(f"a text is longer than {MAX_TEXT:,} characters")
        budget.spend(1 + (size >> 4))
    else:
        if size > MAX_ITEMS:
            raise ExpressionError(f"a collection has more than {MAX_ITEMS:,} items")
        budget.spend(1 + size)


def _add(left: Value, right: Value, budget: Budget) -> Value:
    if type(left) is type(right) and type(left) in _TEXTS | _SEQUENCES:
        _room(len(left) + len(right), type(left), budget)
        return left + right
    return _numeric("+", operator.add)(left, right, budget)


def _multiply(left: Value, right: Value, budget: Budget) -> Value:
    if type(left) is int and type(right) in _TEXTS | _SEQUENCES:
        left, right = right, left
    if type(left) in _TEXTS | _SEQUENCES and type(right) is int:
        _room(len(left) * max(right, 0), type(left), budget)
        return left * right
    return _numeric("*", operator.mul)(left, right, budget)


def _power(left: Value, right: Value, budget: Budget) -> Value:
    if type(left) is int and type(right) is int and right > 0:
        bits = (left.bit_length() - 1) * right if abs(left) > 1 else 0
        if bits > MAX_INT_BITS:
            raise ExpressionError(f"a number has more than {MAX_INT_BITS} bits")
    return _numeric("**", operator.pow)(left, right, budget)


def _shift_left(left: Value, right: Value, budget: Budget) -> Value:
    if type(right) is int and right > MAX_INT_BITS:
        raise ExpressionError(f"a number has more than {MAX_INT_BITS} bits")
    return _numeric("<<", operator.lshift)(left, right, budget)


def _modulo(left: Value, right: Value, budget: Budget) -> Value:
    if type(left) in _TEXTS:
        raise ExpressionError("% does not format text here; use an f-string")
    return _numeric("%", operator.mod)(left, right, budget)


Binary = Callable[[Value, Value, Budget], Value]


def _numeric(symbol: str, apply: Callable[[Any, Any], Any]) -> Binary:
    def run(left: Value, right: Value, budget: Budget) -> Value:
        if type(left) not in _NUMBERS or type(right) not in _NUMBERS:
            _mismatch(symbol, left, right)
        return number(apply(left, right), budget)

    return run


ARITHMETIC: dict[str, Binary] = {
    "Add": _add,
    "Sub": _numeric("-", operator.sub),
    "Mult": _multiply,
    "Div": _numeric("/", operator.truediv),
    "FloorDiv": _numeric("//", operator.floordiv),
    "Mod": _modulo,
    "Pow": _power,
    "LShift": _shift_left,
    "RShift": _numeric(">>", operator.rshift),
    "BitAnd": _numeric("&", operator.and_),
    "BitOr": _numeric("|", operator.or_),
    "BitXor": _numeric("^", operator.xor),
}


def unary(symbol: str, apply: Callable[[Any], Any]) -> Callable[[Value, Budget], Value]:
    def run(value: Value, budget: Budget) -> Value:
        if type(value) not in _NUMBERS:
            _mismatch(symbol, value)
        return number(apply(value), budget)

    return run


# --- comparison --------------------------------------------------------------------------------


def check_order(values: list[Value], budget: Budget) -> None:
    """Pay for ordering these values; refuse what has no order."""
    kinds = {int if type(value) in _NUMBERS else type(value) for value in values}
    if len(kinds) > 1 or not kinds <= {int, str, bytes, list, tuple}:
        _mismatch("ordering", *{kind_name(value): value for value in values}.values())
    charge(values, budget)


def _ordering(apply: Callable[[Any, Any], Any]) -> Binary:
    def run(left: Value, right: Value, budget: Budget) -> Value:
        check_order([left, right], budget)
        return bool(apply(left, right))

    return run


def contains(item: Value, container: Value, budget: Budget) -> bool:
    kind = type(container)
    if kind in _TEXTS:
        if type(item) is not kind:
            _mismatch("in", item, container)
        budget.spend(1 + (len(container) >> 4))
        return item in container
    if kind is range:
        return type(item) is int and item in container
    if kind is Dict or kind is Set:
        charge(settle(item, budget), budget)
        return item in container
    return any(equal(item, other, budget) for other in collect(container, budget))


COMPARISONS: dict[str, Binary] = {
    "Eq": equal,
    "NotEq": lambda left, right, budget: not equal(left, right, budget),
    "Is": equal,
    "IsNot": lambda left, right, budget: not equal(left, right, budget),
    "Lt": _ordering(operator.lt),
    "LtE": _ordering(operator.le),
    "Gt": _ordering(operator.gt),
    "GtE": _ordering(operator.ge),
    "In": contains,
    "NotIn": lambda left, right, budget: not contains(left, right, budget),
}


# --- subscripts --------------------------------------------------------------------------------


def subscript(value: Value, key: Value, budget: Budget) -> Value:
    budget.spend(1)
    refuse_opaque(value)
    refuse_opaque(key)
    kind = type(value)
    if kind is Dict:
        return _by_key(value, key, budget)
    if kind is Record and type(key) is str:
        for name, item in value.fields:
            if name == key:
                return item
        raise ExpressionError(f"a {value.type_name} has no field {describe(key, 60)}")
    if kind is Record:
        value = collect(value, budget)
    if type(key) not in (int, bool, slice) or not hasattr(value, "__getitem__"):
        raise ExpressionError(f"a {kind_name(value)} can't be read with [{describe(key, 40)}]")
    if kind in _TEXTS | _SEQUENCES and type(key) is slice:
        _room(len(range(*key.indices(len(value)))), kind, budget)
    try:
        return value[key]
    except IndexError:
        raise ExpressionError(
            f"there is no item {describe(key, 40)} in a {kind_name(value)} of {len(value)}"
        ) from None


def _by_key(value: Dict, key: Value, budget: Budget) -> Value:
    if type(key) is slice:
        _mismatch("a slice […:…]", value)
    charge(settle(key, budget), budget)
    if key not in value:
        known = ", ".join(describe(name, 40) for name in list(value)[:8])
        has = f"its keys are {known}" if known else "it is empty"
        raise ExpressionError(f"there is no key {describe(key, 60)} in the dict; {has}")
    return value[key]


# --- text --------------------------------------------------------------------------------------


def to_text(value: Value, budget: Budget, *, quoted: bool = False) -> str:
    """What ``str`` or, ``quoted``, ``repr`` gives."""
    if type(value) is str and not quoted:
        return value
    settled = settle(value, budget)
    refuse_opaque(settled)
    charge(settled, budget)
    return bounded_text(describe(settled, 16 * MAX_TEXT), budget)


def format_value(value: Value, spec: str, budget: Budget) -> str:
    """What an f-string makes of a value; widths and precisions are bounded."""
    if not spec:
        return to_text(value, budget)
    refuse_opaque(value)
    match = _FORMAT.fullmatch(spec)
    if match is None or type(value) not in _NUMBERS | {str}:
        raise ExpressionError(f"can't format a {kind_name(value)} with {describe(spec, 40)}")
    if any(int(digits or 0) > MAX_FORMAT_WIDTH for digits in match.groups()):
        raise ExpressionError(f"a format is wider than {MAX_FORMAT_WIDTH}")
    return bounded_text(format(value, spec), budget)
