"""Exit codes, and the exceptions that end a command with one of them."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the exit code of a command means."""

    ALL_PASSED = 0
    NOT_ALL_PASSED = 1
    USAGE = 2
    EXERCISE_AT_FAULT = 3
    GRADER_AT_FAULT = 4
    ISOLATION_TOO_WEAK = 5
    INTERRUPTED = 130  # 128 + SIGINT, as shells say it
    OUTPUT_CLOSED = 141  # 128 + SIGPIPE: nobody reads on, as in `asyncgrade list | head -1`


class Refusal(Exception):
    """The command can't do what it was asked: lines for the person at the terminal."""

    def __init__(self, *lines: str, code: ExitCode = ExitCode.USAGE) -> None:
        super().__init__("\n".join(lines))
        self.code = code


class OutputProblem(Exception):
    """Standard output can't be written."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"the output can't be written: {error.strerror}")
        self.closed = isinstance(error, BrokenPipeError)
