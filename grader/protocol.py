"""The messages between engine and worker, how values cross, framing and size limits.

Rule 1: this is the only module that both sides import; it imports the standard library only.
Rule 2: messages are plain tuples with names; a frame is a list of them. Nothing here does I/O.
Rule 3: every container of a value is tagged, so no student value can be taken for a tag, and
        no student key is ever hashed.
Rule 4: only exact types of Python's own are looked into; no method of a student's class is run.

A value on the wire ("wire value") is JSON: None, bool, str, int within ±2**53 and finite floats
stand for themselves; everything else is a list that begins with a tag:

    ["l", *items]  list       ["t", *items]  tuple      ["s", *items]   set or frozenset
    ["d", k, v, …] dict       ["b", hex]     bytes      ["r", type name, field, value, …] record
    ["i", hex]     large int  ["n", "nan" | "inf" | "-inf"]              ["u", hex] str that is
    ["o", type name]          a value that can't cross                   not valid Unicode
"""

from __future__ import annotations

import json
import math
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

Wire = Any  # a wire value, as described above

MAX_FRAME_BYTES = 8 * 1024 * 1024
MAX_RUN_BYTES = 64 * 1024 * 1024
MAX_RUN_MESSAGES = 500_000
MAX_VALUE_DEPTH = 40
ALWAYS_ALLOWED_NODES = 20_000  # of values that one run may send …
NODES_A_CALL, CHARS_A_NODE = 8, 32  # … more for each call; a long text counts as several
MAX_STR_BYTES = 1024 * 1024
MAX_INT_BITS = 4096
MAX_TEXT_CHARS = 8_000
LENGTH_BYTES = 4
OUT_OF_MEMORY_EXIT = 71  # the exit status of a worker that ran out of memory

_SAFE_INT = 2**53


# --- worker → engine -------------------------------------------------------------------------


class Locked(NamedTuple):
    """The process is locked down; nothing of the student's has run yet."""

    layers: list[str]


class Loaded(NamedTuple):
    """The module was loaded, or (``problem`` is set) how it failed. All of it is a claim."""

    problem: str | None  # "syntax", "exception", "exit", "missing", "not_async", "signature", …
    text: str
    traceback: str
    line: int | None
    notes: list[list[Any]]  # [kind, line]: "main_ignored"
    shapes: list[list[Any]]  # [line, shape] of the source, when the load asked for them


class Parsed(NamedTuple):
    """What was parsed, sent before any of it has run."""

    tree: str | None  # digest of the syntax tree; None: it can't be parsed


class Call(NamedTuple):
    """A service was called. ``context`` is the id of the call that opened the context object."""

    now_us: int
    id: int
    service: str
    context: int | None
    args: list[Any]
    kwargs: list[Any]  # name, value, name, value, …
    line: int | None
    created_line: int | None
    task: int


class Cancel(NamedTuple):
    """The student's code cancelled an open call."""

    now_us: int
    id: int


class Idle(NamedTuple):
    """Nothing can move in the worker before ``next_timer_us`` unless the engine answers."""

    now_us: int
    next_timer_us: int | None
    spinning: bool


class Where(NamedTuple):
    """Where each task is suspended: claims that feed messages only."""

    places: list[list[Any]]  # [task, line, what it waits for: a service's name or a word]


class Block(NamedTuple):
    """A blocking call held the loop: virtual time passed and no callback ran until ``now_us``."""

    now_us: int
    duration_us: int
    line: int | None
    what: str


class End(NamedTuple):
    """The entry ended and the callbacks that were ready then have run."""

    now_us: int
    outcome: str  # "returned" | "raised" | "cancelled"
    value: Wire
    error_type: str
    error_text: str
    traceback: str
    line: int | None
    leftovers: list[list[Any]]  # [kind, line, detail]


# --- engine → worker -------------------------------------------------------------------------


class Load(NamedTuple):
    """The source text and what it may import from ``services``. Carries no case, no secret."""

    source: str
    filename: str
    entry: str
    params: list[str]
    services: list[list[Any]]  # [name, kind, [params], [[method, [params]], …]]
    exceptions: list[str]
    shapes: bool  # whether to look for shapes of the source that name a misconception
    tree: bool = False  # whether to send ``parsed`` first: asked of a fresh process only


