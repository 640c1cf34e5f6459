"""Each misconception is recognised in a program that has it: the item, its name, the line, words.

The programs are wrong solutions of the course (a path) or in ``programs`` (a name).
"""

from __future__ import annotations

import re
import sys
from typing import NamedTuple, get_args

import pytest

from grader.advice.facts import Misconception
from grader.verdict import ItemResult, Verdict
from tests.advice.programs import HEAD, PROGRAMS
from tests.helpers import SOLUTIONS, failed, grade_text, installed, item

NEEDS_311 = re.compile(r"\bTaskGroup\b|asyncio\.wait\(\[get_")
WRONG = sorted(SOLUTIONS.glob("exercise-*/wrong/*.py"))


class Shown(NamedTuple):
    """What the report on a program says at one rubric item."""

    program: str
    item: str
    misconception: str
    line: int | None
    words: str  # a part of the message


SHOWN = [
    # --- serial where it should overlap
    Shown("exercise-2/serial", "overlap", "serial_awaits", 4, "get_locations() had not started"),
    Shown("exercise-5/serial", "overlap", "serial_awaits", 4, "suspended at line 4"),
    Shown("exercise-6/serial", "overlap", "serial_awaits", 5, "get_recommendations("),
    Shown("exercise-6/await_inside_args", "overlap", "serial_awaits", 5, "get_recommendations("),
    Shown("exercise-7/serial", "overlap", "serial_awaits", 4, "get_vehicle(2) had not started"),
    Shown("both_in_task", "overlap", "serial_awaits", 4, "(line 4) was still running"),
    Shown("late_chain", "overlap", "serial_awaits", 6, "get_vehicle(2) had not started"),
    Shown("sleep0_serial", "overlap", "serial_awaits", 5, "get_locations() had not started"),
    Shown("serial_by_helper", "overlap", "serial_awaits", 4, "get_locations() had not started"),
    Shown("two_sessions_serial", "overlap", "serial_awaits", 4, "only after the first one"),
    Shown("opened_serially", "overlap", "serial_awaits", 4, "only after the first one"),
    Shown("exercise-4/loop", "overlap", "await_in_loop", 6, "line 6 is inside the loop"),
    Shown("exercise-8/serial", "overlap", "await_in_loop", 6, "get_details(2) had to wait"),
    Shown("loop_helper", "overlap", "await_in_loop", 8, "line 8 is inside the loop"),
    Shown("coro_in_round", "overlap", "await_in_loop", 7, "line 7 is inside the loop"),
    Shown("exercise-4/comprehension", "overlap", "await_in_comprehension", 4, "the comprehension"),
    Shown("comp_helper_oneline", "overlap", "await_in_comprehension", 5, "the comprehension"),
    Shown("loop_in_task", "overlap", "await_in_comprehension", 4, "get_item(2) had to wait"),
    Shown("wait_for_loop", "overlap", "await_in_comprehension", 4, "get_item(2) had to wait"),
    Shown("gather_wrapped", "overlap", "await_in_comprehension", 6, "get_item(2) had to wait"),
    Shown("dict_comp_serial", "overlap", "await_in_comprehension", 6, "get_details(2) had to"),
    Shown("exercise-2/await_after_create", "overlap", "task_awaited_at_once", 5, "the same line"),
    Shown("exercise-4/create_await", "overlap", "task_awaited_at_once", 8, "line 7 is awaited on"),
    Shown("exercise-5/await_at_once", "overlap", "task_awaited_at_once", 6, "line 5 is awaited on"),
    Shown("await_create_in_loop", "overlap", "task_awaited_at_once", 6, "the same line"),
    Shown("ensure_future_at_once", "overlap", "task_awaited_at_once", 4, "the same line"),
    Shown("task_in_loop_then_print", "overlap", "task_awaited_at_once", 9, "line 6 is awaited on"),
    Shown("exercise-2/gather_of_awaited", "result", "gather_of_awaited", 5, "not coroutines"),
    Shown("exercise-4/gather_awaited", "result", "gather_of_awaited", 5, "not coroutines"),
    Shown("gather_multiline_awaited", "result", "gather_of_awaited", 5, "not coroutines"),
    Shown("gather_half", "result", "gather_half_awaited", 4, "a value among the coroutines"),
    Shown("task_of_awaited", "result", "task_of_awaited", 4, "line 4 gives create_task a value"),
    Shown("exercise-2/coroutine_early", "overlap", "coroutine_not_started", 5, "only on line 6"),
    Shown("exercise-5/lazy_coroutine", "overlap", "coroutine_not_started", 4, "only on line 7"),
    Shown("lazy_coros", "overlap", "coroutine_not_started", 4, "only on line 5"),
    Shown("lazy_coros_loop", "overlap", "coroutine_not_started", 4, "only on line 7"),
    Shown("exercise-5/started_last", "overlap", "started_too_late", 5, "needs nothing from get_ac"),
    Shown("exercise-5/half", "overlap", "barrier", 5, "had to wait for render_report(5)"),
    Shown("exercise-7/barrier", "overlap", "barrier", 5, "had to wait for get_vehicle(2)"),
    Shown("exercise-8/two_phase", "overlap", "barrier", 5, "had to wait for get_details(2)"),
    Shown("exercise-8/details_parallel_avatars_serial", "overlap", "barrier", 5, "get_details(2)"),
    Shown("barrier_multiline", "overlap", "barrier", 4, "the gather on line 4"),
    Shown("barrier_tg", "overlap", "barrier", 4, "the end of the TaskGroup on line 4"),
    Shown("barrier_wait", "overlap", "barrier", 5, "the wait on line 5"),
    Shown("exercise-7/order_of_await", "overlap", "await_between_new_tasks", 6, "line 6 awaits"),
    Shown("barrier_tasks", "overlap", "await_between_new_tasks", 7, "line 7 awaits that first"),
    Shown("chain_awaited_early", "overlap", "await_between_new_tasks", 6, "line 6 awaits"),
    Shown("batches", "overlap", "batches", 6, "get_item(3) had to wait for get_item(1)"),
    Shown("tg_in_loop", "overlap", "batches", 6, "get_item(2) had to wait for get_item(1)"),
    # --- too early, or not at all
    Shown("exercise-1/no_await_first", "result", "coroutine_used_as_value", 4, "not its result"),
    Shown("coroutine_attr", "result", "coroutine_used_as_value", 4, "gives a coroutine"),
    Shown("task_subscript", "result", "task_used_as_value", 5, "as if it were its result"),
    Shown("exercise-3/no_await", "result", "never_awaited", 6, "Session.execute() was made but"),
    Shown("statement_without_await", "clean", "never_awaited", 5, "sleep() was made but never"),
    Shown("own_coroutine_not_awaited", "result", "never_awaited", 8, "line 8: one() was made"),
    Shown(
        "exercise-1/no_await_last", "result", "returned_awaitable", 5, "you returned a coroutine"
    ),
    Shown("exercise-2/returns_tasks", "result", "returned_awaitable", 5, "holds a task"),
    Shown("returned_gather", "result", "returned_awaitable", 4, "an unfinished gather"),
    Shown("as_completed_unawaited", "result", "returned_awaitable", None, "what you returned hol"),
    Shown("exercise-6/passes_tasks", "result", "task_passed_as_value", 7, "was given a task"),
    Shown("coroutine_passed", "result", "task_passed_as_value", 5, "was given a coroutine"),
    Shown("dependency_ignored", "result", "dependency_ignored", 5, "needs from get_user_details()"),
    Shown("wrong_field", "result", "dependency_ignored", 5, "get_profile_details(7) was not given"),
    Shown("exercise-1/guess", "result", "started_with_a_guess", 5, "an argument that is a guess"),
    Shown("exercise-1/sleep_luck", "result", "sleep_instead_of_await", 7, "the sleep on line 6"),
    Shown("result_early", "result", "sleep_instead_of_await", 5, "before the task is done"),
    Shown("unpacked_gather", "result", "task_used_as_value", 4, "before it is awaited"),
    Shown("sleep_plain", "overlap", "sleep_instead_of_await", 4, "line 4 sleeps for a fixed time"),
    Shown("sleep_extra", "time", "sleep_instead_of_await", 6, "it took 4 s: line 6 sleeps"),
    Shown("polling", "order", "polling", 6, "the loop around the sleep on line 6"),
    Shown("polling2", "time", "polling", 7, "it took 4 s: the loop around the sleep on line 7"),
    Shown("exercise-8/late_binding", "result", "late_binding", 8, "get_details(4) was called 4"),
    Shown("late_lambda", "result", "late_binding", 6, "the function on line 6 reads"),
    Shown(
        "exercise-6/fetch_user_twice", "calls", "same_call_again", 5, "get_user(3) was called tw"
    ),
    Shown("twice_diamond_serial", "calls", "same_call_again", 5, "get_account(5) was called twice"),
    Shown("always_first", "result", "same_call_again", 4, "get_item(1) was called 4 times"),
    Shown("one_too_many", "calls", "call_too_many", 4, "get_item(0) was called"),
    Shown("awaited_twice", "result", "coroutine_awaited_twice", 6, "was awaited before"),
    Shown("awaited_already", "result", "coroutine_awaited_twice", 6, "in another place"),
    Shown("exercise-1/nested_run", "result", "nested_run", 5, "line 5 starts a second event loop"),
    Shown("run_until_complete", "result", "nested_run", 5, "line 5 starts a second event loop"),
    Shown("exercise-4/gather_list", "result", "gather_of_list", 5, "was given one collection"),
    Shown("gather_variable", "result", "gather_of_list", 5, "was given one collection"),
    Shown("gather_generator", "result", "gather_of_list", 4, "was given one collection"),
    Shown("wait_coroutines", "result", "wait_of_coroutines", 6, "line 6 was given coroutines"),
    # --- order and results
    Shown("exercise-4/completion_order", "result", "as_completed_order", 5, "the wrong order"),
    Shown("exercise-8/as_completed_zip", "result", "as_completed_order", 8, "the wrong keys"),
    Shown("sum_expr", "result", "as_completed_order", 5, "under the wrong keys"),
    Shown("exercise-4/append", "result", "append_order", 6, "append adds results in order of comp"),
    Shown("swapped_list", "result", "swapped_results", None, "stand in the wrong order"),
    Shown("wait_set", "result", "done_is_a_set", 6, "a set has no order"),
    Shown("exercise-2/swapped", "result", "swapped_results", None, "stand in the wrong order"),
    Shown("append_reversed", "result", "swapped_results", None, "stand in the wrong order"),
    Shown("no_return", "result", "no_return", None, "the function returned None"),
    # --- contexts
    Shown("exercise-3/shared_session", "result", "shared_context", 5, "that another call uses"),
    Shown("exercise-3/serial", "overlap", "shared_context", 6, "all the calls use one Session"),
    Shown("exercise-3/used_after_close", "result", "used_after_exit", 7, "that is not open"),
    Shown("no_async_with", "result", "used_after_exit", 6, "execute() was called on a Session"),
    Shown("exercise-3/never_closed", "clean", "never_exited", 5, "never left"),
]


