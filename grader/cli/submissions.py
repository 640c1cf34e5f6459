"""Finding and reading a student's program: ordinary files and standard input, nothing else.

A symbolic link is refused: what is graded is what was handed in, not a file it points to.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

from grader.cli.console import complain
from grader.cli.problems import Refusal
from grader.engine.core import Submission
from grader.exercise.catalog import usual_names
from grader.exercise.model import Exercise
from grader.files import NotOrdinary, open_ordinary
from grader.grade import MAX_SOURCE_BYTES, read_submission

STANDARD_INPUT = "-"
_NAME_LIMIT = 80


def submission(exercise: Exercise, file: str | None) -> Submission:
    """Read the program named ``file``; without a name the one in the current folder."""
    if file == "":
        raise Refusal("the name of the program is empty")
    path = _find(exercise.id) if file is None else file
    if path == STANDARD_INPUT:
        return read_submission(path, "<stdin>", _read_standard_input())
    return read_submission(path, _safe_name(path), _read_file(path))


def _find(exercise_id: str) -> str:
    names = usual_names(exercise_id)
    for name in names:
        if os.path.lexists(name):
            return name
    raise Refusal(
        f"there is no program for {exercise_id} in this folder. I looked for",
        *(f"  {name}" for name in names),
        f"Name your file: asyncgrade check {exercise_id} FILE",
        f"Or get a file to begin with: asyncgrade start {exercise_id}",
    )


def _safe_name(path: str) -> str:
    """What tracebacks call the file: its name, with nothing in it that could do harm."""
    name = re.sub(r"[^\w.+-]", "_", os.path.basename(path))  # noqa: PTH119
    return name.encode("utf-8", "replace").decode()[-_NAME_LIMIT:] or "program.py"


def _read_standard_input() -> bytes:
    if sys.stdin is None:
        raise Refusal("standard input is closed, so there is no program to read")
    if sys.stdin.isatty():
        complain("Type or paste the program; end with Ctrl-D (on Windows Ctrl-Z, then Enter).")
    return sys.stdin.buffer.read(MAX_SOURCE_BYTES + 1)


def _read_file(path: str) -> bytes:
    """At most one byte more than a submission may have."""
    try:
        mode = os.lstat(path).st_mode
        if not stat.S_ISREG(mode):
            raise _not_ordinary(path, mode)
        with open_ordinary(path) as file:
            return file.read(MAX_SOURCE_BYTES + 1)
    except NotOrdinary as error:
        raise _not_ordinary(path, error.mode) from None
    except (FileNotFoundError, NotADirectoryError):
        raise Refusal(f"there is no file {path}", *_did_you_mean(path)) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise Refusal(f"{path} can't be read: {why}") from None


def _not_ordinary(path: str, mode: int) -> Refusal:
    if stat.S_ISDIR(mode):
        programs = _python_files(path)
        hint = [f"Did you mean {Path(path, programs[0]).as_posix()}?"] if len(programs) == 1 else []
        return Refusal(f"{path} is a folder; give the file in it", *hint)
    if stat.S_ISLNK(mode):
        return Refusal(f"{path} is a symbolic link; give the file that it points to")
    return Refusal(
        f"{path} is not an ordinary file (but a pipe or a device)",
        "To read the program from standard input, write - instead of a file name.",
    )


def _did_you_mean(path: str) -> Iterable[str]:
    from difflib import get_close_matches

    folder, name = os.path.split(path)
    near = get_close_matches(name, _python_files(folder or "."), n=1, cutoff=0.6)
    return [f"Did you mean {Path(folder, near[0]).as_posix()}?"] if near else []


def _python_files(folder: str) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if name.endswith(".py")]  # noqa: PTH208
    except OSError:
        return []