class Begin(NamedTuple):
    """One case. ``hostile``: hold tasks weakly and collect garbage before each clock step."""

    args: list[Any]
    hostile: bool


class Advance(NamedTuple):
    """It is ``now_us``; timers strictly before ``until_us`` (None: any) may run without asking."""

    now_us: int
    until_us: int | None


class Reply(NamedTuple):
    """The outcome of a call: a value, or the error to raise at the await."""

    id: int
    ok: bool
    value: Wire
    error_type: str
    error_args: list[Any]


class AskWhere(NamedTuple):
    """Asks where tasks are suspended."""


class Interrupt(NamedTuple):
    """Cancels the entry's task: the caller gives up."""


class Stop(NamedTuple):
    """The run is over, and why."""

    reason: str


WorkerMessage = Locked | Parsed | Loaded | Call | Cancel | Idle | Where | Block | End
EngineMessage = Load | Begin | Advance | Reply | AskWhere | Interrupt | Stop

WORKER_TAGS: dict[str, type[Any]] = {
    "locked": Locked,
    "parsed": Parsed,
    "loaded": Loaded,
    "call": Call,
    "cancel": Cancel,
    "idle": Idle,
    "where": Where,
    "block": Block,
    "end": End,
}
ENGINE_TAGS: dict[str, type[Any]] = {
    "load": Load,
    "begin": Begin,
    "advance": Advance,
    "reply": Reply,
    "ask_where": AskWhere,
    "interrupt": Interrupt,
    "stop": Stop,
}
_TAG_OF = {cls: tag for tags in (WORKER_TAGS, ENGINE_TAGS) for tag, cls in tags.items()}

_loads = json.JSONDecoder().decode


def _make_dumps() -> Callable[[Any], str]:
    """``json.dumps`` without blanks, for data without cycles.

    The encoder in C is made once where there is one; ``JSONEncoder.encode`` makes one a call.
    """
    plain = json.JSONEncoder(separators=(",", ":"), check_circular=False)
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return plain.encode
    ascii_text = json.encoder.encode_basestring_ascii
    encode = make(None, plain.default, ascii_text, None, ":", ",", False, False, True)
    return lambda value: "".join(encode(value, 0))


dumps = _make_dumps()


def encode_frame(messages: list[Any]) -> bytes:
    """Pack messages into one frame: four bytes of length (big endian), then JSON."""
    body = dumps([[_TAG_OF[type(message)], *message] for message in messages]).encode("ascii")
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def decode_engine_frame(body: bytes) -> list[Any]:
    """Unpack a frame that came from the engine. Only for the worker: it trusts the sender."""
    return [ENGINE_TAGS[tag](*fields) for tag, *fields in _loads(body.decode("ascii"))]


# --- values ----------------------------------------------------------------------------------

_type_name = type.__dict__["__name__"].__get__
_mro = type.__dict__["__mro__"].__get__


def type_name(value: object) -> str:
    """The name of a value's class, read without running any code of that class."""
    return str.__str__(_type_name(type(value)))[:80]


class Budget:
    """How many more nodes of values one run may write; a long text counts as several."""

    __slots__ = ("nodes",)

    def __init__(self, nodes: int = ALWAYS_ALLOWED_NODES) -> None:
        self.nodes = nodes


def to_wire(value: object, budget: Budget | None = None) -> Wire:
    """Write a Python value for the wire. Never raises; what can't cross becomes opaque."""
    return _write(value, MAX_VALUE_DEPTH, budget or Budget())


def _write(value: Any, depth: int, budget: Budget) -> Wire:
    kind = type(value)
    budget.nodes -= 1
    scalar = _SCALARS.get(id(kind))
    if scalar is not None:
        if kind is str or kind is bytes:
            budget.nodes -= len(value) // CHARS_A_NODE
            if budget.nodes < 0:
                return ["o", f"{type_name(value)} (too large)"]
        return scalar(value)
    if depth <= 0 or budget.nodes <= 0:
        return ["o", f"{type_name(value)} (too deep or too large)"]
    container = _CONTAINERS.get(id(kind))
    if container is not None:
        return container(value, depth - 1, budget)
    return _write_record(value, kind, depth - 1, budget)


