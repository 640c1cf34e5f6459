"""Runs that can't go on: deadlock, livelock, and time without end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader import protocol
from grader.engine.core import MAX_SPINS
from grader.engine.schedules import plain_run
from grader.engine.trace import Ending, Place
from tests.engine.samples import (
    DIAMOND,
    SECOND,
    WHERE,
    block,
    call,
    end,
    held,
    idle,
    plan_of,
    replies,
    running,
    sample,
    talk,
    trace,
)

EXERCISE = sample(DIAMOND)
LIMIT_US = EXERCISE.limits.virtual_s * SECOND


def test_idle_with_no_timer_and_no_open_call_is_a_deadlock_at_once() -> None:
    engine = running(EXERCISE)
    assert talk(engine, idle()) == [protocol.AskWhere()]
    assert not engine.over
    assert talk(engine, protocol.Where([["go", 4, "Future"]])) == [protocol.Stop("deadlock")]
    run = trace(engine)
    assert (run.ending, run.places) == (Ending.DEADLOCK, (Place("go", 4, "Future"),))


def test_places_that_make_no_sense_are_left_out() -> None:
    engine = running(EXERCISE)
    talk(engine, idle())
    talk(engine, protocol.Where([["go"], [1, "x", None], [], ["go", 2, "sleep"]]))
    assert trace(engine).places == (Place("1", None, "None"), Place("go", 2, "sleep"))


def test_a_loop_that_only_spins_is_a_livelock() -> None:
    engine = running(EXERCISE)
    for _ in range(MAX_SPINS):
        assert talk(engine, idle(spinning=True)) == [protocol.Advance(0, LIMIT_US)]
    assert talk(engine, idle(spinning=True), WHERE) == [
        protocol.AskWhere(),
        protocol.Stop("livelock"),
    ]


def test_a_program_that_spins_is_given_its_next_timer() -> None:
    engine = running(EXERCISE)
    for number in range(3):
        for _ in range(MAX_SPINS):
            talk(engine, idle(number * SECOND, timer=(number + 1) * SECOND, spinning=True))
            assert engine.now_us == number * SECOND
        talk(engine, idle(number * SECOND, timer=(number + 1) * SECOND, spinning=True))
    assert engine.now_us == 3 * SECOND


def test_spins_are_counted_afresh_when_a_call_has_ended() -> None:
    engine = running(EXERCISE, held(plan_of(EXERCISE), 2))
    for number in range(4):
        talk(engine, *[idle(engine.now_us, spinning=True)] * (MAX_SPINS // 2))
        talk(engine, call(number, "a", number, now_us=engine.now_us))
        assert replies(talk(engine, idle(engine.now_us))) == [number]
    assert not engine.over


def test_a_timer_beyond_the_virtual_time_limit_ends_the_run() -> None:
    engine = running(EXERCISE)
    talk(engine, idle(timer=LIMIT_US), WHERE)
    assert engine.ending is Ending.VIRTUAL_TIME_LIMIT


def test_time_that_has_passed_the_limit_ends_the_run() -> None:
    engine = running(EXERCISE)
    talk(engine, block(LIMIT_US + SECOND, LIMIT_US + SECOND), idle(LIMIT_US + SECOND), WHERE)
    assert engine.ending is Ending.VIRTUAL_TIME_LIMIT


@pytest.mark.parametrize("huge", [10**18, 10**400], ids=["18 digits", "400 digits"])
def test_time_stops_just_after_the_limit(huge: int) -> None:
    engine = running(EXERCISE)
    talk(engine, call(1, "a", 1), block(huge, huge), call(2, "b", 1, now_us=huge), end(huge))
    run = trace(engine)
    assert (run.ending, run.end_us) == (Ending.RETURNED, LIMIT_US + 1)
    assert run.findings[0].detail == f"time.sleep() for {LIMIT_US // SECOND} s"


def test_a_call_may_end_after_the_limit_and_then_the_run_is_over() -> None:
    engine = running(sample(DIAMOND.replace("duration: 3", "duration: 10_000")))
    answers = talk(engine, call(1, "a", 1), idle())
    assert answers[-1] == protocol.Advance(10_000 * SECOND, LIMIT_US)
    talk(engine, idle(10_000 * SECOND), WHERE)
    assert engine.ending is Ending.VIRTUAL_TIME_LIMIT


def test_the_worker_is_never_granted_more_than_the_limit() -> None:
    engine = running(EXERCISE)
    assert talk(engine, idle(timer=5)) == [protocol.Advance(0, LIMIT_US)]


def test_a_stepwise_run_asks_before_every_timer() -> None:
    engine = running(EXERCISE, replace(plain_run(plan_of(EXERCISE)), stepwise=True))
    assert talk(engine, idle(timer=5)) == [protocol.Advance(5, 5)]
