"""What the services of an exercise answer. Pure: arguments and a nonce in, an outcome out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.exercise.model import Exercise, ExpressionError, Operation, Service
from grader.values import Opaque, Value, describe, to_wire

MAX_VALUE_BYTES = 4096


class WrongArguments(Exception):
    """A call that Python itself would refuse. The text is what the student reads."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of a call. ``error_type`` is empty when a value is returned."""

    value: Value = None
    error_type: str = ""
    error_args: tuple[Value, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.error_type


@dataclass(slots=True)
class _Context:
    """A context object that was entered: whether it still is, and what runs on it."""

    nonce: str
    running: str = ""
    closing: bool = False


class Services:
    """The services during one run: bindings, answers, and which contexts are open."""

    def __init__(self, exercise: Exercise) -> None:
        self._operations: dict[str, tuple[Operation, Service]] = {
            operation.name: (operation, service)
            for service in exercise.services
            for operation in service.operations
        }
        self._contexts: dict[int, _Context] = {}
        self._counts: dict[str, int] = {}

    def operation(self, name: str) -> Operation | None:
        found = self._operations.get(name)
        return found[0] if found else None

    def count(self, name: str) -> int:
        """How many calls of this operation there were, this one included (counted here)."""
        self._counts[name] = self._counts.get(name, 0) + 1
        return self._counts[name]

    def open_contexts(self) -> int:
        return len(self._contexts)

    def session_nonce(self, context: int | None) -> str:
        """The nonce of the call that entered this context; empty for none."""
        entered = self._contexts.get(context) if context is not None else None
        return entered.nonce if entered else ""

    def refusal(self, operation: Operation, context: int | None) -> str:
        """Why a context can't be used in this way now; empty when it can."""
        service = self._operations[operation.name][1]
        if service.kind != "context" or operation.name == f"{service.name}.enter":
            return ""
        method = operation.name.partition(".")[2]
        entered = self._contexts.get(context) if context is not None else None
        if entered is None or entered.closing:
            return (
                f"this {service.name} is not open: call {method}() inside "
                f"`async with {service.name}() as …`"
            )
        if method != "exit" and service.exclusive and entered.running:
            return (
                f"this {service.name} is busy with {entered.running}(): one call at a time "
                f"on one {service.name}; open a second {service.name} to overlap"
            )
        return ""

    def started(self, operation: Operation, call: int, context: int | None, nonce: str) -> None:
        """Note what a call that was not refused does to its context."""
        service = self._operations[operation.name][1]
        if service.kind != "context":
            return
        if operation.name == f"{service.name}.enter":
            self._contexts[call] = _Context(nonce, closing=True)  # usable once it has returned
        elif context is not None:
            entered = self._contexts[context]
            if operation.name == f"{service.name}.exit":
                entered.closing = True
            else:
                entered.running = operation.name.partition(".")[2]

    def ended(self, operation: Operation, call: int, context: int | None, *, ok: bool) -> None:
        """Note the end of a call that was not refused."""
        service = self._operations[operation.name][1]
        if service.kind != "context":
            return
        if operation.name == f"{service.name}.enter":
            if ok:
                self._contexts[call].closing = False
            else:
                self._contexts.pop(call, None)
        elif context in self._contexts:
            if operation.name == f"{service.name}.exit":
                del self._contexts[context]
            else:
                self._contexts[context].running = ""


def bind(
    operation: Operation, args: Sequence[Value], kwargs: Mapping[str, Value]
) -> tuple[Value, ...]:
    """The arguments in parameter order. Raises WrongArguments with Python's own words."""
    name, params = operation.name, operation.params
    if len(args) > len(params):
        takes = f"{len(params)} argument{'s' if len(params) != 1 else ''}"
        raise WrongArguments(f"{name}() takes {takes} but {len(args) + len(kwargs)} were given")
    bound = dict(zip(params, args, strict=False))
    for key, value in kwargs.items():
        if key not in params:
            raise WrongArguments(f"{name}() got an unexpected keyword argument {key!r}")
        if key in bound:
            raise WrongArguments(f"{name}() got multiple values for argument {key!r}")
        bound[key] = value
    missing = [repr(param) for param in params if param not in bound]
    if missing:
        raise WrongArguments(
            f"{name}() missing {len(missing)} required argument{'s' if len(missing) > 1 else ''}: "
            + " and ".join(missing)
        )
    for param in params:
        value = bound[param]
        if isinstance(value, Opaque):
            advice = "; await it first" if value.type_name in _AWAITABLE else ""
            raise WrongArguments(
                f"{name}() got a {value.type_name} for {param!r}, not a value{advice}"
            )
    return tuple(bound[param] for param in params)


_AWAITABLE = ("Task", "Future", "_GatheringFuture", "coroutine")


def answer(operation: Operation, args: tuple[Value, ...], nonce: str, nth: int) -> Answer:
    """What this call returns or raises. An expression that fails becomes the student's error."""
    environment = {**dict(zip(operation.params, args, strict=True)), "nonce": nonce, "nth": nth}
    try:
        for failure in operation.failures:
            if failure.when(environment):
                error_args = tuple(part(environment) for part in failure.error_args)
                return Answer(error_type=failure.error_type, error_args=error_args)
        value = operation.returns(environment) if operation.returns else None
    except ExpressionError as error:
        shown = ", ".join(describe(arg, 60) for arg in args)
        text = f"{operation.name}({shown}) can't work with these arguments: {error}"
        return Answer(error_type="TypeError", error_args=(text,))
    short = isinstance(value, str) and 6 * len(value) < MAX_VALUE_BYTES  # even all of it escaped
    if not short and len(json.dumps(to_wire(value))) > MAX_VALUE_BYTES:
        return Answer(error_type="ValueError", error_args=(f"{operation.name}(): value too large",))
    return Answer(value=value)


def duration_us(operation: Operation, args: tuple[Value, ...]) -> int | None:
    """How long this call takes with the exercise's own durations; None: it can't be said."""
    try:
        return operation.duration_us(dict(zip(operation.params, args, strict=True)))
    except ExpressionError:
        return None