def _write_int(value: int) -> Wire:
    if -_SAFE_INT <= value <= _SAFE_INT:
        return value
    return ["i", hex(value)] if value.bit_length() <= MAX_INT_BITS else ["o", "int (too large)"]


def _write_float(value: float) -> Wire:
    if math.isfinite(value):
        return value
    return ["n", "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"]


def _write_str(value: str) -> Wire:
    if len(value) > MAX_STR_BYTES:
        return ["o", "str (too large)"]
    if value.isascii():
        return value
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return ["u", value.encode("utf-8", "surrogatepass").hex()]
    return value


def _write_bytes(value: bytes) -> Wire:
    return ["b", value.hex()] if len(value) <= MAX_STR_BYTES else ["o", "bytes (too large)"]


def _write_items(tag: str) -> Callable[[Any, int, Budget], Wire]:
    def write(value: Any, depth: int, budget: Budget) -> Wire:
        out: list[Wire] = [tag]
        if len(value) > budget.nodes:
            return ["o", f"{type_name(value)} (too large)"]
        for item in value:
            if budget.nodes <= 0:
                return ["o", f"{type_name(value)} (too large)"]
            out.append(_write(item, depth, budget))
        return out

    return write


def _write_dict(value: dict[Any, Any], depth: int, budget: Budget) -> Wire:
    out: list[Wire] = ["d"]
    for key, item in dict.items(value):  # an instance may hide the method of its class
        if budget.nodes <= 0:
            return ["o", "dict (too large)"]
        out += (_write(key, depth, budget), _write(item, depth, budget))
    return out


def _write_record(value: Any, kind: type, depth: int, budget: Budget) -> Wire:
    """Named tuples and dataclasses cross as records; anything else is opaque."""
    namespace = type.__dict__["__dict__"].__get__(kind)
    names: Any = ()
    if _mro(kind)[1:2] == (tuple,) and type(namespace.get("_fields")) is tuple:
        names, items = namespace["_fields"], tuple.__iter__(value)
    elif type(namespace.get("__dataclass_fields__")) is dict:
        names = tuple(namespace["__dataclass_fields__"])
        try:
            items = iter([object.__getattribute__(value, name) for name in names])
        except Exception:
            return ["o", type_name(value)]
    else:
        return ["o", type_name(value)]
    out: list[Wire] = ["r", type_name(value)]
    for name, item in zip(names, items, strict=False):
        if type(name) is not str:
            return ["o", type_name(value)]
        out += (name, _write(item, depth, budget))
    return out


def _write_itself(value: Any) -> Wire:
    return value


# Keyed by identity: a student's metaclass may have a hash of its own.
_SCALARS: dict[int, Callable[[Any], Wire]] = {
    id(type(None)): _write_itself,
    id(bool): _write_itself,
    id(int): _write_int,
    id(float): _write_float,
    id(str): _write_str,
    id(bytes): _write_bytes,
}
_CONTAINERS: dict[int, Callable[[Any, int, Budget], Wire]] = {
    id(list): _write_items("l"),
    id(tuple): _write_items("t"),
    id(set): _write_items("s"),
    id(frozenset): _write_items("s"),
    id(dict): _write_dict,
    id(OrderedDict): _write_dict,
    id(defaultdict): _write_dict,
    id(Counter): _write_dict,
}


def from_wire(wire: Wire) -> Any:
    """Read a wire value as native Python objects. Only for the worker (keys are hashed here)."""
    if type(wire) is not list:
        return wire
    tag, *items = wire
    return _READERS[tag](items)


_READERS: dict[str, Callable[[list[Any]], Any]] = {
    "l": lambda items: [from_wire(item) for item in items],
    "t": lambda items: tuple([from_wire(item) for item in items]),
    "s": lambda items: {from_wire(item) for item in items},
    "d": lambda items: {
        from_wire(key): from_wire(value) for key, value in zip(items[::2], items[1::2], strict=True)
    },
    "b": lambda items: bytes.fromhex(items[0]),
    "i": lambda items: int(items[0], 16),
    "n": lambda items: float(items[0]),
    "u": lambda items: bytes.fromhex(items[0]).decode("utf-8", "surrogatepass"),
    "r": lambda items: {
        name: from_wire(value) for name, value in zip(items[1::2], items[2::2], strict=True)
    },
    "o": lambda items: None,
}
