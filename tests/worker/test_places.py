"""Lines and tracebacks: only what is the student's is shown, and nothing of it is run."""

from __future__ import annotations

import builtins
import sys
import types
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import protocol
from grader.worker import places

FILENAME = "student.py"


def error_of(source: str) -> BaseException:
    """What the execution of a source raises."""
    try:
        exec(compile(source, FILENAME, "exec"), {"ours": ours})
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def ours(function: Any) -> Any:
    """A frame that is not the student's."""
    return function()


def test_frames_of_others_are_left_out() -> None:
    source = "def one():\n    return ours(two)\ndef two():\n    1 / 0\none()\n"
    error = error_of(source)
    assert places.submission_frames(error.__traceback__, FILENAME) == [
        (5, "<module>"),
        (2, "one"),
        (4, "two"),
    ]
    shown = places.describe_traceback(error, FILENAME, source)
    assert "ours(two)" in shown
    assert __file__ not in shown
    assert shown.endswith("ZeroDivisionError: division by zero")


def test_error_without_frames_of_the_student_is_one_line() -> None:
    assert places.describe_traceback(KeyError("x"), FILENAME, "") == "KeyError: 'x'"


def test_long_traceback_keeps_both_ends() -> None:
    source = "def down(k):\n    if k: down(k - 1)\n    else: 1 / 0\ndown(100)\n"
    shown = places.describe_traceback(error_of(source), FILENAME, source).splitlines()
    assert f"  … {102 - places.MAX_TRACEBACK_FRAMES} more …" in shown
    assert shown[1] == '  File "student.py", line 4, in <module>'
    assert shown[-2] == "    else: 1 / 0"


def test_traceback_is_bounded() -> None:
    source = "x = '" + "y" * 100_000 + "'; raise ValueError('z' * 100_000)\n"
    shown = places.describe_traceback(error_of(source), FILENAME, source)
    assert len(shown) <= protocol.MAX_TEXT_CHARS


def test_line_that_the_source_does_not_have_is_named_without_its_text() -> None:
    shown = places.describe_traceback(error_of("\n\n\n1 / 0\n"), FILENAME, "one line\n")
    assert 'File "student.py", line 4' in shown


def test_stop_iteration_is_shown_where_it_left_its_coroutine() -> None:
    source = "async def go():\n    raise StopIteration\nawaited = go()\nawaited.send(None)\n"
    error = error_of(source)
    assert type(error) is RuntimeError
    assert places.submission_frames(places.place_of_error(error), FILENAME) == [(2, "go")]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups: Python 3.11")
def test_group_is_described_by_its_first_error_at_any_depth() -> None:
    make: Any = builtins.BaseExceptionGroup  # type: ignore[attr-defined]  # not on 3.10
    group = make("outer", [make("inner", [KeyError("x")]), SystemExit()])
    assert type(places.first_of_group(group)) is KeyError
    assert (
        places.describe_error(group)
        == "BaseExceptionGroup: the first of its errors is KeyError: 'x'"
    )
    for _ in range(200):
        group = make("more", [group])
    assert places.describe_error(group)


class _BrokenText(Exception):
    def __str__(self) -> str:
        raise SystemExit


class _BrokenAttributes(Exception):
    def __getattribute__(self, name: str) -> Any:
        raise SystemExit


def test_evil_errors_are_described() -> None:
    assert places.describe_error(_BrokenText()) == "_BrokenText: (its text can't be shown)"
    assert places.describe_error(_BrokenAttributes("x")) == "_BrokenAttributes: x"
    assert places.place_of_error(_BrokenAttributes()) is None


@given(st.text(max_size=50))
def test_any_text_of_an_error_is_kept(text: str) -> None:
    told = places.describe_error(ValueError(text))
    assert told == (f"ValueError: {text}" if text else "ValueError")


@given(st.text(max_size=200))
def test_any_syntax_error_is_described(source: str) -> None:
    try:
        compile(source, FILENAME, "exec", dont_inherit=True)
    except SyntaxError as error:
        seen = error
    except (ValueError, OverflowError):
        return  # a NUL byte or a surrogate: the grader refuses them before
    else:
        return
    shown = places.describe_syntax_error(seen, FILENAME)
    assert shown.startswith(f'  File "{FILENAME}", line ')
    assert shown.endswith(f"{type(seen).__name__}: {seen.msg}")


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ((None, None, None, None), ['  File "student.py", line None', "SyntaxError: text"]),
        ((FILENAME, 3, 0, "x"), ['  File "student.py", line 3', "    x", "SyntaxError: text"]),
        ((FILENAME, 3, 99, "x"), ['  File "student.py", line 3', "    x", "SyntaxError: text"]),
        (
            (FILENAME, 3, 3, "  y\n"),
            ['  File "student.py", line 3', "    y", "    ^", "SyntaxError: text"],
        ),
    ],
)
def test_syntax_errors_with_odd_places_are_described(fields: Any, shown: list[str]) -> None:
    error = SyntaxError("text", fields)
    assert places.describe_syntax_error(error, FILENAME).splitlines() == shown


def test_chain_of_awaits_ends_in_any_case() -> None:
    @types.coroutine
    def wait() -> Any:
        yield

    async def inner() -> None:
        await wait()

    async def outer() -> None:
        await inner()

    coroutine = outer()
    coroutine.send(None)
    names = [getattr(awaited, "__name__", "") for awaited in places.await_chain(coroutine)]
    assert names == ["outer", "inner", "wait"]
    coroutine.close()

    class Loop:
        @property
        def cr_await(self) -> Loop:
            return self

    assert len(list(places.await_chain(Loop()))) == places.MAX_WALK


def test_line_of_an_origin_is_the_submissions_or_none() -> None:
    async def made_here() -> None: ...

    depth = sys.get_coroutine_origin_tracking_depth()
    sys.set_coroutine_origin_tracking_depth(1)
    try:
        coroutine = made_here()
    finally:
        sys.set_coroutine_origin_tracking_depth(depth)
    assert places.origin_line(coroutine, __file__) is not None
    assert places.origin_line(coroutine, FILENAME) is None
    coroutine.close()
    assert places.origin_line(object(), FILENAME) is None
