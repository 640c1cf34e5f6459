"""Values on the trusted side: what expressions compute with and what comes back from a worker.

Rule 1: scalars, bytes, lists and tuples are Python's own; dicts, sets and records are the classes
        here, whose keys are looked up by their wire text. A hostile key is never hashed raw.
Rule 2: values are compared by ``fingerprint`` only: exact types, dict and set order ignored.
Rule 3: the work that a worker's value causes is bounded by its ``Allowance``, whatever its shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from grader import protocol
from grader.protocol import Wire, dumps

Value = Any  # None, bool, int, float, str, bytes, list, tuple, Dict, Set, Record or Opaque


_PLAIN = (str, int, float, bool, bytes, type(None))


class Dict:
    """A dict whose keys are found by their fingerprint."""

    __slots__ = ("_entries", "fingerprint")

    def __init__(self, pairs: Iterable[tuple[Value, Value]] = ()) -> None:
        self._entries = {fingerprint(key): (key, value) for key, value in pairs}
        texts = sorted(f"{key},{fingerprint(value)}" for key, (_, value) in self._entries.items())
        self.fingerprint = _joined("d", texts)

    def get(self, key: Value, default: Value = None) -> Value:
        return self._entries.get(fingerprint(key), (None, default))[1]

    def __getitem__(self, key: Value) -> Value:
        return self._entries[fingerprint(key)][1]

    def __contains__(self, key: Value) -> bool:
        return fingerprint(key) in self._entries

    def __iter__(self) -> Iterator[Value]:
        return (key for key, _ in self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def items(self) -> list[tuple[Value, Value]]:
        return list(self._entries.values())

    def __repr__(self) -> str:
        return f"Dict({self.items()!r})"


class Set:
    """A set whose items are found by their fingerprint."""

    __slots__ = ("_entries", "fingerprint")

    def __init__(self, items: Iterable[Value] = ()) -> None:
        self._entries = {fingerprint(item): item for item in items}
        self.fingerprint = _joined("s", sorted(self._entries))

    def __contains__(self, item: Value) -> bool:
        return fingerprint(item) in self._entries

    def __iter__(self) -> Iterator[Value]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"Set({list(self)!r})"


@dataclass(frozen=True, slots=True)
class Record:
    """A named tuple or a dataclass of the student's: its type's name and its fields in order."""

    type_name: str
    fields: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value that could not cross (a coroutine, a task): only its type's name is known."""

    type_name: str


def to_wire(value: Value) -> Wire:
    """Write a trusted-side value for the wire."""
    kind = type(value)
    if kind is list or kind is tuple:
        return ["l" if kind is list else "t", *[to_wire(item) for item in value]]
    if kind in _PLAIN:
        return protocol.to_wire(value)
    if isinstance(value, Dict):
        return ["d", *[to_wire(part) for pair in value.items() for part in pair]]
    if isinstance(value, Set):
        return ["s", *[to_wire(item) for item in value]]
    if isinstance(value, Record):
        parts = [part for name, item in value.fields for part in (name, to_wire(item))]
        return ["r", value.type_name, *parts]
    if isinstance(value, Opaque):
        return ["o", value.type_name]
    return protocol.to_wire(value)


class Allowance:
    """How many more nodes of values a run may send; a long text counts as several."""

    __slots__ = ("nodes",)

    def __init__(self, nodes: int) -> None:
        self.nodes = nodes

    def take(self, nodes: int) -> None:
        """Raises ValueError when there are not as many left."""
        self.nodes -= nodes
        if self.nodes < 0:
            raise ValueError("the values of this run are too large")


def from_wire(wire: Wire, allowance: Allowance | None = None) -> Value:
    """Read a wire value. Raises ValueError on anything that ``protocol`` does not define."""
    if allowance is None:
        allowance = Allowance(protocol.ALWAYS_ALLOWED_NODES)
    allowance.take(1)
    return _read(wire, protocol.MAX_VALUE_DEPTH + 2, allowance)


