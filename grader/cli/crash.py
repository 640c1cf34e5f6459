"""The last resort: what is said when a command ends in an exception that nobody foresaw.

It needs the standard library only, so that it works when the rest does not.
"""

from __future__ import annotations

import os
import signal
import sys

from grader.cli.problems import ExitCode

DEBUG = "ASYNCGRADE_DEBUG"


def report(error: BaseException) -> int:
    """Say in a line or two what happened, and give the exit code."""
    if isinstance(error, KeyboardInterrupt):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the rest is quick: let it end in order
        on_terminal = sys.stderr is not None and sys.stderr.isatty()
        _say("\ninterrupted" if on_terminal else "interrupted")  # there, "^C" stands on the line
        return ExitCode.INTERRUPTED
    _say(f"asyncgrade: internal error: {_one_line(error)}; please report it")
    if os.environ.get(DEBUG):
        import traceback

        traceback.print_exception(error)
    else:
        _say(f"For the details to report, set {DEBUG}=1 and run the same command again.")
    return ExitCode.GRADER_AT_FAULT


def _one_line(error: BaseException) -> str:
    text = ascii(str(error))[1:-1]  # it may quote the submission: only plain characters pass
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__


def _say(text: str) -> None:
    try:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
    except (AttributeError, OSError, ValueError):
        return  # standard error is closed: there is no one to tell
