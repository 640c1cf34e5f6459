"""Which exercise a command is about. Never one from the student's folder unless it is named."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from grader.cli.problems import Refusal
from grader.escape import for_shell, one_line
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
    if not os.access(folder, os.R_OK | os.X_OK):
        raise click.BadParameter(f"{value} can't be read: Permission denied", ctx, param)
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


def exercises_words(folder: Path) -> str:
    """What a command needs to find the exercises of this folder again, with a space before it."""
    shown = for_shell(one_line(str(folder), 300))
    return "" if folder == installed_exercises_dir() else f" --exercises {shown}"


def load(name: str, folder: Path) -> Exercise:
    """Load the exercise of that name. Raises Refusal or ExerciseError."""
    again = exercises_words(folder)
    if name.endswith(".py"):
        raise Refusal(
            f"{name} is the name of a program; the exercise comes first:",
            f"  asyncgrade check {_exercise_of(name, folder)} {for_shell(name)}{again}",
        )
    try:
        path = find_exercise(name, folder)
    except NoSuchExercise as error:
        raise Refusal(str(error), f"All of them: asyncgrade list{again}") from None
    from grader.exercise.loader import load_exercise

    try:
        return load_exercise(path)
    except OSError as error:
        raise ExerciseError((f"{path}: can't be read: {error.strerror}",)) from None


def _exercise_of(program: str, folder: Path) -> str:
    """The exercise that a program belongs to, as far as its name tells: exercise_2.py."""
    try:
        return find_exercise(Path(program).stem.replace("_", "-"), folder).stem
    except NoSuchExercise:
        return "ID"
