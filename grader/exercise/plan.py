"""The plan of an exercise for one case: a graph of calls with its data dependencies.

Dependencies are found by evaluating every argument once, on reference values, through objects
that note what is read. Everything is linear in the number of nodes and edges.
A step on a method of a context service becomes three nodes: enter, the method, exit. Its session
may be opened before the arguments of the method are known; ``after`` holds the opening back too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from grader.exercise.bounded import MAX_ITEMS
from grader.exercise.model import (
    Case,
    Environment,
    Exercise,
    ExpressionError,
    Operation,
    PlanStep,
    Service,
)
from grader.values import Value, fingerprint

_TEN_DIGITS = re.compile(r"(?=([0-9a-f]{10}))")  # as long as a nonce, at every place
MAX_PLAN_NODES = 200_000
MAX_PLAN_EDGES = 2_000_000


class PlanError(ExpressionError):
    """A plan can't be made for a case. ``part``: "call", "each", "duration" or "returns"."""

    def __init__(self, step: str, operation: str, part: str, message: str) -> None:
        super().__init__(f"step {step!r}: {message}")
        self.step = step
        self.operation = operation
        self.part = part


@dataclass(frozen=True, slots=True)
class Node:
    """One call of the plan. Dependencies are indices of earlier nodes, in order."""

    key: str  # "users", "item[2]", "users.enter"
    operation: str
    deps: tuple[int, ...]  # must be finished before this one may start
    data_deps: tuple[int, ...]  # those of them that its arguments, or its session, come from
    duration_us: int  # with the exercise's own durations, on reference values
    closing: bool = False  # leaves a context
    context: int | None = None  # of a method or a leaving: the node that entered


@dataclass(frozen=True, slots=True)
class _Span:
    """Where the nodes of a step are: ``stride`` nodes for each round."""

    name: str
    first: int
    rounds: int
    family: bool
    stride: int  # 1; 3 for a step on a context

    def value_node(self, number: int) -> int:
        return self.first + number * self.stride + (1 if self.stride == 3 else 0)

    def last_nodes(self) -> range:
        """The nodes that must be finished for the step to be."""
        last = self.first + self.stride - 1
        return range(last, last + self.rounds * self.stride, self.stride)

    def key(self, number: int) -> str:
        return f"{self.name}[{number}]" if self.family else self.name


Read = Callable[[_Span, int], Value]


class Family:
    """The values of a step with ``each``, read one by one when an expression asks for them."""

    __slots__ = ("_read", "_span")

    def __init__(self, span: _Span, read: Read) -> None:
        self._span = span
        self._read = read

    def __len__(self) -> int:
        return self._span.rounds

    def __getitem__(self, key: int | slice) -> Value:
        span = self._span
        if isinstance(key, slice):
            return [self._read(span, number) for number in range(*key.indices(span.rounds))]
        if not -span.rounds <= key < span.rounds:
            raise ExpressionError(
                f"there is no {span.name}[{key}]; the step has {span.rounds} rounds, from 0"
            )
        return self._read(span, key % span.rounds)

    def __iter__(self) -> Iterator[Value]:
        return (self._read(self._span, number) for number in range(self._span.rounds))


