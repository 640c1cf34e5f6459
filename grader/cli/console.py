"""What the terminal can show, read once from the environment, and the one place that prints."""

from __future__ import annotations

import codecs
import io
import os
import shutil
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TextIO

import click

from grader.cli.problems import OutputProblem
from grader.escape import for_terminal
from grader.reporters.words import to_ascii

if TYPE_CHECKING:
    from grader.reporters.page import Page

MAX_WIDTH = 120
_MESSAGE_LIMIT = 20_000


@dataclass(frozen=True, slots=True)
class Console:
    """How wide the output is and which characters and colours it may use."""

    width: int
    color: bool
    unicode: bool

    def page(self) -> Page:
        """An empty page that fits this terminal."""
        from grader.reporters.page import Page  # rich: only who prints a report waits for it

        return Page(width=self.width, color=self.color, unicode=self.unicode)

    def plain(self) -> Console:
        """The same terminal without colours."""
        return replace(self, color=False)

    def print(self, text: str) -> None:
        """Write text that is ready to be shown to standard output. Raises OutputProblem."""
        try:
            click.echo(text, nl=False, color=self.color)
        except OSError as error:
            raise OutputProblem(error) from None


def open_console() -> Console:
    """Look at standard output and the environment. No text will raise for its characters."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    width = min(shutil.get_terminal_size().columns, MAX_WIDTH)
    return Console(width, color=_wants_color(), unicode=_speaks_unicode(sys.stdout))


def complain(text: str) -> None:
    """Write a message, which may quote anything, to standard error."""
    shown = for_terminal(text, limit=_MESSAGE_LIMIT)
    click.echo(shown if _speaks_unicode(sys.stderr) else to_ascii(shown), err=True)


def _wants_color() -> bool:
    """https://no-color.org and https://force-color.org; the first has the last word."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return os.environ.get("TERM") != "dumb" and sys.stdout is not None and sys.stdout.isatty()


def _speaks_unicode(stream: TextIO | None) -> bool:
    try:
        return codecs.lookup(getattr(stream, "encoding", None) or "ascii").name == "utf-8"
    except LookupError:
        return False
