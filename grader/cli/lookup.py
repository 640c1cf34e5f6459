"""Which exercise a command is about. Never one from the student's folder unless it is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from grader.cli.problems import Refusal
from grader.exercise.catalog import NoSuchExercise, find_exercise, installed_exercises_dir
from grader.exercise.model import Exercise, ExerciseError

F = TypeVar("F", bound=Callable[..., Any])


def _folder(ctx: click.Context, param: click.Parameter, value: str | None) -> Path:
    if value is None:
        return installed_exercises_dir()
    folder = Path(value)
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "does not exist"
        raise click.BadParameter(f"{value} {what}", ctx, param)
    return folder


def exercises_option(command: F) -> F:
    """Add ``--exercises DIR``; the command gets a folder that exists as ``folder``."""
    return click.option(
        "--exercises",
        "folder",
        metavar="DIR",
        callback=_folder,
        help="Use the exercises of this folder. Default: those that came with asyncgrade.",
    )(command)


def load(name: str, folder: Path) -> Exercise:
    """Load the exercise of that name. Raises Refusal or ExerciseError."""
    if name.endswith(".py"):
        raise Refusal(
            f"{name} is the name of a program; the exercise comes first:",
            f"  asyncgrade check exercise-1 {name}",
        )
    try:
        path = find_exercise(name, folder)
    except NoSuchExercise as error:
        raise Refusal(str(error), "All of them: asyncgrade list") from None
    from grader.exercise.loader import load_exercise

    try:
        return load_exercise(path)
    except OSError as error:
        raise ExerciseError((f"{path}: can't be read: {error.strerror}",)) from None
