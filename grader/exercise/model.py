"""An exercise as frozen data. The loader makes it; nothing here reads a file or runs anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from grader.values import Value

Environment = Mapping[str, Value]


class ExerciseError(Exception):
    """The exercise file is at fault. ``problems`` are one line each: ``file:line: key: what``."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class ExpressionError(Exception):
    """An expression of the exercise failed on the values it was given."""


class Expression(Protocol):
    """An expression of the closed language, compiled. Raises ExpressionError, nothing else."""

    text: str
    names: frozenset[str]

    def __call__(self, environment: Environment) -> Value: ...


@dataclass(frozen=True, slots=True)
class Failure:
    """``error`` is raised by the service when ``when`` holds."""

    when: Expression
    error_type: str
    error_args: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """One awaitable thing that the engine witnesses: a coroutine service, or the entering, leaving
    or a method of a context service (``Session.enter``, ``Session.execute``, ``Session.exit``)."""

    name: str
    params: tuple[str, ...]
    duration_us: Callable[[Environment], int]  # of the bound parameters; raises ExpressionError
    returns: Expression | None  # over the parameters, ``nonce`` and ``nth``; None returns None
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """What a student imports from ``services``: a coroutine, or a context manager with methods."""

    name: str
    kind: str  # "coroutine" | "context"
    operations: tuple[Operation, ...]  # one; or enter, exit, then the methods
    params: tuple[str, ...]
    exclusive: bool = False  # a context: one method at a time
    summary: str = ""

    def operation(self, name: str) -> Operation:
        return next(op for op in self.operations if op.name == name)


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One entry of a plan: a call, perhaps repeated (``each``), perhaps ordered (``after``)."""

    name: str
    operation: str  # "get_users", "Session.execute"
    args: tuple[tuple[str, Expression], ...]  # parameter name -> expression, in parameter order
    loop_targets: tuple[str, ...] = ()  # names bound by ``each``
    loop_over: Expression | None = None
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One call of the entry, and what must come of it (no ``result``: the exercise's own)."""

    name: str
    args: tuple[Value, ...]
    result: Expression | None = None
    raises: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A rubric item. ``check`` is a name of grader.checks."""

    id: str
    points: int
    check: str
    title: str
    message: str = ""  # the author's own words for a failure, "" to use the check's
    case: str | None = None
    goal: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for one submission, all its runs together (virtual time: for one run)."""

    cpu_s: int = 2
    wall_s: int = 10
    memory_mib: int = 512
    output_bytes: int = 256 * 1024
    virtual_s: int = 3_600


@dataclass(frozen=True, slots=True, eq=False)  # one exercise is one object, and may be a key
class Exercise:
    id: str
    title: str
    goal: str
    difficulty: str
    text: str
    hints: tuple[str, ...]
    entry: str
    params: tuple[str, ...]
    services: tuple[Service, ...]
    exceptions: tuple[str, ...]
    plan: tuple[PlanStep, ...]
    result: Expression | None
    normalise: Expression | None
    cases: tuple[Case, ...]
    rubric: tuple[Item, ...]
    limits: Limits
    path: str

    def operation(self, name: str) -> Operation:
        """The operation of that dotted name. Raises KeyError when there is none."""
        for service in self.services:
            for operation in service.operations:
                if operation.name == name:
                    return operation
        raise KeyError(name)