def source_of(program: str) -> tuple[str, str]:
    """The exercise of a program, and its text."""
    if "/" not in program:
        exercise, body = PROGRAMS[program]
        return exercise, HEAD + body
    exercise, _, name = program.partition("/")
    return exercise, (SOLUTIONS / exercise / "wrong" / f"{name}.py").read_text(encoding="utf-8")


_VERDICTS: dict[str, Verdict] = {}


def verdict_on(program: str) -> Verdict:
    """Grade a program once for all tests of this file."""
    exercise, source = source_of(program)
    if sys.version_info < (3, 11) and NEEDS_311.search(source):
        pytest.skip("before Python 3.11 asyncio has no TaskGroup, and wait takes coroutines")
    if program not in _VERDICTS:
        _VERDICTS[program] = grade_text(installed(exercise), source)
    return _VERDICTS[program]


ALL = [*PROGRAMS, *(f"{path.parent.parent.name}/{path.stem}" for path in WRONG)]
each_program = pytest.mark.parametrize("program", ALL)


def failed_items(verdict: Verdict) -> list[ItemResult]:
    return [result for result in verdict.items if result.id in failed(verdict)]


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: f"{shown.program}-{shown.item}")
def test_misconception_is_named_with_its_line(shown: Shown) -> None:
    result = item(verdict_on(shown.program), shown.item)
    assert (result.misconception, result.line) == (shown.misconception, shown.line)
    assert shown.words in result.message
    assert result.hint


