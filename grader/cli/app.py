"""The command line as a whole: which commands there are, and how each ending becomes a code.

A command's module is imported when that command is used: `check` must be fast.
"""

from __future__ import annotations

import importlib
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from grader.batch.records import BatchError
from grader.cli.console import Console, complain, open_console
from grader.cli.problems import ExitCode, OutputProblem, Refusal
from grader.executors.base import ExecutorFailed
from grader.exercise.model import ExerciseError
from grader.version import __version__

if TYPE_CHECKING:
    from grader.cli.workers import Workers

NAME = "asyncgrade"
COMMANDS = {
    "list": "grader.cli.browse:list_exercises",
    "show": "grader.cli.browse:show",
    "start": "grader.cli.start:start",
    "check": "grader.cli.check:check",
    "run": "grader.cli.play:play",
    "hint": "grader.cli.browse:hint",
    "batch": "grader.cli.batch:batch",
    "export": "grader.cli.regrade:export",
    "explain-grade": "grader.cli.regrade:explain_grade",
    "override": "grader.cli.regrade:override",
    "doctor": "grader.cli.doctor:doctor",
}


@dataclass(frozen=True, slots=True)
class Tools:
    """What a command is given: the terminal, and what was started ahead to run programs."""

    console: Console
    workers: Workers | None


class Commands(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        word = args[0]
        if word in COMMANDS or word.startswith("-"):
            return super().resolve_command(ctx, args)
        from difflib import get_close_matches

        near = get_close_matches(word, COMMANDS, n=1, cutoff=0.5)
        further = f"Did you mean {near[0]}?" if near else f"There are {', '.join(COMMANDS)}."
        raise click.UsageError(f"No such command: {word}. {further}", ctx)


@click.command(
    NAME,
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: asyncgrade check exercise-3",
)
@click.version_option(
    __version__,
    prog_name=NAME,
    message=f"%(prog)s %(version)s (Python {platform.python_version()})",
)
def commands() -> None:
    """Learn asynchronous Python: exercises, and a grader that shows what overlaps and what waits.

    Start with "asyncgrade list", then "asyncgrade show 1" and "asyncgrade start 1".
    """


def run(argv: Sequence[str], workers: Workers | None = None) -> int:
    """Run one command; give its exit code. What nobody foresaw is raised."""
    try:
        tools = Tools(open_console(), workers)
        with commands.make_context(NAME, list(argv) or ["--help"], obj=tools) as context:
            return int(commands.invoke(context) or 0)
    except click.exceptions.Exit as request:
        return request.exit_code
    except click.UsageError as error:
        complain(f"{NAME}: {error.format_message()}")
        path = error.ctx.command_path if error.ctx is not None else NAME
        complain(f"Help: {path} --help")
        return error.exit_code
    except Refusal as error:
        complain(f"{NAME}: {error}")
        return int(error.code)
    except OutputProblem as error:
        if error.closed:
            return int(ExitCode.OUTPUT_CLOSED)
        complain(f"{NAME}: {error}")
        return int(ExitCode.GRADER_AT_FAULT)
    except BrokenPipeError:
        if workers is not None:
            raise
        return int(ExitCode.OUTPUT_CLOSED)  # of a help text: click prints these itself
    except ExecutorFailed as error:
        complain(f"{NAME}: {error}")
        return int(ExitCode.GRADER_AT_FAULT)
    except BatchError as error:
        complain(f"{NAME}: {error}")
        return int(ExitCode.USAGE)
    except ExerciseError as error:
        for problem in error.problems:
            complain(problem)
        complain(f"{NAME}: the exercise is at fault, not your program; please tell its author")
        return int(ExitCode.EXERCISE_AT_FAULT)
