"""Which message is legal when, how a run is loaded, timed by claims, and ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from grader import protocol
from grader.engine.core import STATES, Engine, State
from grader.engine.trace import Ending, Finding
from tests.engine.samples import (
    DIAMOND,
    LOADED,
    LOCKED,
    SECOND,
    WHERE,
    block,
    call,
    cancel,
    end,
    engine_for,
    idle,
    kinds,
    raised,
    replies,
    running,
    sample,
    talk,
    trace,
    value_of,
)

EXERCISE = sample(DIAMOND)
LIMIT_US = EXERCISE.limits.virtual_s * SECOND

# --- which message is legal when -------------------------------------------------------------


def _starting() -> Engine:
    return engine_for(EXERCISE)


def _loading() -> Engine:
    engine = _starting()
    engine.spec = replace(engine.spec, digest=True)
    talk(engine, LOCKED)
    return engine


def _running() -> Engine:
    engine = running(EXERCISE)
    talk(engine, call(99, "a", 1))  # so that a cancel has something to cancel
    return engine


def _asked() -> Engine:
    engine = running(EXERCISE)
    talk(engine, idle())
    return engine


def _over() -> Engine:
    engine = running(EXERCISE)
    talk(engine, end())
    return engine


ENGINES: dict[State, Callable[[], Engine]] = {
    State.STARTING: _starting,
    State.LOADING: _loading,
    State.RUNNING: _running,
    State.ASKED: _asked,
    State.OVER: _over,
}
PARSED = protocol.Parsed("0" * 64)
EXAMPLES = [LOCKED, PARSED, LOADED, call(1, "b", 1), cancel(99), idle(), WHERE, block(0, 0), end()]
PAIRS = [(state, message) for state in State for message in EXAMPLES]
LEGAL = [(state, message) for state, message in PAIRS if type(message) in STATES[state]]
ILLEGAL = [(state, message) for state, message in PAIRS if type(message) not in STATES[state]]


def _name(value: object) -> str:
    return value.value if isinstance(value, State) else type(value).__name__.lower()


def test_the_tables_name_every_state_and_every_message() -> None:
    assert set(ENGINES) == set(STATES) == set(State)
    assert {type(message) for message in EXAMPLES} == set(protocol.WORKER_TAGS.values())
    assert all(make().state is state for state, make in ENGINES.items())


@pytest.mark.parametrize(("state", "message"), LEGAL, ids=_name)
def test_a_legal_message_is_no_violation(state: State, message: Any) -> None:
    engine = ENGINES[state]()
    engine.handle(message)
    assert not engine.over or engine.ending is not Ending.VIOLATION


def test_a_second_digest_is_a_violation() -> None:
    engine = _loading()
    assert talk(engine, PARSED) == []
    talk(engine, PARSED)
    assert engine.ending is Ending.VIOLATION
    assert engine.run("").tree == "0" * 64


def test_a_digest_that_was_not_asked_for_is_a_violation() -> None:
    engine = _starting()
    talk(engine, LOCKED)
    talk(engine, PARSED)
    assert engine.ending is Ending.VIOLATION
    assert engine.run("").tree == ""


@pytest.mark.parametrize(("state", "message"), ILLEGAL, ids=_name)
def test_an_illegal_message_ends_the_run_as_a_violation(state: State, message: Any) -> None:
    engine = ENGINES[state]()
    assert engine.handle(message) == [protocol.Stop("violation")]
    run = trace(engine)
    assert (engine.state, run.ending) == (State.OVER, Ending.VIOLATION)
    assert run.detail == f"'{_name(message)}' is not legal while {state.value}"


@pytest.mark.parametrize("thing", [None, "idle", 3, [], protocol.Advance(0, None), object()])
@pytest.mark.parametrize("state", State, ids=_name)
def test_what_is_no_message_of_a_worker_is_a_violation(state: State, thing: object) -> None:
    engine = ENGINES[state]()
    assert engine.handle(thing) == [protocol.Stop("violation")]


def test_a_message_after_the_end_turns_a_return_into_a_violation() -> None:
    engine = _over()
    before = engine.ending
    talk(engine, LOADED)
    assert (before, engine.ending) == (Ending.RETURNED, Ending.VIOLATION)


def test_a_killed_run_keeps_its_first_reason() -> None:
    engine = running(EXERCISE)
    talk(engine, raised("MemoryError"))
    assert talk(engine, LOADED) == [protocol.Stop("memory_limit")]
    assert engine.ending is Ending.MEMORY_LIMIT


# --- loading ---------------------------------------------------------------------------------


def test_a_new_process_is_sent_the_source_once_it_is_locked() -> None:
    engine = _starting()
    assert engine.start(fresh=True) == []
    (load,) = talk(engine, LOCKED)
    assert load == protocol.Load(
        source="async def go(): ...",
        filename="s.py",
        entry="go",
        params=[],
        services=[
            ["a", "coroutine", ["x"], []],
            ["b", "coroutine", ["x"], []],
            ["join", "coroutine", ["left", "right"], []],
        ],
        exceptions=[],
        shapes=False,
    )


def test_a_used_process_is_sent_the_source_and_the_case_at_once() -> None:
    engine = _starting()
    load, begin = engine.start(fresh=False)
    assert isinstance(load, protocol.Load)
    assert begin == protocol.Begin(args=[], hostile=False)
    before = engine.state
    assert talk(engine, LOADED) == []
    assert (before, engine.state) == (State.LOADING, State.RUNNING)


def test_a_new_process_is_sent_the_case_only_after_the_module_was_loaded() -> None:
    assert talk(_loading(), LOADED) == [protocol.Begin(args=[], hostile=False)]


@pytest.mark.parametrize(
    ("problem", "ending"),
    [
        ("syntax", Ending.LOAD_ERROR),
        ("missing", Ending.LOAD_ERROR),
        ("anything", Ending.LOAD_ERROR),
        ("MemoryError", Ending.MEMORY_LIMIT),
    ],
)
def test_a_module_that_could_not_be_loaded_ends_the_run(problem: str, ending: Ending) -> None:
    engine = _loading()
    loaded = protocol.Loaded(problem, "a text", "a traceback", 4, [], [])
    assert talk(engine, loaded) == [protocol.Stop(ending.value)]
    run = trace(engine)
    assert (run.ending, run.detail) == (ending, "a text")
    assert run.error is not None
    assert (run.error.kind, run.error.traceback, run.error.line) == (problem, "a traceback", 4)


def test_notes_and_shapes_are_kept_as_far_as_they_make_sense() -> None:
    engine = _loading()
    notes: list[list[Any]] = [["main_ignored", 3], ["x"], [1, 2], ["y", "no line"], ["z", 0]]
    shapes: list[list[Any]] = [[1, "await"], ["1", "await"], [2], [3, 4]]
    talk(engine, protocol.Loaded(None, "", "", None, notes, shapes))
    run = trace(engine)
    assert run.notes == (("main_ignored", 3), ("y", None), ("z", None))
    assert run.shapes == ((1, "await"),)


# --- time is claimed within limits -----------------------------------------------------------


def _after_grant() -> Engine:
    """It is 2 s; until 3 s (exclusively) the worker may run its own timers."""
    engine = running(EXERCISE)
    answers = talk(engine, call(1, "a", 1), call(2, "b", 1), idle())
    assert answers[-1] == protocol.Advance(2 * SECOND, 3 * SECOND)
    return engine


@pytest.mark.parametrize("now_us", [2 * SECOND, 2 * SECOND + 1, 3 * SECOND - 1])
def test_a_time_within_the_grant_is_taken(now_us: int) -> None:
    engine = _after_grant()
    talk(engine, call(3, "b", 2, now_us=now_us))
    assert engine.now_us == now_us
    assert trace(engine).calls[-1].start_us == now_us


@pytest.mark.parametrize("now_us", [-1, 0, 2 * SECOND - 1, 3 * SECOND, 10**30])
@pytest.mark.parametrize(
    "message",
    [
        lambda now_us: call(3, "b", 2, now_us=now_us),
        lambda now_us: cancel(1, now_us),
        lambda now_us: idle(now_us),
        lambda now_us: end(now_us),
    ],
    ids=["call", "cancel", "idle", "end"],
)
def test_a_time_that_goes_backwards_or_too_far_is_a_violation(
    message: Callable[[int], Any], now_us: int
) -> None:
    engine = _after_grant()
    talk(engine, message(now_us))
    assert engine.ending is Ending.VIOLATION
    assert engine.now_us == 2 * SECOND


@pytest.mark.parametrize(
    ("now_us", "duration_us"),
    [
        (2 * SECOND, -1),
        (2 * SECOND, 3 * SECOND),  # it would have begun before time did
        (2 * SECOND, 1),  # it would have begun before now
        (9 * SECOND, 5 * SECOND),  # it would have begun too far in the future
    ],
)
def test_a_block_at_an_impossible_time_is_a_violation(now_us: int, duration_us: int) -> None:
    engine = _after_grant()
    talk(engine, block(now_us, duration_us))
    assert engine.ending is Ending.VIOLATION


def test_a_timer_in_the_past_is_a_violation() -> None:
    engine = _after_grant()
    talk(engine, idle(2 * SECOND, timer=2 * SECOND - 1))
    assert (engine.ending, trace(engine).detail) == (Ending.VIOLATION, "a timer in the past")


def test_nothing_may_happen_later_than_now_before_the_first_grant() -> None:
    engine = running(EXERCISE)
    talk(engine, call(1, "a", 1, now_us=1))
    assert engine.ending is Ending.VIOLATION


# --- the end ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "ending"),
    [
        (end(), Ending.RETURNED),
        (raised("ValueError"), Ending.RAISED),
        (raised("MemoryError"), Ending.MEMORY_LIMIT),
        (end(outcome="cancelled", error_type="CancelledError"), Ending.CANCELLED),
        (end(outcome="passed"), Ending.VIOLATION),
        (end(outcome=""), Ending.VIOLATION),
        (end()._replace(value=["?", 1]), Ending.VIOLATION),
        (end()._replace(value=["i", "zz"]), Ending.VIOLATION),
        (end()._replace(value={"score": 100}), Ending.VIOLATION),
    ],
)
def test_the_end_says_how_the_run_ended(message: protocol.End, ending: Ending) -> None:
    engine = running(EXERCISE)
    assert talk(engine, message) == [protocol.Stop(ending.value)]
    assert (engine.over, engine.ending) == (True, ending)


def test_a_raised_error_is_kept_with_its_line() -> None:
    engine = running(EXERCISE)
    talk(engine, raised("KeyError"))
    error = trace(engine).error
    assert error is not None
    assert (error.kind, error.text, error.line) == ("KeyError", "KeyError: oh", 3)


def test_what_was_left_over_is_a_claim_and_what_was_open_is_witnessed() -> None:
    engine = running(EXERCISE)
    leftovers = [["task_left", 4, "helper"], ["bad"], [1, 2, 3], ["task_left", None, None]]
    talk(engine, call(1, "a", 1), end(leftovers=leftovers))
    assert trace(engine).findings == (
        Finding("task_left", 4, "helper", witnessed=False),
        Finding("call_left", 7, "a() was still running", witnessed=True),
    )


@pytest.mark.parametrize("ending", [e for e in Ending if e.killed])
def test_the_host_may_abort_a_run_and_only_once(ending: Ending) -> None:
    engine = running(EXERCISE)
    engine.abort(ending, "why")
    engine.abort(Ending.RETURNED, "never mind")
    assert (engine.ending, trace(engine).detail) == (ending, "why")
    assert kinds(trace(engine)) == []


def test_a_whole_run_leaves_a_whole_trace() -> None:
    engine = running(EXERCISE)
    answers = talk(engine, call(1, "a", 1), call(2, "b", 1), idle(), idle(2 * SECOND))
    assert replies(answers) == [2, 1]
    left, right = value_of(answers, 1), value_of(answers, 2)
    answers += talk(engine, call(3, "join", left, right, now_us=3 * SECOND), idle(3 * SECOND))
    joined = value_of(answers, 3)
    assert joined == f"{left}+{right}"
    talk(engine, end(4 * SECOND, joined))
    run = trace(engine)
    spans = [(c.node, c.start_us, c.end_us, c.start_seq, c.end_seq, c.early) for c in run.calls]
    assert spans == [
        (0, 0, 3 * SECOND, 1, 4, False),
        (1, 0, 2 * SECOND, 2, 3, False),
        (2, 3 * SECOND, 4 * SECOND, 5, 6, False),
    ]
    assert (run.ending, run.end_us, run.value) == (Ending.RETURNED, 4 * SECOND, joined)
    assert run.findings == ()
    assert run.plan.result(run.node_values) == joined


@pytest.mark.parametrize("line", [-(10**9), -1, 0, 10**12])
def test_an_impossible_line_of_a_block_is_no_line(line: int) -> None:
    """Reports look lines up in the source: what can't be a line must not get there."""
    engine = running(EXERCISE)
    talk(engine, block(SECOND, SECOND)._replace(line=line))
    assert [(finding.kind, finding.line) for finding in engine.run("").findings] == [
        ("blocked", None)
    ]
