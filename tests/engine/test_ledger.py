"""Calls: how they are read, bound, refused, answered and cancelled; and the use of contexts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from grader import protocol
from grader.engine.core import Engine
from grader.engine.trace import Ending, Outcome
from grader.values import Opaque
from tests.engine.samples import (
    DIAMOND,
    PICKY,
    SECOND,
    SESSIONS,
    block,
    call,
    cancel,
    end,
    gated,
    idle,
    kinds,
    plan_of,
    replies,
    running,
    sample,
    talk,
    trace,
    value_of,
)

EXERCISE = sample(DIAMOND)
SESSION_EXERCISE = sample(SESSIONS)


def _reply(answers: list[Any], call_id: int) -> protocol.Reply:
    return next(a for a in answers if isinstance(a, protocol.Reply) and a.id == call_id)


# --- calls that no honest worker makes --------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (call(1, "a", 1), "a call id was used twice"),
        (call(-1, "a", 1), "a call id was used twice"),
        (call(2, "c", 1), "a call of a service that does not exist"),
        (call(2, "", 1), "a call of a service that does not exist"),
        (call(2, "a", kwargs=["x"]), "keyword arguments that are not pairs of name and value"),
        (call(2, "a", kwargs=[1, 1]), "keyword arguments that are not pairs of name and value"),
        (call(2, "a", args=[["?", 1]]), "arguments that can't be read: unknown tag in a value: "),
        (call(2, "a", args=[[]]), "arguments that can't be read: "),
        (call(2, "a", kwargs=["x", ["b", "zz"]]), "arguments that can't be read: "),
        (cancel(7), "a cancel of a call that is not open"),
    ],
)
def test_a_message_about_calls_that_makes_no_sense_is_a_violation(message: Any, why: str) -> None:
    engine = running(EXERCISE)
    talk(engine, call(1, "a", 1), message)
    assert engine.ending is Ending.VIOLATION
    assert trace(engine).detail.startswith(why)


def test_a_second_cancel_is_a_violation() -> None:
    engine = running(EXERCISE)
    talk(engine, call(1, "a", 1), cancel(1), cancel(1))
    assert engine.ending is Ending.VIOLATION


def test_a_cancel_of_an_answered_call_is_a_violation() -> None:
    engine = running(EXERCISE)
    talk(engine, call(1, "a", 1), idle(), cancel(1, 3 * SECOND))
    assert engine.ending is Ending.VIOLATION


def test_an_id_stays_used_after_a_cancel() -> None:
    engine = running(EXERCISE)
    talk(engine, call(1, "a", 1), cancel(1), call(1, "a", 1))
    assert engine.ending is Ending.VIOLATION


# --- arguments ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message",
    [
        call(3, "join", "l", "r"),
        call(3, "join", "l", kwargs=["right", "r"]),
        call(3, "join", kwargs=["left", "l", "right", "r"]),
        call(3, "join", kwargs=["right", "r", "left", "l"]),
    ],
)
def test_positional_and_keyword_arguments_are_the_same_call(message: protocol.Call) -> None:
    engine = running(EXERCISE)
    answers = talk(engine, message, idle())
    assert trace(engine).calls[0].args == ("l", "r")
    assert value_of(answers, 3) == "l+r"


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (call(1, "a"), "a() missing 1 required argument: 'x'"),
        (call(1, "join"), "join() missing 2 required arguments: 'left' and 'right'"),
        (call(1, "a", 1, 2), "a() takes 1 argument but 2 were given"),
        (call(1, "a", 1, kwargs=["x", 2]), "a() got multiple values for argument 'x'"),
        (call(1, "a", kwargs=["y", 2]), "a() got an unexpected keyword argument 'y'"),
        (call(1, "a", args=[["o", "Task"]]), "a() got a Task for 'x', not a value; await it first"),
        (call(1, "a", args=[["o", "Widget"]]), "a() got a Widget for 'x', not a value"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_in_words(message: protocol.Call, text: str) -> None:
    engine = running(EXERCISE)
    reply = _reply(talk(engine, message, idle()), 1)
    assert (reply.ok, reply.error_type, reply.error_args) == (False, "TypeError", [text])
    run = trace(engine)
    assert run.calls[0].outcome is Outcome.REFUSED
    assert [(f.kind, f.detail, f.witnessed) for f in run.findings] == [("refused", text, True)]


def test_a_coroutine_inside_a_list_is_no_argument_that_can_be_worked_with() -> None:
    engine = running(sample(PICKY))
    message = call(1, "fetch", args=[["l", ["o", "coroutine"]]])
    reply = _reply(talk(engine, message, idle()), 1)
    assert (reply.ok, reply.error_type) == (False, "TypeError")
    assert trace(engine).calls[0].args == ([Opaque("coroutine")],)


def test_a_refused_call_in_a_gated_run_is_extra() -> None:
    engine = running(EXERCISE, gated(plan_of(EXERCISE)))
    talk(engine, call(1, "a", 1), call(2, "b", 1), call(3, "join", "only one"), idle())
    mismatch = trace(engine).mismatch
    assert mismatch is not None
    assert (mismatch.missing, mismatch.extra) == ((), (3,))


# --- answers -----------------------------------------------------------------------------------


def test_each_call_gets_a_value_of_its_own() -> None:
    engine = running(EXERCISE)
    answers = talk(engine, call(1, "a", 5), call(2, "a", 5), idle())
    assert value_of(answers, 1) != value_of(answers, 2)


def test_values_differ_from_run_to_run_and_from_seed_to_seed() -> None:
    def value(seed: bytes, number: int) -> str:
        plan = plan_of(EXERCISE)
        spec = replace(gated(plan), number=number)
        engine = running(EXERCISE, spec, seed)
        return str(value_of(talk(engine, call(1, "a", 1), idle()), 1))

    assert value(b"s", 0) == value(b"s", 0)
    assert len({value(b"s", 0), value(b"s", 1), value(b"t", 0)}) == 3


def test_a_service_that_raises_answers_with_the_error_after_its_duration() -> None:
    engine = running(sample(PICKY))
    answers = talk(engine, call(1, "fetch", "bad"), idle())
    assert answers == [
        protocol.Reply(1, False, None, "Busy", ["no bad"]),
        protocol.Advance(SECOND, 3600 * SECOND),
    ]
    record = trace(engine).calls[0]
    assert (record.outcome, record.error) == (Outcome.RAISED, "Busy('no bad')")


def test_arguments_that_a_service_can_not_work_with_raise_a_type_error() -> None:
    engine = running(sample(PICKY))
    reply = _reply(talk(engine, call(1, "fetch", 3), idle()), 1)
    assert reply.error_type == "TypeError"
    assert reply.error_args[0].startswith("fetch(3) can't work with these arguments: ")
    assert trace(engine).calls[0].outcome is Outcome.RAISED


def test_a_failed_call_leaves_its_node_open() -> None:
    """A retry with the same arguments is that node's call again."""
    exercise = sample(PICKY.replace("key == 'bad'", "nth == 1"))
    engine = running(exercise)
    talk(engine, call(1, "fetch", "good"), idle(), call(2, "fetch", "good", now_us=SECOND))
    answers = talk(engine, idle(SECOND))
    assert [(c.node, c.outcome) for c in trace(engine).calls] == [
        (0, Outcome.RAISED),
        (0, Outcome.OK),
    ]
    assert trace(engine).node_values[0] == value_of(answers, 2)


