"""What is refused, in which words, and with which exit code. Nothing is graded here."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from grader.cli.isolation import missing_lines
from grader.cli.problems import ExitCode, Refusal
from grader.cli.workers import require
from grader.executors.base import Isolation
from grader.executors.in_process import InProcessSession
from grader.exercise.model import Limits
from tests.cli.commands import RIGHT
from tests.cli.conftest import Command

needs_fifos = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
needs_links = pytest.mark.skipif(os.name == "nt", reason="symbolic links need a privilege")


def test_no_command_shows_the_help(command: Command) -> None:
    result = command()
    assert result.code == 0
    assert result.out == command("--help").out
    assert "Usage: asyncgrade" in result.out


def test_version_is_one_line(command: Command) -> None:
    result = command("--version")
    assert (result.code, result.out.count("\n")) == (0, 1)
    assert result.out.startswith("asyncgrade ")


@pytest.mark.parametrize("name", ["list", "show", "start", "check", "run", "hint", "doctor"])
def test_help_of_every_command_gives_an_example(command: Command, name: str) -> None:
    result = command(name, "--help")
    assert result.code == 0
    assert f"Example: asyncgrade {name}" in result.out


def test_unknown_command_gets_the_nearest_one(command: Command) -> None:
    result = command("chek", "3")
    assert result.code == ExitCode.USAGE
    assert "No such command: chek. Did you mean check?" in result.err


def test_command_like_no_other_gets_the_list(command: Command) -> None:
    assert "There are list, show, start, check" in command("zzz").err


def test_unknown_option_is_refused(command: Command) -> None:
    result = command("check", "2", RIGHT, "--formt", "json")
    assert result.code == ExitCode.USAGE
    assert "--formt" in result.err
    assert "Help: asyncgrade check --help" in result.err


def test_missing_id_is_refused(command: Command) -> None:
    assert command("check").code == ExitCode.USAGE


def test_unknown_exercise_gets_the_nearest_one(command: Command) -> None:
    result = command("check", "exercse-3", RIGHT)
    assert result.code == ExitCode.USAGE
    assert "did you mean exercise-3" in result.err


def test_number_of_no_exercise_is_refused(command: Command) -> None:
    assert command("show", "999").code == ExitCode.USAGE


def test_file_in_place_of_the_id_is_explained(command: Command) -> None:
    result = command("check", "mine.py")
    assert result.code == ExitCode.USAGE
    assert "asyncgrade check ID mine.py" in result.err
    assert "check exercise-2 exercise_2.py" in command("check", "exercise_2.py").err


def test_no_program_here_names_what_was_looked_for(command: Command) -> None:
    result = command("check", "3")
    assert result.code == ExitCode.USAGE
    for name in ("exercise-3.py", "exercise_3.py", "exercise-3/solution.py"):
        assert f"  {name}\n" in result.err
    assert "asyncgrade start exercise-3" in result.err


def test_missing_file_gets_the_nearest_one(command: Command, here: Path) -> None:
    (here / "dashboard.py").touch()
    result = command("check", "3", "dashbord.py")
    assert result.code == ExitCode.USAGE
    assert "there is no file dashbord.py" in result.err
    assert "Did you mean dashboard.py?" in result.err


def test_path_through_a_file_is_no_file(command: Command, here: Path) -> None:
    (here / "a.py").touch()
    assert "there is no file a.py/b.py" in command("check", "3", "a.py/b.py").err


def test_folder_is_refused_and_the_file_in_it_named(command: Command, here: Path) -> None:
    (here / "mine").mkdir()
    (here / "mine" / "solution.py").touch()
    result = command("check", "3", "mine")
    assert result.code == ExitCode.USAGE
    assert "mine is a folder" in result.err
    assert "Did you mean mine/solution.py?" in result.err
    (here / "mine" / "other.py").touch()
    assert "Did you mean" not in command("check", "3", "mine").err


def test_empty_name_of_a_program_is_refused(command: Command) -> None:
    assert "the name of the program is empty" in command("check", "3", "").err


def test_name_that_is_too_long_is_refused(command: Command) -> None:
    result = command("check", "3", "a" * 5000)
    assert result.code == ExitCode.USAGE
    assert "can't be read" in result.err


@needs_fifos
def test_named_pipe_is_refused_without_waiting_for_it(command: Command, here: Path) -> None:
    os.mkfifo(here / "pipe.py")
    result = command("check", "3", "pipe.py")
    assert result.code == ExitCode.USAGE
    assert "not an ordinary file" in result.err


def test_device_is_refused(command: Command) -> None:
    result = command("check", "3", os.devnull)
    assert result.code == ExitCode.USAGE
    assert "not an ordinary file" in result.err or "no file" in result.err


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no such sockets here")
def test_socket_is_refused(command: Command) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.py")
        assert "not an ordinary file" in command("check", "3", "s.py").err


@needs_links
def test_symbolic_link_is_refused(command: Command, here: Path) -> None:
    (here / "mine.py").symlink_to(RIGHT)
    result = command("check", "2", "mine.py")
    assert result.code == ExitCode.USAGE
    assert "symbolic link" in result.err


@needs_links
def test_symbolic_link_under_a_usual_name_is_refused(command: Command, here: Path) -> None:
    (here / "exercise-2.py").symlink_to(RIGHT)
    assert "symbolic link" in command("check", "2").err


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads anything")
def test_unreadable_file_is_refused(command: Command, here: Path) -> None:
    (here / "mine.py").touch(mode=0)
    result = command("check", "2", "mine.py")
    assert result.code == ExitCode.USAGE
    assert "Permission denied" in result.err


def test_folder_of_exercises_must_exist(command: Command) -> None:
    result = command("list", "--exercises", "nowhere")
    assert result.code == ExitCode.USAGE
    assert "nowhere does not exist" in result.err


def test_folder_of_exercises_must_be_a_folder(command: Command) -> None:
    assert "is a file" in command("list", "--exercises", RIGHT).err


@pytest.mark.parametrize("seed", ["", "a\nb", "x" * 101, "\udcff"])
def test_seed_that_can_not_be_printed_is_refused(command: Command, seed: str) -> None:
    assert command("check", "2", RIGHT, "--seed", seed).code == ExitCode.USAGE


def test_message_holds_no_control_characters(command: Command) -> None:
    result = command("check", "3", "\x1b[31mred\x07.py")
    assert result.code == ExitCode.USAGE
    assert "there is no file red.py" in result.err


def test_exercise_in_the_current_folder_is_not_used(command: Command, here: Path) -> None:
    (here / "exercise-2.yaml").write_text("broken: [", "utf-8")
    assert command("show", "exercise-2").code == 0


def test_broken_exercise_is_at_fault_itself(command: Command, here: Path) -> None:
    (here / "exercise-2.yaml").write_text("format: asyncgrade/exercise/1\nid: 7\n", "utf-8")
    result = command("check", "2", RIGHT, "--exercises", here)
    assert result.code == ExitCode.EXERCISE_AT_FAULT
    assert result.out == ""
    *problems, last = result.err.splitlines()
    assert problems
    assert all("exercise-2.yaml" in problem for problem in problems)
    assert "the exercise is at fault" in last


def test_isolation_below_what_is_required_runs_nothing() -> None:
    executor = require(InProcessSession, "weak")
    with pytest.raises(Refusal, match="weak is required; nothing was run") as refusal:
        executor(Limits())
    assert refusal.value.code is ExitCode.ISOLATION_TOO_WEAK


def test_refusal_says_what_is_missing_and_how_to_get_it() -> None:
    missing = {"namespaces": "unshare: Operation not permitted", "spare_user": "only root"}
    isolation = Isolation("standard", "Landlock 7, seccomp", missing=missing)
    assert missing_lines(isolation)[0] == "missing: namespaces (unshare: Operation not permitted)"
    assert "apparmor_restrict_unprivileged_userns=0" in missing_lines(isolation)[1]
    # A spare user would add nothing to namespaces that are there.
    assert missing_lines(Isolation("strong", "", missing={"spare_user": "only root"})) == []


def test_reason_of_the_system_can_not_write_lines_of_its_own() -> None:
    isolation = Isolation("weak", "", missing={"seccomp": "no\n\x1b[2Jmissing: everything"})
    assert missing_lines(isolation)[0] == "missing: seccomp (no missing: everything)"
