"""What reaches the terminal: colours, encodings, a reader that goes away, a full disk."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.commands import COMMAND, RIGHT, SERIAL, asyncgrade, environment

ESCAPE = b"\x1b["
SHOUTS = """
async def get_users_and_locations():
    print("\\x1b[31mred \\u2603 \\udc80")
    raise ValueError("\\u2603")
"""


def test_output_that_is_not_a_terminal_has_no_colours() -> None:
    assert ESCAPE not in asyncgrade("check", "2", SERIAL).stdout


def test_colours_can_be_forced() -> None:
    assert ESCAPE in asyncgrade("check", "2", SERIAL, FORCE_COLOR="1").stdout


@pytest.mark.parametrize(("options", "no_color"), [([], "1"), (["--no-color"], "")])
def test_no_color_has_the_last_word(options: list[str], no_color: str) -> None:
    result = asyncgrade("check", "2", SERIAL, *options, FORCE_COLOR="1", NO_COLOR=no_color)
    assert ESCAPE not in result.stdout


@pytest.mark.parametrize("command", [("check",), ("run",), ("check", "--format", "classroom")])
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_encoding_other_than_utf_8_gets_ascii(command: tuple[str, ...], encoding: str) -> None:
    name, *options = command
    source = SHOUTS.encode()
    result = asyncgrade(
        name, "2", "-", *options, stdin=source, PYTHONUTF8="0", PYTHONIOENCODING=encoding
    )
    assert result.stderr == b""
    assert result.returncode == (0 if options else 1)
    assert result.stdout.isascii()
    assert b"red \\u2603" in result.stdout


def test_texts_of_exercises_are_ascii_too_when_need_be() -> None:
    for command in (["list"], ["show", "2"], ["hint", "2", "--all"]):
        result = asyncgrade(*command, PYTHONUTF8="0", PYTHONIOENCODING="ascii")
        assert (result.returncode, result.stdout.isascii()) == (0, True)


@pytest.mark.parametrize("command", [("check", "2", str(RIGHT)), ("show", "2"), ("--help",)])
def test_reader_that_went_away_ends_the_command_quietly(command: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        result = subprocess.run(
            [*COMMAND, *command],
            env=environment(),
            stdout=writing,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writing)
    assert result.stderr == b""
    assert result.returncode == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_full_disk_is_said_in_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [*COMMAND, "list"],
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert result.returncode == 4
    assert b"the output can't be written: No space left" in result.stderr
    assert result.stderr.count(b"\n") == 1