def test_a_value_that_is_too_large_becomes_an_error() -> None:
    engine = running(sample(PICKY))
    reply = _reply(talk(engine, call(1, "fetch", "x" * 5000), idle()), 1)
    assert (reply.error_type, reply.error_args) == ("ValueError", ["fetch(): value too large"])


def test_calls_that_are_open_when_the_function_ends_are_a_finding() -> None:
    engine = running(EXERCISE)
    talk(engine, call(1, "a", 1), call(2, "b", 1), cancel(2), end())
    run = trace(engine)
    assert kinds(run) == ["call_left"]
    assert [c.outcome for c in run.calls] == [Outcome.OPEN, Outcome.CANCELLED]


# --- contexts ----------------------------------------------------------------------------------

NOT_OPEN = "this Session is not open: call {}() inside `async with Session() as …`"


def _entered() -> Engine:
    engine = running(SESSION_EXERCISE)
    talk(engine, call(1, "Session.enter"), idle())
    return engine


def _refused(engine: Engine, message: protocol.Call) -> str:
    reply = _reply(talk(engine, message, idle(message.now_us)), message.id)
    assert reply.error_type == "RuntimeError"
    return str(reply.error_args[0])


def test_a_context_is_entered_used_and_left() -> None:
    engine = _entered()
    answers = talk(
        engine,
        call(2, "Session.read", "x", context=1, now_us=SECOND),
        idle(SECOND),
        call(3, "Session.exit", context=1, now_us=3 * SECOND),
        idle(3 * SECOND),
        end(4 * SECOND),
    )
    assert replies(answers) == [2, 3]
    run = trace(engine)
    assert [(c.node, c.end_us) for c in run.calls] == [
        (0, SECOND),
        (1, 3 * SECOND),
        (2, 4 * SECOND),
    ]
    assert kinds(run) == []