def _read(wire: Wire, depth: int, allowance: Allowance) -> Value:
    if isinstance(wire, str):
        allowance.take(len(wire) // protocol.CHARS_A_NODE)
        return wire
    if wire is None or isinstance(wire, bool | int | float):
        return wire
    if not isinstance(wire, list):
        raise ValueError("a value that is not one")
    if depth <= 0 or not wire:
        raise ValueError("a value is nested too deep, or has no tag")
    allowance.take(len(wire) - 1)
    tag, items = wire[0], wire[1:]
    if tag in ("l", "t", "s"):
        parts = [_read(item, depth - 1, allowance) for item in items]
        return parts if tag == "l" else tuple(parts) if tag == "t" else Set(parts)
    if tag == "d" and len(items) % 2 == 0:
        parts = [_read(item, depth - 1, allowance) for item in items]
        return Dict(zip(parts[::2], parts[1::2], strict=True))
    if tag == "r" and len(items) % 2 == 1 and _all_names([items[0], *items[1::2]]):
        values = [_read(item, depth - 1, allowance) for item in items[2::2]]
        return Record(items[0], tuple(zip(items[1::2], values, strict=True)))
    if len(items) == 1 and isinstance(items[0], str) and tag in ("b", "i", "n", "u", "o"):
        allowance.take(len(items[0]) // protocol.CHARS_A_NODE)
        return _read_scalar(tag, items[0])
    raise ValueError(f"unknown tag in a value: {str(tag)[:40]!r}")


def _all_names(names: list[Wire]) -> bool:
    return all(isinstance(name, str) for name in names)


def _read_scalar(tag: str, text: str) -> Value:
    if tag == "b":
        return bytes.fromhex(text)
    if tag == "i":
        if len(text) > protocol.MAX_INT_BITS // 4 + 4:
            raise ValueError("an integer is too large")
        return int(text, 16)
    if tag == "n":
        if text not in ("nan", "inf", "-inf"):
            raise ValueError("not a number that needs a tag")
        return float(text)
    if tag == "u":
        return bytes.fromhex(text).decode("utf-8", "surrogatepass")
    return Opaque(text[:120])


def fingerprint(value: Value) -> str:
    """Text that is equal for equal values: exact types, the order of dicts and sets ignored."""
    if isinstance(value, Dict | Set):
        return value.fingerprint  # made once, or nested sets would cost the square of their depth
    if isinstance(value, list | tuple) and not all(type(item) in _PLAIN for item in value):
        return _joined("l" if isinstance(value, list) else "t", map(fingerprint, value))
    if isinstance(value, Record):
        names = [dumps(value.type_name), *(dumps(name) for name, _ in value.fields)]
        return _joined("r", [*names, *(fingerprint(item) for _, item in value.fields)])
    return dumps(to_wire(value))


def _joined(tag: str, texts: Iterable[str]) -> str:
    return "[" + ",".join([f'"{tag}"', *texts]) + "]"


def describe(value: Value, limit: int = 200) -> str:
    """A value as a learner would write it in Python, cut to ``limit`` characters."""
    text = _describe(value, limit)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _describe(value: Value, limit: int) -> str:
    if isinstance(value, Opaque):
        return f"<{value.type_name}>"
    if isinstance(value, Record):
        inner = ", ".join(f"{name}={_describe(item, limit)}" for name, item in value.fields)
        return f"{value.type_name}({inner})"
    if isinstance(value, Dict):
        return (
            "{"
            + _join(
                (f"{_describe(k, limit)}: {_describe(v, limit)}" for k, v in value.items()), limit
            )
            + "}"
        )
    if isinstance(value, Set):
        return (
            "{" + _join((_describe(item, limit) for item in value), limit) + "}"
            if len(value)
            else "set()"
        )
    if isinstance(value, list):
        return "[" + _join((_describe(item, limit) for item in value), limit) + "]"
    if isinstance(value, tuple):
        comma = "," if len(value) == 1 else ""
        return "(" + _join((_describe(item, limit) for item in value), limit) + comma + ")"
    return repr(value[: limit + 2] if isinstance(value, str | bytes) else value)


def _join(parts: Iterable[str], limit: int) -> str:
    out: list[str] = []
    size = 0
    for part in parts:
        out.append(part)
        size += len(part)
        if size > limit:
            out.append("…")
            break
    return ", ".join(out)