LOST_TASKS = """
found = {}
async def first():
    found["users"] = await get_users()
async def second():
    found["locations"] = await get_locations()
async def get_users_and_locations():
    asyncio.create_task(first())
    asyncio.create_task(second())
    await asyncio.sleep(3)
    return found["users"], found["locations"]
"""


def test_a_lost_task_is_told_to_be_kept_whatever_else_went_wrong() -> None:
    verdict = grade_text(installed("exercise-2"), HEAD + LOST_TASKS)
    assert verdict.ending == "raised"
    result = item(verdict, "references")
    assert result.hint.startswith("keep each task in a variable")


def test_every_misconception_is_shown_by_a_program() -> None:
    assert {shown.misconception for shown in SHOWN} == {*get_args(Misconception)} - {""}


def test_every_program_is_in_the_table() -> None:
    assert set(PROGRAMS) <= {shown.program for shown in SHOWN}


@each_program
def test_no_sentence_is_said_twice(program: str) -> None:
    messages = [result.message for result in failed_items(verdict_on(program))]
    assert len(set(messages)) == len(messages)


@each_program
def test_lines_are_lines_of_the_program(program: str) -> None:
    last = source_of(program)[1].count("\n") + 1
    for result in failed_items(verdict_on(program)):
        numbers = [int(n) for n in re.findall(r"\bline (\d+)", f"{result.message} {result.hint}")]
        assert all(0 < number <= last for number in [*numbers, result.line or 1])
        assert result.source_line or result.line is None


@each_program
def test_messages_are_one_plain_line(program: str) -> None:
    for result in failed_items(verdict_on(program)):
        for text in (result.message, result.hint, result.wanted):
            assert text.strip() == text != ""
            assert "\n" not in text
            assert not re.search(r"\bNone\b (?!\|)|<locals>|_service_call|grader", text)


@each_program
def test_quick_run_is_never_told_to_start_something_earlier(program: str) -> None:
    """A program that took less time than possible has another fault than waiting."""
    verdict = verdict_on(program)
    took, best = verdict.timeline, verdict.best
    if took is None or best is None or took.makespan_us >= best.makespan_us:
        return
    for result in verdict.items:
        assert result.id != "time" or "earlier" not in result.hint
