"""Which executor runs a program on this system, and what a command asks of it."""

from __future__ import annotations

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


def choose_executor(
    workers: Workers | None, tell_time: Callable[[int], None] | None = None
) -> Executor:
    """Children of the zygote, or interpreters of the pool; where there is none, a new one.

    With ``tell_time`` seconds take as long as real ones, and it hears of each new time (µs).
    """
    from grader.executors.forked import Zygote, forked_executor

    if isinstance(workers, Zygote):
        return forked_executor(workers, tell_time)
    from grader.executors.spawned import spawned_executor

    return spawned_executor(workers, tell_time)


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
