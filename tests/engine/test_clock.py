"""Which open call ends next, in timed, gated and held runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader import protocol
from grader.engine.core import MAX_SPINS, Engine, State
from grader.engine.schedules import plain_run
from grader.engine.trace import Ending, Mismatch, Outcome
from tests.engine.samples import (
    DIAMOND,
    SECOND,
    SESSIONS,
    WHERE,
    block,
    call,
    cancel,
    end,
    gated,
    held,
    idle,
    plan_of,
    replies,
    running,
    sample,
    talk,
    trace,
    value_of,
)

EXERCISE = sample(DIAMOND)
PLAN = plan_of(EXERCISE)
LIMIT_US = EXERCISE.limits.virtual_s * SECOND

# --- timed -----------------------------------------------------------------------------------


def test_calls_end_in_the_order_of_their_durations() -> None:
    engine = running(EXERCISE)
    answers = talk(engine, call(1, "a", 1), call(2, "b", 1), idle(), idle(2 * SECOND))
    assert replies(answers) == [2, 1]
    assert [a.now_us for a in answers if isinstance(a, protocol.Advance)] == [
        2 * SECOND,
        3 * SECOND,
    ]


def test_calls_that_end_at_one_instant_are_answered_together_in_the_order_of_their_starts() -> None:
    engine = running(EXERCISE)
    answers = talk(engine, *[call(i, "a", i) for i in (5, 3, 4, 1)], idle())
    assert replies(answers) == [5, 3, 4, 1]
    ends = [(c.id, c.end_seq) for c in trace(engine).calls]
    assert ends == [(5, 5), (3, 6), (4, 7), (1, 8)]


def test_durations_are_those_of_the_run_not_of_the_exercise() -> None:
    spec = replace(plain_run(PLAN), durations_us=(1, 9, 5), nominal=False)
    engine = running(EXERCISE, spec)
    assert replies(talk(engine, call(1, "a", 1), call(2, "b", 1), idle(), idle(1))) == [1, 2]
    assert engine.now_us == 9


def test_a_call_that_is_not_in_the_plan_has_its_own_duration() -> None:
    engine = running(EXERCISE)
    talk(engine, call(1, "a", 7), call(2, "b", 7), idle(), idle(2 * SECOND))
    assert [(c.node, c.end_us) for c in trace(engine).calls] == [
        (None, 3 * SECOND),
        (None, 2 * SECOND),
    ]


def test_in_a_run_with_other_durations_a_strange_call_gets_one_of_them() -> None:
    spec = replace(plain_run(PLAN), durations_us=(11, 12, 13), nominal=False)
    engine = running(EXERCISE, spec)
    talk(engine, call(1, "a", 7), call(2, "a", 7), idle())
    one, two = trace(engine).calls
    assert one.end_us in (11, 12, 13)
    assert one.end_us == two.end_us


def test_a_call_takes_at_least_a_microsecond() -> None:
    engine = running(sample(DIAMOND.replace("duration: 3", "duration: 0")))
    assert replies(talk(engine, call(1, "a", 1), idle())) == [1]
    assert engine.now_us == 1


def test_until_us_is_the_next_end() -> None:
    engine = running(EXERCISE)
    answers = talk(engine, call(1, "a", 1), idle(timer=5))
    assert answers == [protocol.Advance(0, 3 * SECOND)]


def test_a_timer_of_the_program_comes_before_a_later_end_and_after_an_equal_one() -> None:
    engine = running(EXERCISE)
    talk(engine, call(1, "a", 1))
    assert replies(talk(engine, idle(timer=3 * SECOND - 1))) == []
    assert engine.now_us == 0  # the worker moves to its own timers by itself
    assert replies(talk(engine, idle(3 * SECOND - 1, timer=3 * SECOND))) == [1]


def test_a_spinning_program_is_moved_to_its_timer_but_not_past_an_end() -> None:
    engine = running(EXERCISE)
    talk(engine, call(1, "a", 1))
    for _ in range(MAX_SPINS):  # it may still be at work: 2000 passes are no proof of waiting
        spun = talk(engine, idle(timer=SECOND, spinning=True))
        assert spun == [protocol.Advance(0, 3 * SECOND)]
    assert talk(engine, idle(timer=SECOND, spinning=True)) == [protocol.Advance(SECOND, 3 * SECOND)]
    assert replies(talk(engine, idle(SECOND, timer=4 * SECOND, spinning=True))) == [1]
    assert engine.now_us == 3 * SECOND


def test_a_program_that_spins_while_a_call_runs_gets_the_reply() -> None:
    engine = running(EXERCISE)
    assert replies(talk(engine, call(1, "a", 1), idle(spinning=True))) == [1]
    assert engine.now_us == 3 * SECOND


def test_a_cancelled_call_no_longer_ends() -> None:
    engine = running(EXERCISE)
    talk(engine, call(1, "a", 1), call(2, "b", 1), idle(), cancel(1, 2 * SECOND))
    assert talk(engine, idle(2 * SECOND), WHERE)[-1] == protocol.Stop("deadlock")
    record = trace(engine).calls[0]
    assert (record.outcome, record.end_us, record.value) == (Outcome.CANCELLED, 2 * SECOND, None)


def test_a_gap_in_time_ends_the_calls_on_the_way() -> None:
    """While the loop is blocked calls end; their replies wait until the loop rests."""
    engine = running(EXERCISE)
    assert talk(engine, call(1, "a", 1), call(2, "b", 1), block(2_500_000, 2_500_000)) == []
    early, late = trace(engine).calls
    assert (early.outcome, late.outcome) == (Outcome.OPEN, Outcome.OK)
    assert late.end_us == 2 * SECOND
    answers = talk(engine, idle(2_500_000))
    assert replies(answers) == [2]
    assert answers[-1] == protocol.Advance(2_500_000, 3 * SECOND)
    assert replies(talk(engine, idle(2_500_000))) == [1]


def test_calls_that_ended_during_a_block_are_answered_in_the_order_of_their_ends() -> None:
    engine = running(EXERCISE)
    talk(engine, call(1, "a", 1), call(2, "b", 1), block(9 * SECOND, 9 * SECOND))
    answers = talk(engine, idle(9 * SECOND))
    assert replies(answers) == [2, 1]
    assert [c.end_us for c in trace(engine).calls] == [3 * SECOND, 2 * SECOND]


def test_a_call_that_ends_when_a_block_does_is_answered_at_that_instant() -> None:
    engine = running(EXERCISE)
    talk(engine, call(1, "a", 1), block(3 * SECOND, 3 * SECOND))
    assert trace(engine).calls[0].outcome is Outcome.OPEN
    assert replies(talk(engine, idle(3 * SECOND))) == [1]
    assert trace(engine).calls[0].end_us == 3 * SECOND


def test_a_call_that_is_over_may_still_be_cancelled_until_its_reply_is_out() -> None:
    engine = running(EXERCISE)
    talk(engine, call(1, "a", 1), block(4 * SECOND, 4 * SECOND), cancel(1, 4 * SECOND))
    assert trace(engine).calls[0].outcome is Outcome.OK  # it had ended; nobody will see its value
    assert talk(engine, idle(4 * SECOND)) == [protocol.AskWhere()]


def test_a_refused_call_is_answered_at_once_and_without_time() -> None:
    engine = running(EXERCISE)
    answers = talk(engine, call(1, "a"), call(2, "b", 1), idle())
    assert replies(answers) == [1]
    assert answers[-1] == protocol.Advance(0, 2 * SECOND)
    record = trace(engine).calls[0]
    assert (record.outcome, record.start_us, record.end_us) == (Outcome.REFUSED, 0, 0)


# --- gated -----------------------------------------------------------------------------------


def _gated(*order: int) -> Engine:
    return running(EXERCISE, gated(PLAN, order))


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (1, 2, 0)])
def test_gates_open_one_at_a_time_in_the_order_of_the_run(order: tuple[int, ...]) -> None:
    engine = _gated(*order)
    ids = {0: 1, 1: 2}  # node -> call
    answers = talk(engine, call(1, "a", 1), call(2, "b", 1), idle(), idle())
    assert replies(answers) == [ids[node] for node in order if node in ids]
    assert engine.now_us == 0
    talk(engine, call(3, "join", value_of(answers, 1), value_of(answers, 2)))
    assert replies(talk(engine, idle())) == [3]
    talk(engine, end())
    assert trace(engine).mismatch is None


def test_a_gate_is_granted_no_time() -> None:
    engine = _gated(0, 1, 2)
    answers = talk(engine, call(1, "a", 1), call(2, "b", 1), idle(timer=5))
    assert answers[-1] == protocol.Advance(0, 0)


def test_time_moves_only_when_no_gate_is_left() -> None:
    engine = _gated(0, 1, 2)
    talk(engine, call(1, "a", 1), call(2, "b", 1))
    assert replies(talk(engine, idle(timer=5))) == [1]
    assert replies(talk(engine, idle(timer=5))) == [2]
    assert talk(engine, idle(timer=5)) == [protocol.Advance(0, LIMIT_US)]


def test_a_gate_opened_after_a_timer_is_granted_no_time_again() -> None:
    engine = _gated(0, 1, 2)
    talk(engine, idle(timer=5))
    talk(engine, call(1, "a", 1, now_us=5))
    assert talk(engine, idle(5, timer=6))[-1] == protocol.Advance(5, 5)


def test_a_missing_call_is_found_at_the_first_rest() -> None:
    engine = _gated(0, 1, 2)
    talk(engine, call(1, "a", 1), idle())
    assert trace(engine).mismatch == Mismatch((1,), (), (0,), at_end=False)


def test_a_call_that_is_not_in_the_plan_is_extra_at_the_first_rest() -> None:
    engine = _gated(0, 1, 2)
    talk(engine, call(1, "a", 1), call(2, "b", 1), call(3, "b", 8), idle())
    assert trace(engine).mismatch == Mismatch((), (3,), (0, 1), at_end=False)


def test_a_call_that_is_not_in_the_plan_has_the_last_gate() -> None:
    engine = _gated(2, 1, 0)
    answers = talk(engine, call(1, "a", 9), call(2, "a", 1), call(3, "b", 1))
    for _ in range(3):
        answers += talk(engine, idle())
    assert replies(answers) == [3, 2, 1]


def test_a_mismatch_is_the_first_one_and_stays() -> None:
    engine = _gated(0, 1, 2)
    talk(engine, call(1, "a", 1), idle())
    first = trace(engine).mismatch
    talk(engine, call(2, "b", 5), idle(), end())
    assert trace(engine).mismatch == first


def test_a_cancelled_call_is_missing_again() -> None:
    engine = _gated(0, 1, 2)
    talk(engine, call(1, "a", 1), call(2, "b", 1), cancel(2), idle())
    assert trace(engine).mismatch == Mismatch((1,), (), (0,), at_end=False)


def test_a_cancelled_call_has_no_gate() -> None:
    engine = _gated(0, 1, 2)
    talk(engine, call(1, "a", 1), call(2, "b", 1), cancel(1))
    assert replies(talk(engine, idle())) == [2]


def test_a_return_with_calls_in_flight_is_a_mismatch_at_the_end() -> None:
    engine = _gated(0, 1, 2)
    talk(engine, call(1, "a", 1), call(2, "b", 1), end())
    assert trace(engine).mismatch == Mismatch((0, 1, 2), (), (0, 1), at_end=True)


def test_a_program_that_calls_nothing_misses_everything() -> None:
    engine = _gated(0, 1, 2)
    talk(engine, end())
    assert trace(engine).mismatch == Mismatch((0, 1, 2), (), (), at_end=True)


def test_a_timed_run_has_no_mismatch() -> None:
    engine = running(EXERCISE)
    talk(engine, call(1, "a", 9), idle(), end(3 * SECOND))
    assert trace(engine).mismatch is None


def test_waiting_for_a_timer_with_every_gate_open_is_a_mismatch_too() -> None:
    """``join`` is ready and the program sleeps first: pacing fails on purpose."""
    engine = _gated(0, 1, 2)
    talk(engine, call(1, "a", 1), call(2, "b", 1), idle(), idle())
    assert talk(engine, idle(timer=SECOND)) == [protocol.Advance(0, LIMIT_US)]
    assert trace(engine).mismatch == Mismatch((2,), (), (), at_end=False)


# --- gated, with contexts ----------------------------------------------------------------------

SESSION_EXERCISE = sample(SESSIONS)
SESSION_PLAN = plan_of(SESSION_EXERCISE)


def _read_both() -> Engine:
    """Both reads have returned, at once when they could; nobody has closed a session yet."""
    engine = running(SESSION_EXERCISE, gated(SESSION_PLAN, (0, 3, 1, 4, 2, 5)))
    answers = talk(engine, call(1, "Session.enter"), call(2, "Session.enter"), idle())
    answers += talk(engine, call(3, "Session.read", "x", context=1), idle())
    answers += talk(engine, call(4, "Session.read", "y", context=2), idle(), idle())
    assert replies(answers) == [1, 2, 3, 4]
    return engine


def test_a_context_may_be_left_open_as_far_as_concurrency_goes() -> None:
    engine = _read_both()
    talk(engine, end())
    run = trace(engine)
    assert run.mismatch is None
    assert [finding.kind for finding in run.findings] == ["context_open"]


def test_a_context_may_not_be_closed_late() -> None:
    engine = _read_both()
    talk(engine, idle(timer=SECOND))  # the exits are ready, and nothing was started
    talk(engine, call(5, "Session.exit", context=1, now_us=SECOND), idle(SECOND))
    assert trace(engine).mismatch == Mismatch((2,), (), (2,), at_end=False)


# --- held ------------------------------------------------------------------------------------


def test_the_held_call_never_ends_and_the_others_do() -> None:
    engine = running(EXERCISE, held(PLAN, 0))
    answers = talk(engine, call(1, "a", 1), call(2, "b", 1), idle())
    assert replies(answers) == [2]
    assert talk(engine, idle(2 * SECOND, timer=9 * SECOND)) == [protocol.AskWhere()]
    assert engine.state is State.ASKED
    assert talk(engine, WHERE) == [protocol.Stop("held")]
    assert engine.ending is Ending.HELD


def test_timers_before_the_next_end_still_run_while_a_call_is_held() -> None:
    engine = running(EXERCISE, held(PLAN, 0))
    answers = talk(engine, call(1, "a", 1), call(2, "b", 1), idle(timer=SECOND))
    assert answers == [protocol.Advance(0, 2 * SECOND)]


def test_a_held_run_in_which_the_call_is_never_made_ends_as_any_other() -> None:
    engine = running(EXERCISE, held(PLAN, 2))
    talk(engine, call(1, "a", 1), idle(), idle(3 * SECOND), WHERE)
    assert engine.ending is Ending.DEADLOCK


def test_a_cancel_of_the_held_call_is_legal() -> None:
    engine = running(EXERCISE, held(PLAN, 0))
    talk(engine, call(1, "a", 1), cancel(1), end())
    assert engine.ending is Ending.RETURNED
