"""Facts about the time of a run: whose it is, and how the host keeps pace with it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from grader.engine.core import Engine
from grader.engine.schedules import plain_run
from grader.engine.trace import Ending, Run
from grader.executors import conversation
from grader.executors.base import Isolation
from grader.executors.conversation import Link, WorkerSession
from grader.executors.spawned import SpawnedLink
from grader.executors.spawned_pool import SpawnedPool
from grader.exercise.model import Limits
from grader.exercise.plan import build_plan
from tests.helpers import submission_from
from tests.worker.runs import program, sample

LIMITS = Limits(wall_s=60)


class Clock:
    """The host's clock, which can be put forward: a sleep takes no time."""

    def __init__(self) -> None:
        self.slept_s: list[float] = []
        self._ahead_s = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead_s

    def sleep(self, duration_s: float) -> None:
        self.slept_s.append(duration_s)
        self.put_forward(duration_s)

    def put_forward(self, duration_s: float) -> None:
        self._ahead_s += duration_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(conversation, "time", clock)
    return clock


@contextlib.contextmanager
def session_of(
    tell_time: Callable[[int], None] | None = None, before: Callable[[], None] = lambda: None
) -> Iterator[WorkerSession]:
    """``before``: what happens before a worker is there."""

    def open_link(limits: Limits) -> Link:
        before()
        return SpawnedLink(pool.take(limits))

    isolation = Isolation("weak", "an interpreter of its own")
    with (
        contextlib.closing(SpawnedPool(0)) as pool,
        WorkerSession(LIMITS, lambda: isolation, open_link, tell_time) as session,
    ):
        yield session


def play(session: WorkerSession, source: str) -> Run:
    exercise = sample()
    plan = build_plan(exercise, exercise.cases[0])
    spec = replace(plain_run(plan), stepwise=True)
    engine = Engine(exercise, plan, spec, submission_from(source), b"seed")
    return engine.run(session.play(engine))


# --- whose time it is ------------------------------------------------------------------------


def test_start_of_a_worker_is_not_the_time_of_the_program(clock: Clock) -> None:
    with session_of(before=lambda: clock.put_forward(100)) as session:
        clock.put_forward(100)  # the trial of the isolation, for one
        assert play(session, program("return n")).ending is Ending.RETURNED
        assert play(session, program("import os; os._exit(0)")).ending is Ending.CRASHED
        assert play(session, program("return n")).ending is Ending.RETURNED


def test_a_second_worker_gets_no_new_time(clock: Clock) -> None:
    with session_of() as session:
        assert play(session, program("import os; os._exit(0)")).ending is Ending.CRASHED
        clock.put_forward(100)
        assert play(session, program("return n")).ending is Ending.WALL_LIMIT


# --- in real time ----------------------------------------------------------------------------


def test_in_real_time_each_step_is_told_when_its_time_has_come(clock: Clock) -> None:
    told: list[tuple[int, float]] = []
    begin_s = clock.monotonic()
    with session_of(lambda us: told.append((us, clock.monotonic() - begin_s))) as session:
        run = play(session, program("await fast(); time.sleep(2); await slow()"))
    assert run.ending is Ending.RETURNED
    assert [us for us, _ in told] == [1_000_000, 3_000_000, 6_000_000]
    assert all(real_s >= us / 1e6 for us, real_s in told)
    assert sum(clock.slept_s) <= 6


@pytest.mark.parametrize("seconds", ["100", "1e9", "1e11", "1e300"])
def test_in_real_time_a_sleep_of_the_program_ends_with_its_time(clock: Clock, seconds: str) -> None:
    with session_of(lambda us: None) as session:
        run = play(session, program(f"time.sleep({seconds}); await fast()"))
    assert run.ending is Ending.WALL_LIMIT
    assert 0 < sum(clock.slept_s) <= LIMITS.wall_s
