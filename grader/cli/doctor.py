"""``asyncgrade doctor``: what this system can do, found by trial. Always ends well."""

from __future__ import annotations

import platform
import sys
import time
from importlib import metadata
from pathlib import Path

import click

from grader.cli.app import Tools
from grader.cli.isolation import missing_layers
from grader.cli.lookup import exercises_option, load
from grader.cli.workers import choose_executor
from grader.engine.trace import Ending
from grader.escape import one_line
from grader.executors import forked
from grader.executors.base import Executor
from grader.exercise.catalog import exercise_ids
from grader.exercise.model import Exercise, ExerciseError
from grader.grade import play_once, read_submission
from grader.reporters.page import Page
from grader.version import __version__

PACKAGES = ("click", "Jinja2", "msgspec", "PyYAML", "rich")
_LIMIT = 400


@click.command(short_help="Show what this system can do.", epilog="Example: asyncgrade doctor")
@exercises_option
@click.pass_obj
def doctor(tools: Tools, folder: Path) -> None:
    """Show versions, the system, and how well it isolates programs. Put this in a bug report."""
    page = tools.console.page()
    page.prose(f"asyncgrade {__version__}", style="strong")
    implementation = f"{platform.python_implementation()} {platform.python_version()}"
    page.prose(one_line(f"{implementation} ({sys.executable})", _LIMIT), label="Python:    ")
    page.prose(", ".join(map(_version, PACKAGES)), label="packages:  ")
    page.prose(one_line(platform.platform(), _LIMIT), label="system:    ")
    encoding = getattr(sys.stdout, "encoding", None) or "closed"
    page.prose(f"{encoding}, {tools.console.width} columns", label="output:    ")
    names = exercise_ids(folder)
    page.prose(one_line(f"{len(names)} in {folder}", _LIMIT), label="exercises: ")
    page.blank()
    _add_isolation(page, names, folder)
    tools.console.print(page.text())


def _version(package: str) -> str:
    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return f"{package} (no version found)"


def _add_isolation(page: Page, names: list[str], folder: Path) -> None:
    """Run a small program with each executor that this system may have."""
    if not names:
        page.prose("Isolation was not tried: there is no exercise to try it with.")
        return
    try:
        exercise = load(names[0], folder)
    except ExerciseError as error:
        page.prose(f"Isolation was not tried: {one_line(str(error), _LIMIT)}")
        return
    in_use = "isolation in use: "
    if forked.fork_is_safe():
        zygote, missing = None, []
        try:
            zygote = forked.Zygote()
            verdict, works = _try(choose_executor(zygote), exercise)
            missing = missing_layers(zygote.isolation()) if works else []
        except OSError as error:
            verdict, works = f"does not start: {one_line(str(error), _LIMIT)}", False
        finally:
            if zygote is not None:
                zygote.close()
        page.prose(f"{in_use if works else ''}forked process: {verdict}")
        for layer, why, remedy in missing:
            page.prose(f"{why}. To get it: {remedy}", label=f"  no {layer}: ")
        in_use = "" if works else in_use
    verdict, works = _try(choose_executor(None), exercise)
    page.prose(f"{in_use if works else ''}spawned interpreter: {verdict}")


def _try(executor: Executor, exercise: Exercise) -> tuple[str, bool]:
    """What a program that does nothing shows of an executor, and whether it works at all."""
    source = f"async def {exercise.entry}({', '.join(exercise.params)}): pass"
    program = read_submission("-", "trial.py", source.encode())
    begin_s = time.perf_counter()
    try:
        with executor(exercise.limits) as session:
            isolation = session.isolation
        run = play_once(exercise, program, executor, "doctor", stepwise=False)
    except Exception as error:
        return f"does not work: {one_line(f'{type(error).__name__}: {error}', _LIMIT)}", False
    took_ms = (time.perf_counter() - begin_s) * 1000
    if run.ending is not Ending.RETURNED:
        return f"does not work: {one_line(f'{run.ending.value}: {run.detail}', _LIMIT)}", False
    return f"{isolation.level} ({isolation.note}); a trial took {took_ms:.0f} ms", True
