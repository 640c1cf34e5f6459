"""Lines, tracebacks and places of the student's code. All of it is a claim that feeds messages.

Only frames of the submission are shown: a person never sees a traceback of the grader.
"""

from __future__ import annotations

import asyncio
import builtins
import sys
from collections.abc import Iterator
from types import CodeType, CoroutineType, FrameType, TracebackType
from typing import Any

from grader import protocol

MAX_WALK = 60
MAX_TRACEBACK_FRAMES = 12
_GROUPS: Any = getattr(builtins, "BaseExceptionGroup", ())  # from Python 3.11 on
# Read without running any code of the student's class.
traceback_of = BaseException.__dict__["__traceback__"].__get__
_cause_of = BaseException.__dict__["__cause__"].__get__


def line_of_caller(filename: str, depth: int) -> int | None:
    """The line of the nearest frame of the submission, ``depth`` frames above the caller."""
    frame: FrameType | None = sys._getframe(depth + 1)
    for _ in range(MAX_WALK):
        if frame is None:
            return None
        if frame.f_code.co_filename == filename:
            return frame.f_lineno
        frame = frame.f_back
    return None


def line_of_awaiter(filename: str, stop_at: CodeType) -> int | None:
    """The submission's line that awaits the calling coroutine; None when a task runs it."""
    frame = sys._getframe(2)
    for _ in range(MAX_WALK):
        if frame.f_code.co_filename == filename:
            return frame.f_lineno
        if frame.f_code is stop_at or frame.f_back is None:
            return None
        frame = frame.f_back
    return None


def origin_line(coroutine: Any, filename: str) -> int | None:
    """Where the submission made a coroutine object (origin tracking is on during a run)."""
    origin = getattr(coroutine, "cr_origin", None)
    return origin[0][1] if origin and origin[0][0] == filename else None


def await_chain(coroutine: Any) -> Iterator[Any]:
    """The coroutine and what it awaits, from the outside in."""
    for _ in range(MAX_WALK):
        if coroutine is None:
            return
        yield coroutine
        inner = getattr(coroutine, "cr_await", None)
        coroutine = getattr(coroutine, "gi_yieldfrom", None) if inner is None else inner


def place_of(task: asyncio.Task[Any], filename: str, stub_code: CodeType) -> list[Any]:
    """Where a task is suspended: [its coroutine's name, line, what it waits for]."""
    line: int | None = None
    name = waits_for = ""
    coroutine = task.get_coro()
    for awaited in await_chain(coroutine):
        frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "gi_frame", None)
        if frame is None:
            break  # a future: the name of what waits for it says more
        if frame.f_code is stub_code:
            waits_for = str(frame.f_locals.get("service", ""))
            line = line if line is not None else frame.f_locals.get("created_line")
            break
        if frame.f_code.co_filename == filename:
            line = frame.f_lineno
            name = name or str(getattr(awaited, "__qualname__", ""))
        elif line is not None:
            waits_for = str(getattr(awaited, "__qualname__", ""))  # "Event.wait"
    name = name or str(getattr(coroutine, "__qualname__", "?"))
    return [name[:100], line, waits_for[:100]]


def first_of_group(error: BaseException) -> BaseException:
    """The first exception in an exception group (a TaskGroup raises one), or the error itself."""
    for _ in range(MAX_WALK):
        if not issubclass(type(error), _GROUPS):
            break
        error = _GROUPS.exceptions.__get__(error)[0]
    return error


def place_of_error(error: BaseException) -> TracebackType | None:
    """The traceback to show: a group's first error's; where a StopIteration left its coroutine."""
    error = first_of_group(error)
    cause = _cause_of(error)
    if type(error) is RuntimeError and type(cause) in (StopIteration, StopAsyncIteration):
        error = cause
    found: TracebackType | None = traceback_of(error)
    return found


def describe_error(error: BaseException) -> str:
    """``TypeError: text``, whatever the student's ``__str__`` does."""
    first = first_of_group(error)
    if first is not error:
        return f"{protocol.type_name(error)}: the first of its errors is {describe_error(first)}"
    name = protocol.type_name(error)
    try:
        text = str.__str__(str(error))[: protocol.MAX_TEXT_CHARS // 2]
    except BaseException:
        text = "(its text can't be shown)"
    return f"{name}: {text}" if text else name


def submission_frames(traceback: TracebackType | None, filename: str) -> list[tuple[int, str]]:
    """(line, function) of the submission's frames in a traceback, the innermost last."""
    frames: list[tuple[int, str]] = []
    while traceback is not None and len(frames) < 2000:
        code = traceback.tb_frame.f_code
        if code.co_filename == filename:
            frames.append((traceback.tb_lineno, code.co_name))
        traceback = traceback.tb_next
    return frames


def describe_traceback(error: BaseException, filename: str, source: str) -> str:
    """The student's part of a traceback, in Python's own form; of a group, its first error's."""
    frames = submission_frames(place_of_error(error), filename)
    lines = source.split("\n")
    out = ["Traceback (most recent call last):"]
    if len(frames) > MAX_TRACEBACK_FRAMES:
        half = MAX_TRACEBACK_FRAMES // 2
        left_out = len(frames) - 2 * half
        shown: list[tuple[int, str] | str] = [
            *frames[:half],
            f"  … {left_out} more …",
            *frames[-half:],
        ]
    else:
        shown = [*frames]
    for frame in shown:
        if isinstance(frame, str):
            out.append(frame)
            continue
        line, function = frame
        out.append(f'  File "{filename}", line {line}, in {function}')
        if 0 < line <= len(lines):
            out.append(f"    {lines[line - 1].strip()[:200]}")
    if len(out) == 1:
        out = []
    return "\n".join([*out, describe_error(error)])[: protocol.MAX_TEXT_CHARS]


def describe_syntax_error(error: SyntaxError, filename: str) -> str:
    """The line and the caret, as Python prints them."""
    out = [f'  File "{filename}", line {error.lineno}']
    if isinstance(error.text, str) and error.text.strip():
        text = error.text.rstrip("\n")[:200]
        stripped = text.lstrip()
        out.append(f"    {stripped}")
        offset = (error.offset or 0) - 1 - (len(text) - len(stripped))
        if 0 <= offset <= len(stripped):
            out.append("    " + " " * offset + "^")
    return "\n".join([*out, f"{type(error).__name__}: {error.msg}"])[: protocol.MAX_TEXT_CHARS]


def is_coroutine(value: object) -> bool:
    return type(value) is CoroutineType
