"""Which executor runs a program on this system, and what a command asks of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from grader.cli.isolation import missing_lines
from grader.cli.problems import ExitCode, Refusal
from grader.executors.base import LEVELS

if TYPE_CHECKING:
    from grader.executors.base import Executor, Isolation, Session
    from grader.executors.forked import Zygote
    from grader.executors.spawned_pool import SpawnedPool
    from grader.exercise.model import Limits

    Workers = Zygote | SpawnedPool  # what was started ahead to run programs

Pace = Callable[[int], None]


def choose_executor(workers: Workers | None, pace: Pace | None = None) -> Executor:
    """Children of the zygote, or interpreters of the pool; where there is none, a new one."""
    from grader.executors.forked import Zygote, forked_executor

    if isinstance(workers, Zygote):
        return forked_executor(workers, pace)
    from grader.executors.spawned import spawned_executor

    return spawned_executor(workers, pace)


def require(executor: Executor, level: str) -> Executor:
    """The same executor, which refuses to run anything below that level of isolation."""

    def checked(limits: Limits) -> Session:
        session = executor(limits)
        try:
            check_level(session.isolation, level)
        except BaseException:
            session.close()
            raise
        return session

    return checked


def check_level(isolation: Isolation, level: str) -> None:
    """Raise Refusal if the isolation is below that level."""
    if LEVELS.index(isolation.level) < LEVELS.index(level):
        raise Refusal(
            f"the isolation here is {isolation.level}, and {level} is required; nothing was run",
            f"{isolation.level}: {isolation.note}",
            *missing_lines(isolation),
            "What this system can do: asyncgrade doctor",
            code=ExitCode.ISOLATION_TOO_WEAK,
        )


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