@pytest.mark.parametrize("context", [None, 5, -1])
def test_a_context_that_was_never_entered_is_not_open(context: int | None) -> None:
    engine = running(SESSION_EXERCISE)
    message = call(2, "Session.read", "x", context=context)
    assert _refused(engine, message) == NOT_OPEN.format("read")


def test_a_context_is_not_open_before_its_enter_has_returned() -> None:
    engine = running(SESSION_EXERCISE)
    talk(engine, call(1, "Session.enter"))
    message = call(2, "Session.read", "x", context=1)
    assert _refused(engine, message) == NOT_OPEN.format("read")


def test_a_context_is_not_open_once_its_exit_has_begun() -> None:
    engine = _entered()
    talk(engine, call(2, "Session.exit", context=1, now_us=SECOND))
    message = call(3, "Session.read", "x", context=1, now_us=SECOND)
    assert _refused(engine, message) == NOT_OPEN.format("read")


def test_a_context_is_left_once() -> None:
    engine = _entered()
    talk(engine, call(2, "Session.exit", context=1, now_us=SECOND), idle(SECOND))
    message = call(3, "Session.exit", context=1, now_us=2 * SECOND)
    assert _refused(engine, message) == NOT_OPEN.format("exit")


def test_an_exclusive_context_does_one_thing_at_a_time() -> None:
    engine = _entered()
    talk(engine, call(2, "Session.read", "x", context=1, now_us=SECOND))
    text = _refused(engine, call(3, "Session.read", "y", context=1, now_us=SECOND))
    assert text == (
        "this Session is busy with read(): one call at a time on one Session; "
        "open a second Session to overlap"
    )


def test_a_context_that_is_not_exclusive_does_several_things_at_a_time() -> None:
    engine = running(sample(SESSIONS.replace("exclusive: true", "exclusive: false")))
    talk(engine, call(1, "Session.enter"), idle())
    talk(engine, call(2, "Session.read", "x", context=1, now_us=SECOND))
    talk(engine, call(3, "Session.read", "y", context=1, now_us=SECOND))
    assert kinds(trace(engine)) == []


def test_an_exclusive_context_is_free_again_when_its_call_was_cancelled() -> None:
    engine = _entered()
    talk(engine, call(2, "Session.read", "x", context=1, now_us=SECOND), cancel(2, SECOND))
    talk(engine, call(3, "Session.read", "y", context=1, now_us=SECOND))
    assert kinds(trace(engine)) == []


def test_an_exit_may_begin_while_a_call_runs() -> None:
    """A cancelled ``async with`` leaves while its inner call is being taken down."""
    engine = _entered()
    talk(engine, call(2, "Session.read", "x", context=1, now_us=SECOND))
    talk(engine, call(3, "Session.exit", context=1, now_us=SECOND))
    assert kinds(trace(engine)) == []


def test_a_context_whose_enter_was_cancelled_was_never_open() -> None:
    engine = running(SESSION_EXERCISE)
    talk(engine, call(1, "Session.enter"), cancel(1), end())
    assert kinds(trace(engine)) == []


def test_an_exit_that_was_cancelled_has_left_the_context() -> None:
    engine = _entered()
    talk(engine, call(2, "Session.exit", context=1, now_us=SECOND), cancel(2, SECOND))
    talk(engine, end(SECOND))
    assert kinds(trace(engine)) == []


def test_a_context_that_was_left_open_is_a_finding_at_the_line_that_entered_it() -> None:
    engine = running(SESSION_EXERCISE)
    talk(engine, call(1, "Session.enter", line=12), idle(), end(SECOND))
    finding = trace(engine).findings[0]
    assert (finding.kind, finding.line, finding.witnessed) == ("context_open", 12, True)


def test_a_context_that_was_left_while_the_loop_was_blocked_is_closed() -> None:
    engine = _entered()
    talk(engine, call(2, "Session.exit", context=1, now_us=SECOND), block(9 * SECOND, 8 * SECOND))
    talk(engine, end(9 * SECOND))
    assert kinds(trace(engine)) == ["blocked"]
