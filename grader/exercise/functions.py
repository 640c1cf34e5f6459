"""The functions and methods that an expression may call: two closed tables, all bounded.

Each takes the budget first. Arguments were checked for their number, not for their types.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from grader.exercise import bounded
from grader.exercise.bounded import Budget, collect, iterate, number, settle, truth
from grader.exercise.model import ExpressionError
from grader.values import Dict, Record, Set, Value, describe

_NOTHING: Any = object()


@dataclass(frozen=True, slots=True)
class Function:
    """How a name may be called: with how many arguments, and which keywords."""

    apply: Callable[..., Value]
    least: int
    most: int
    keywords: frozenset[str] | None = frozenset()  # None: any


def _sum(budget: Budget, items: Value, start: Value = 0) -> Value:
    total = number(start, budget)
    for item in iterate(items):
        total = number(total + number(item, budget), budget)
    return total


def _extreme(pick: Callable[..., Value]) -> Callable[..., Value]:
    def run(budget: Budget, *args: Value, default: Value = _NOTHING) -> Value:
        items = collect(args[0] if len(args) == 1 else list(args), budget)
        if not items and default is not _NOTHING:
            return default
        if not items:
            raise ExpressionError(f"{pick.__name__}() of nothing; give it a default=")
        bounded.check_order(items, budget)
        return pick(items)

    return run


def _sorted(budget: Budget, items: Value, reverse: Value = False) -> Value:
    listed = collect(items, budget)
    if listed:
        bounded.check_order(listed, budget)
    return sorted(listed, reverse=truth(reverse))


def _list(budget: Budget, items: Value = ()) -> Value:
    return collect(items, budget)


def _tuple(budget: Budget, items: Value = ()) -> Value:
    return tuple(collect(items, budget))


def _set(budget: Budget, items: Value = ()) -> Value:
    return bounded.make_set(collect(items, budget), budget)


def _dict(budget: Budget, source: Value = (), **more: Value) -> Value:
    if isinstance(source, Dict):
        pairs = source.items()
    elif isinstance(source, Record):
        pairs = list(source.fields)
    else:
        pairs = []
        for item in collect(source, budget):
            pair = collect(item, budget)
            if len(pair) != 2:
                raise ExpressionError("dict() wants pairs of a key and a value")
            pairs.append((pair[0], pair[1]))
    return bounded.make_dict([*pairs, *more.items()], budget)


def _str(budget: Budget, value: Value = "") -> Value:
    return bounded.to_text(value, budget)


def _repr(budget: Budget, value: Value) -> Value:
    return bounded.to_text(value, budget, quoted=True)


def _int(budget: Budget, value: Value = 0) -> Value:
    return number(int(_readable("int()", value)), budget)


def _float(budget: Budget, value: Value = 0.0) -> Value:
    return number(float(_readable("float()", value)), budget)


def _readable(name: str, value: Value) -> Value:
    bounded.refuse_opaque(value)
    if type(value) not in (int, bool, float, str):
        raise ExpressionError(f"{name} does not work on {bounded.kind_name(value)}")
    if type(value) is str and len(value) > bounded.MAX_NUMBER_TEXT:
        raise ExpressionError(f"{name} got a text of {len(value)} characters")
    return value


def _abs(budget: Budget, value: Value) -> Value:
    return number(abs(number(value, budget)), budget)


def _round(budget: Budget, value: Value, digits: Value = None) -> Value:
    if digits is not None and (type(digits) is not int or abs(digits) > 300):
        raise ExpressionError("round() wants a number of digits up to 300")
    return number(round(number(value, budget), digits), budget)


def _range(budget: Budget, *bounds: Value) -> Value:
    if any(type(bound) is not int for bound in bounds):
        raise ExpressionError("range() wants whole numbers")
    return range(*bounds)


def _enumerate(budget: Budget, items: Value, start: Value = 0) -> Value:
    if type(start) is not int:
        raise ExpressionError("enumerate() wants a whole number to start with")
    return list(enumerate(collect(items, budget), start))


def _zip(budget: Budget, *many: Value) -> Value:
    return list(zip(*[collect(items, budget) for items in many], strict=False))


def _reversed(budget: Budget, items: Value) -> Value:
    return collect(items, budget)[::-1]


def _any(budget: Budget, items: Value) -> Value:
    for item in iterate(items):
        budget.spend(1)
        if truth(item):
            return True
    return False


def _all(budget: Budget, items: Value) -> Value:
    for item in iterate(items):
        budget.spend(1)
        if not truth(item):
            return False
    return True


FUNCTIONS: dict[str, Function] = {
    "len": Function(lambda budget, value: bounded.length(value), 1, 1),
    "sum": Function(_sum, 1, 2, frozenset({"start"})),
    "min": Function(_extreme(min), 1, 100, frozenset({"default"})),
    "max": Function(_extreme(max), 1, 100, frozenset({"default"})),
    "sorted": Function(_sorted, 1, 1, frozenset({"reverse"})),
    "list": Function(_list, 0, 1),
    "tuple": Function(_tuple, 0, 1),
    "dict": Function(_dict, 0, 1, None),
    "set": Function(_set, 0, 1),
    "str": Function(_str, 0, 1),
    "repr": Function(_repr, 1, 1),
    "int": Function(_int, 0, 1),
    "float": Function(_float, 0, 1),
    "abs": Function(_abs, 1, 1),
    "round": Function(_round, 1, 2),
    "range": Function(_range, 1, 3),
    "enumerate": Function(_enumerate, 1, 2, frozenset({"start"})),
    "zip": Function(_zip, 0, 100),
    "reversed": Function(_reversed, 1, 1),
    "any": Function(_any, 1, 1),
    "all": Function(_all, 1, 1),
}


# --- methods -----------------------------------------------------------------------------------


def _texts(name: str, *values: Value) -> None:
    for value in values:
        if type(value) is not str:
            bounded.refuse_opaque(value)
            raise ExpressionError(f".{name}() wants text, not a {bounded.kind_name(value)}")


def _split(budget: Budget, text: str, separator: Value = None, most: Value = -1) -> Value:
    if type(most) is not int:
        raise ExpressionError(".split() wants a whole number of splits")
    budget.spend(1 + (len(text) >> 4))
    if separator is not None:
        _texts("split", separator)
    parts = text.split(separator, most if 0 <= most < bounded.MAX_ITEMS else bounded.MAX_ITEMS)
    if len(parts) > bounded.MAX_ITEMS:
        raise ExpressionError(f"a collection has more than {bounded.MAX_ITEMS:,} items")
    budget.spend(len(parts))
    return parts


def _join(budget: Budget, separator: str, items: Value) -> Value:
    texts = collect(items, budget)
    _texts("join", *texts)
    size = sum(map(len, texts)) + len(separator) * len(texts)
    if size > bounded.MAX_TEXT + len(separator):
        raise ExpressionError(f"a text is longer than {bounded.MAX_TEXT:,} characters")
    return bounded.bounded_text(separator.join(texts), budget)


def _strip(budget: Budget, text: str, characters: Value = None) -> Value:
    if characters is not None:
        _texts("strip", characters)
        budget.spend((len(characters) >> 4) * (1 + (len(text) >> 4)))
    return bounded.bounded_text(text.strip(characters), budget)


def _edge(name: str, test: Callable[[str, Any], bool]) -> Callable[..., Value]:
    def run(budget: Budget, text: str, part: Value) -> Value:
        parts = part if type(part) is tuple else (part,)
        _texts(name, *parts)
        bounded.charge(parts, budget)
        return test(text, parts)

    return run


def _replace(budget: Budget, text: str, old: Value, new: Value) -> Value:
    _texts("replace", old, new)
    budget.spend(1 + (len(text) >> 4))
    if len(text) + text.count(old) * (len(new) - len(old)) > bounded.MAX_TEXT:
        raise ExpressionError(f"a text is longer than {bounded.MAX_TEXT:,} characters")
    return bounded.bounded_text(text.replace(old, new), budget)


def _text_count(budget: Budget, text: str, part: Value) -> Value:
    _texts("count", part)
    budget.spend(1 + (len(text) >> 4))
    return text.count(part)


def _text_index(budget: Budget, text: str, part: Value) -> Value:
    _texts("index", part)
    budget.spend(1 + (len(text) >> 4))
    return text.index(part)


def _items_count(budget: Budget, items: Value, item: Value) -> Value:
    return sum(bounded.equal(item, other, budget) for other in items)


def _items_index(budget: Budget, items: Value, item: Value) -> Value:
    for position, other in enumerate(items):
        if bounded.equal(item, other, budget):
            return position
    raise ExpressionError(f"there is no {describe(item, 60)} in the {bounded.kind_name(items)}")


def _get(budget: Budget, mapping: Dict, key: Value, default: Value = None) -> Value:
    bounded.charge(settle(key, budget), budget)
    return mapping.get(key, default)


def _pairs(pick: Callable[[Value, Value], Value]) -> Callable[..., Value]:
    def run(budget: Budget, mapping: Dict) -> Value:
        budget.spend(len(mapping))
        return [pick(key, item) for key, item in mapping.items()]

    return run


_ITEMS = {"count": Function(_items_count, 1, 1), "index": Function(_items_index, 1, 1)}

METHODS: dict[type, dict[str, Function]] = {
    str: {
        "split": Function(_split, 0, 2),
        "join": Function(_join, 1, 1),
        "strip": Function(_strip, 0, 1),
        "upper": Function(lambda b, text: bounded.bounded_text(text.upper(), b), 0, 0),
        "lower": Function(lambda b, text: bounded.bounded_text(text.lower(), b), 0, 0),
        "startswith": Function(_edge("startswith", str.startswith), 1, 1),
        "endswith": Function(_edge("endswith", str.endswith), 1, 1),
        "replace": Function(_replace, 2, 2),
        "count": Function(_text_count, 1, 1),
        "index": Function(_text_index, 1, 1),
    },
    list: _ITEMS,
    tuple: _ITEMS,
    Dict: {
        "get": Function(_get, 1, 2),
        "items": Function(_pairs(lambda key, item: (key, item)), 0, 0),
        "keys": Function(_pairs(lambda key, item: key), 0, 0),
        "values": Function(_pairs(lambda key, item: item), 0, 0),
    },
    Set: {},
}
METHOD_NAMES = frozenset(name for table in METHODS.values() for name in table)
