"""Which executor runs a program on this system, and what a command asks of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from grader.cli.problems import ExitCode, Refusal

if TYPE_CHECKING:
    from grader.executors.base import Executor, Session
    from grader.executors.forked import Zygote
    from grader.exercise.model import Limits

LEVELS = ("none", "weak", "standard", "strong")  # of isolation, the weakest first

Pace = Callable[[int], None]


def choose_executor(zygote: Zygote | None, pace: Pace | None = None) -> Executor:
    """Children of the zygote; where there is none, a spawned interpreter."""
    if zygote is not None:
        from grader.executors.forked import forked_executor

        return forked_executor(zygote, pace)
    from grader.executors.spawned import spawned_executor

    return spawned_executor(pace)


def require(executor: Executor, level: str) -> Executor:
    """The same executor, which refuses to run anything below that level of isolation."""

    def checked(limits: Limits) -> Session:
        session = executor(limits)
        reached = session.isolation.level
        if LEVELS.index(reached) < LEVELS.index(level):
            session.close()
            raise Refusal(
                f"the isolation here is {reached}, and {level} is required; nothing was run",
                f"{reached}: {session.isolation.note}",
                "What this system can do: asyncgrade doctor",
                code=ExitCode.ISOLATION_TOO_WEAK,
            )
        return session

    return checked


def real_time_pace(tell: Callable[[int], None]) -> Pace:
    """A pace at which virtual seconds take as long as real ones; ``tell`` hears of each step."""
    begin_s: float | None = None

    def pace(now_us: int) -> None:
        nonlocal begin_s
        if begin_s is None:
            begin_s = time.monotonic()
        time.sleep(max(0.0, begin_s + now_us / 1e6 - time.monotonic()))
        tell(now_us)

    return pace
