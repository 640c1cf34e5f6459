"""How long an operation takes, as a function of its arguments. Seconds in a file, µs inside."""

from __future__ import annotations

import math
from dataclasses import dataclass

from grader.exercise.model import Environment, Expression, ExpressionError
from grader.values import Dict, Value, describe

MAX_SECONDS = 10**9


def microseconds(seconds: Value) -> int:
    """Seconds as whole microseconds. Raises ExpressionError."""
    if type(seconds) not in (int, float) or (type(seconds) is float and not math.isfinite(seconds)):
        raise ExpressionError(f"{describe(seconds, 60)} is not a number of seconds")
    if not 0 <= seconds <= MAX_SECONDS:
        raise ExpressionError(f"{describe(seconds, 60)} s is not between 0 and {MAX_SECONDS:,} s")
    whole: int = round(seconds * 1_000_000)
    if abs(seconds * 1_000_000 - whole) > 1e-3:
        raise ExpressionError(f"{describe(seconds, 60)} s is not a whole number of microseconds")
    return whole


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always the same time."""

    us: int

    def __call__(self, environment: Environment) -> int:
        return self.us


@dataclass(frozen=True, slots=True)
class ByArgument:
    """A time for each value that one parameter may have."""

    param: str
    table: Dict

    def __call__(self, environment: Environment) -> int:
        value = environment[self.param]
        if value not in self.table:
            known = ", ".join(describe(key, 60) for key in list(self.table)[:8])
            raise ExpressionError(f"{self.param} can be {known} here, not {describe(value, 60)}")
        us: int = self.table[value]
        return us


@dataclass(frozen=True, slots=True)
class Computed:
    """An expression over the parameters gives the seconds."""

    seconds: Expression

    def __call__(self, environment: Environment) -> int:
        return microseconds(self.seconds(environment))