class _Names(Mapping[str, Value]):
    """What an expression of the plan can read: loop names, parameters, values of steps."""

    __slots__ = ("_given", "_read", "_row", "_spans")

    def __init__(
        self, given: Environment, row: Environment, spans: Mapping[str, _Span], read: Read
    ) -> None:
        self._given = given
        self._row = row
        self._spans = spans
        self._read = read

    def __getitem__(self, name: str) -> Value:
        if name in self._row:
            return self._row[name]
        if name in self._given:
            return self._given[name]
        span = self._spans[name]
        return Family(span, self._read) if span.family else self._read(span, 0)

    def __iter__(self) -> Iterator[str]:
        return iter({**self._spans, **self._given, **self._row})

    def __len__(self) -> int:
        return len({**self._spans, **self._given, **self._row})


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The calls that a case needs, in an order in which one could run them."""

    exercise: Exercise
    case: Case
    nodes: tuple[Node, ...]
    reference_values: Mapping[int, Value]  # what the nodes return with nonces that only look so
    _calls: tuple[tuple[PlanStep, Environment] | None, ...]  # None: enter and exit
    _given: Environment
    _spans: Mapping[str, _Span]

    def arguments(self, index: int, values: Mapping[int, Value]) -> tuple[Value, ...]:
        """The arguments of a node, in parameter order, from the values of finished nodes.

        Raises ExpressionError. The session of a method is not among them.
        """
        call = self._calls[index]
        if call is None:
            return ()
        step, row = call
        names = _Names(self._given, row, self._spans, _reader(values))
        return tuple([expression(names) for _, expression in step.args])

    def result(self, values: Mapping[int, Value]) -> Value:
        """What the case must return, over the values of its nodes. Raises ExpressionError."""
        expression = self.case.result or self.exercise.result
        if expression is None or self.case.raises is not None:
            raise ExpressionError(f"case {self.case.name!r} expects no result")
        return expression(_Names(self._given, {}, self._spans, _reader(values)))


def _reader(values: Mapping[int, Value]) -> Read:
    def read(span: _Span, number: int) -> Value:
        try:
            return values[span.value_node(number)]
        except KeyError:
            raise ExpressionError(f"the step {span.key(number)!r} has no value") from None

    return read


def build_plan(exercise: Exercise, case: Case) -> Plan:
    """Make the graph of one case. Raises PlanError."""
    return _Builder(exercise, case).build()


class _Builder:
    """Adds the steps of a plan one after the other."""

    def __init__(self, exercise: Exercise, case: Case) -> None:
        self._exercise = exercise
        self._case = case
        self._given = dict(zip(exercise.params, case.args, strict=True))
        self._spans: dict[str, _Span] = {}
        self._nodes: list[Node] = []
        self._calls: list[tuple[PlanStep, Environment] | None] = []
        self._values: dict[int, Value] = {}
        self._edges = 0
        self._reads: dict[int, None] = {}

    def build(self) -> Plan:
        for step in self._exercise.plan:
            self._add_step(step)
        return Plan(
            exercise=self._exercise,
            case=self._case,
            nodes=tuple(self._nodes),
            reference_values=self._values,
            _calls=tuple(self._calls),
            _given=self._given,
            _spans=self._spans,
        )

    def _add_step(self, step: PlanStep) -> None:
        service = _service_of(self._exercise, step.operation)
        operation = service.operation(step.operation)
        stride = 3 if service.kind == "context" else 1
        rows = self._rows(step)
        if len(self._nodes) + len(rows) * stride > MAX_PLAN_NODES:
            message = f"the plan has more than {MAX_PLAN_NODES:,} calls"
            raise PlanError(step.name, step.operation, "each", message)
        after = tuple(sorted({n for name in step.after for n in self._spans[name].last_nodes()}))
        family = step.loop_over is not None
        span = _Span(step.name, len(self._nodes), len(rows), family, stride)
        for number, row in enumerate(rows):
            if stride == 3:
                self._add_session(step, row, span.key(number), service, operation, after)
            else:
                self._add_call(step, row, span.key(number), operation, after, None)
        self._spans[step.name] = span

    def _rows(self, step: PlanStep) -> list[Environment]:
        """The loop variables of each round."""
        if step.loop_over is None:
            return [{}]
        try:
            rounds = step.loop_over(_Names(self._given, {}, self._spans, _reader(self._values)))
        except ExpressionError as error:
            raise PlanError(step.name, step.operation, "each", str(error)) from None
        assert len(rounds) <= MAX_ITEMS
        if self._holds_reference_nonce(rounds):
            message = (
                "the rounds depend on values that only a run knows; write a round for each "
                "position, like `i in range(len(cities))`, and `cities[i]` in the call"
            )
            raise PlanError(step.name, step.operation, "each", message)
        return [dict(zip(step.loop_targets, row, strict=True)) for row in rounds]

    def _holds_reference_nonce(self, rounds: Value) -> bool:
        """Whether a value that a step returns, and not only its length, went into the rounds."""
        text = fingerprint(list(rounds)) if self._nodes else ""
        found = _TEN_DIGITS.finditer(text)
        return any(int(match[1], 16) < len(self._nodes) for match in found)

    def _add_session(
        self,
        step: PlanStep,
        row: Environment,
        key: str,
        service: Service,
        operation: Operation,
        after: tuple[int, ...],
    ) -> None:
        enter, leave = service.operations[:2]
        first = len(self._nodes)
        self._append(step, Node(f"{key}.enter", enter.name, after, (), enter.duration_us({})))
        self._add_call(step, row, key, operation, after, first)
        us, closed = leave.duration_us({}), (first, first + 1)
        self._append(step, Node(f"{key}.exit", leave.name, closed, (first,), us, True, first))

    def _add_call(
        self,
        step: PlanStep,
        row: Environment,
        key: str,
        operation: Operation,
        after: tuple[int, ...],
        context: int | None,
    ) -> None:
        index = len(self._nodes)
        arguments = self._arguments(step, row)
        if context is not None:
            self._reads[context] = None
        data = tuple(sorted(self._reads))
        deps = tuple(sorted({*data, *after})) if after else data
        us = self._attempt(step, "duration", lambda: operation.duration_us(arguments))
        self._append(step, Node(key, operation.name, deps, data, us, False, context))
        self._calls[index] = (step, row)
        if operation.returns is not None:
            names = {**arguments, "nonce": f"{index:010x}", "nth": 1}
            returns = operation.returns
            self._values[index] = self._attempt(step, "returns", lambda: returns(names))

    def _arguments(self, step: PlanStep, row: Environment) -> dict[str, Value]:
        """Evaluate a call's arguments; ``_reads`` then holds the nodes that they need."""
        reads = self._reads = {}

        def read(span: _Span, number: int) -> Value:
            node = span.value_node(number)
            reads[node] = None
            return self._values[node]

        names = _Names(self._given, row, self._spans, read)
        values: dict[str, Value] = self._attempt(
            step, "call", lambda: {param: argument(names) for param, argument in step.args}
        )
        return values

    def _attempt(self, step: PlanStep, part: str, compute: Callable[[], Value]) -> Value:
        try:
            return compute()
        except ExpressionError as error:
            raise PlanError(step.name, step.operation, part, str(error)) from None

    def _append(self, step: PlanStep, node: Node) -> None:
        self._edges += len(node.deps)
        if self._edges > MAX_PLAN_EDGES:
            message = f"the plan has more than {MAX_PLAN_EDGES:,} dependencies"
            raise PlanError(step.name, step.operation, "call", message)
        self._values[len(self._nodes)] = None
        self._nodes.append(node)
        self._calls.append(None)


def _service_of(exercise: Exercise, operation: str) -> Service:
    name = operation.partition(".")[0]
    return next(service for service in exercise.services if service.name == name)
