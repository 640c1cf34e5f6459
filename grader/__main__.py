"""The command ``asyncgrade``, also ``python -m grader``: starts the parts in the right order.

It imports almost nothing itself: for a command that runs a program, the process that will run it
starts first and imports what it needs while this one imports the rest.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # as in ``typing``, which would be looked for in the current folder
if TYPE_CHECKING:
    from typing import NoReturn

    from grader.cli.workers import Workers

RUNS_PROGRAMS = ("check", "run", "explain-grade")
HAS_LANES = "batch"  # processes that start workers of their own
ASKS_ONLY = ("-h", "--help", "--version")


def main() -> NoReturn:
    """Run the command line and end this process with its exit code."""
    _forget_current_folder()
    workers = None
    try:
        workers = _start_workers(sys.argv[1:])
        from grader.cli.app import run

        code = run(sys.argv[1:], workers)
    except BaseException as error:
        from grader.cli.crash import report

        code = report(error)
    try:
        if workers is not None:
            workers.close()
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except (OSError, KeyboardInterrupt):
        pass  # who read the output is gone, or Ctrl-C came a second time
    os._exit(code)  # taking a whole interpreter apart in order would only cost time


def _start_workers(argv: list[str]) -> Workers | None:
    """Start what will run the program of this command, if it runs one."""
    command = next((word for word in argv if not word.startswith("-")), "")
    if command not in (*RUNS_PROGRAMS, HAS_LANES) or not {*ASKS_ONLY}.isdisjoint(argv):
        return None
    from grader.executors import forked

    try:
        if forked.fork_is_safe():
            zygote = forked.Zygote() if command in RUNS_PROGRAMS else None
            _keep_debuggers_out()
            return zygote
        if command == HAS_LANES:
            return None
        from grader.executors.spawned_pool import SpawnedPool

        return SpawnedPool(refill=False)
    except OSError:  # an interpreter that is started later does the work instead
        return None


def _keep_debuggers_out() -> None:
    """A program that broke out must not read this process: it holds expected values."""
    from grader.executors.lockdown import kernel

    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)


def _forget_current_folder() -> None:
    """A student's ``yaml.py`` must not be imported instead of the real one (``python -m``)."""
    try:
        here = os.getcwd()  # noqa: PTH109 - pathlib is slow to import
    except OSError:  # the folder was deleted: there is nothing in it to import
        here = ""
    sys.path[:] = [folder for folder in sys.path if folder not in ("", here)]
    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    if ours not in sys.path:  # it was the current folder: the lanes of a batch look for it there,
        # behind the libraries, and before any other version of this package
        other = (os.path.exists(f"{folder}/grader/__main__.py") for folder in sys.path)  # noqa: PTH110
        sys.path.insert(next((n for n, found in enumerate(other) if found), len(sys.path)), ours)


if __name__ == "__main__":
    main()
