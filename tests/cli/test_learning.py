"""``list``, ``show``, ``start``, ``hint``, ``doctor`` and ``run``: what learners read."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from grader.cli.doctor import PACKAGES
from grader.cli.problems import ExitCode
from grader.exercise.catalog import installed_exercises_dir
from tests.cli.commands import RIGHT, ROOT, SERIAL, asyncgrade
from tests.cli.conftest import Command

EXERCISE_2 = ROOT / "exercises" / "exercise-2.yaml"


def test_list_names_every_exercise_with_difficulty_and_title(command: Command) -> None:
    result = command("list")
    assert (result.code, result.err) == (0, "")
    for path in (ROOT / "exercises").glob("exercise-*.yaml"):
        assert f"{path.stem} " in result.out
    assert "introductory  Side by side\n" in result.out


def test_list_of_a_folder_without_exercises_says_so(command: Command, here: Path) -> None:
    result = command("list", "--exercises", here)
    assert (result.code, result.err) == (0, "")
    assert "no exercises" in result.out


def test_list_shows_the_rest_when_one_exercise_is_broken(command: Command, here: Path) -> None:
    (here / "exercise-2.yaml").write_bytes(EXERCISE_2.read_bytes())
    (here / "exercise-3.yaml").write_text("id: [", "utf-8")
    result = command("list", "--exercises", here)
    assert result.code == ExitCode.EXERCISE_AT_FAULT
    assert "Side by side" in result.out
    assert "exercise-3.yaml" in result.err


@pytest.mark.parametrize("name", ["2", "exercise-2"])
def test_show_gives_task_services_and_points(command: Command, name: str) -> None:
    result = command("show", name)
    assert (result.code, result.err) == (0, "")
    assert "exercise-2: Side by side" in result.out
    assert "    users = await get_users()" in result.out
    assert "```" not in result.out
    assert "- get_users(), 3 s: returns the list of users" in result.out
    assert "- overlap: the two calls overlap (5 points)" in result.out


def test_show_names_the_methods_of_a_context(command: Command) -> None:
    out = command("show", "3").out
    assert "- enter, 1 s" in out
    assert "- execute(query), " in out


def test_show_fits_the_terminal(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    lines = command("show", "2").out.splitlines()
    code = [line for line in lines if line.startswith("    ")]
    assert max(len(line) for line in lines if line not in code) <= 60


def test_text_of_a_stranger_is_shown_without_control_characters(
    command: Command, here: Path
) -> None:
    text = EXERCISE_2.read_text("utf-8").replace("Side by side", r'"Side \e[2J\u202eby"')
    (here / "exercise-2.yaml").write_text(text, "utf-8")
    for args in (["list"], ["show", "2"]):
        result = command(*args, "--exercises", here)
        assert "\x1b" not in result.out + result.err
        assert "\u202e" not in result.out + result.err


def test_hints_come_one_by_one(command: Command) -> None:
    first = command("hint", "2")
    assert first.code == 0
    assert "Hint 1 of 3" in first.out
    assert "asyncgrade hint exercise-2 -n 2" in first.out
    last = command("hint", "2", "-n", "3")
    assert "Hint 3 of 3" in last.out
    assert "asyncgrade hint" not in last.out


def test_all_hints_can_be_seen_at_once(command: Command) -> None:
    out = command("hint", "2", "--all").out
    assert [f"Hint {number} of 3" in out for number in (1, 2, 3)] == [True] * 3


@pytest.mark.parametrize("number", ["0", "4", "-1", "x"])
def test_hint_that_does_not_exist_is_refused(command: Command, number: str) -> None:
    assert command("hint", "2", "-n", number).code == ExitCode.USAGE


def test_start_writes_a_program_and_the_names_of_the_services(command: Command, here: Path) -> None:
    result = command("start", "2")
    assert (result.code, result.err) == (0, "")
    assert "asyncgrade check exercise-2 exercise-2.py" in result.out
    assert "async def get_users_and_locations(" in (here / "exercise-2.py").read_text("utf-8")
    assert "def get_users(" in (here / "services.pyi").read_text("utf-8")
    assert {path.name for path in here.iterdir()} == {"exercise-2.py", "services.pyi"}


def test_start_makes_the_folder(command: Command, here: Path) -> None:
    assert command("start", "2", "--dir", "week/two").code == 0
    assert (here / "week" / "two" / "exercise-2.py").is_file()


def test_start_never_overwrites_a_program(command: Command, here: Path) -> None:
    (here / "exercise-2.py").write_text("mine", "utf-8")
    result = command("start", "2")
    assert result.code == ExitCode.USAGE
    assert "exercise-2.py exists already and was not changed" in result.err
    assert (here / "exercise-2.py").read_text("utf-8") == "mine"


def test_start_keeps_the_services_of_another_exercise_and_says_so(
    command: Command, here: Path
) -> None:
    assert command("start", "2").code == 0
    stub = (here / "services.pyi").read_text("utf-8")
    result = command("start", "3")
    assert result.code == 0
    assert "services.pyi exists already" in result.err
    assert (here / "services.pyi").read_text("utf-8") == stub
    assert (here / "exercise-3.py").is_file()


def test_start_does_not_write_through_a_link(command: Command, here: Path) -> None:
    (here / "exercise-2.py").symlink_to(here / "elsewhere.py")
    assert command("start", "2").code == ExitCode.USAGE
    assert not (here / "elsewhere.py").exists()


def test_start_needs_a_folder_that_can_be_written(command: Command, here: Path) -> None:
    (here / "file").touch()
    result = command("start", "2", "--dir", "file")
    assert result.code == ExitCode.USAGE
    assert "file is a file, not a folder" in result.err
    result = command("start", "2", "--dir", "file/below")
    assert result.code == ExitCode.USAGE
    assert "can't write to" in result.err


def test_command_that_start_names_can_be_pasted(command: Command, here: Path) -> None:
    assert (
        "check exercise-2 'my folder/exercise-2.py'"
        in command("start", "2", "--dir", "my folder").out
    )
    assert "check exercise-2 ./-d/exercise-2.py" in command("start", "2", "--dir=-d").out


def test_commands_that_are_named_find_the_exercises_again(command: Command, here: Path) -> None:
    (here / "mine").mkdir()
    source = (installed_exercises_dir() / "exercise-2.yaml").read_bytes()
    (here / "mine" / "exercise-2.yaml").write_bytes(source)
    for words in (["list"], ["show", "2"], ["hint", "2"], ["start", "2"]):
        assert "--exercises mine" in " ".join(command(*words, "--exercises", "mine").out.split())
    assert "asyncgrade list --exercises mine" in command("show", "x", "--exercises", "mine").err


def test_program_to_begin_with_loads_and_earns_no_goal(tmp_path: Path) -> None:
    assert asyncgrade("start", "2", cwd=tmp_path).returncode == 0
    result = asyncgrade("check", "2", cwd=tmp_path)
    assert result.returncode == ExitCode.NOT_ALL_PASSED
    assert b"could not be loaded" not in result.stdout


def test_doctor_says_what_isolates_programs() -> None:
    result = asyncgrade("doctor")
    assert (result.returncode, result.stderr) == (0, b"")
    out = result.stdout.decode()
    for word in ("Python: ", "packages: ", "click ", "system: ", "exercises: ", "isolation in use"):
        assert word in out


def test_doctor_names_each_package_that_asyncgrade_needs() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    needed = text.partition("\ndependencies = [")[2].partition("]")[0]
    assert sorted(re.findall(r'"([\w.-]+)', needed)) == sorted(PACKAGES)


def test_doctor_ends_well_without_exercises(command: Command, here: Path) -> None:
    result = command("doctor", "--exercises", here)
    assert result.code == 0
    assert "not tried" in result.out


def test_run_shows_output_result_and_lanes_but_no_grade() -> None:
    source = RIGHT.read_bytes() + b"\nprint('loaded')\n"
    result = asyncgrade("run", "2", "-", stdin=source)
    out = result.stdout.decode()
    assert (result.returncode, result.stderr) == (0, b"")
    assert "| loaded" in out
    assert "returned: " in out
    assert "Your run: 3 s" in out
    assert "get_locations()" in out
    assert "points" not in out


def test_run_of_a_serial_program_takes_longer() -> None:
    assert "Your run: 5 s" in asyncgrade("run", "2", SERIAL).stdout.decode()


def test_run_shows_the_error_of_the_program() -> None:
    source = b"async def get_users_and_locations():\n    return 1 / 0\n"
    result = asyncgrade("run", "2", "-", stdin=source)
    assert result.returncode == 1
    assert "ZeroDivisionError: division by zero" in result.stdout.decode()


def test_run_refuses_what_is_no_text(command: Command, here: Path) -> None:
    (here / "mine.py").write_bytes(b"\xff")
    result = command("run", "2", "mine.py")
    assert result.code == ExitCode.USAGE
    assert "not UTF-8" in result.err


def test_run_in_real_time_takes_the_virtual_time(tmp_path: Path) -> None:
    text = EXERCISE_2.read_text("utf-8").replace("duration: 3", "duration: 0.3")
    (tmp_path / "exercise-2.yaml").write_text(text.replace("duration: 2", "duration: 0.2"), "utf-8")
    begin_s = time.monotonic()
    result = asyncgrade("run", "2", RIGHT, "--real-time", "--exercises", tmp_path)
    assert result.returncode == 0
    assert "Your run: 0.3 s" in result.stdout.decode()
    assert time.monotonic() - begin_s >= 0.3
