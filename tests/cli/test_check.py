"""``asyncgrade check`` as a real command: exit codes, formats, where the program comes from."""

from __future__ import annotations

import base64
import json
import os
import shlex
import sys
from pathlib import Path

import pytest

from grader.cli.problems import ExitCode
from grader.exercise.catalog import installed_exercises_dir
from tests.cli.commands import RIGHT, SERIAL, asyncgrade


def test_right_program_passes() -> None:
    result = asyncgrade("check", "exercise-2", RIGHT)
    assert result.stderr == b""
    assert result.returncode == ExitCode.ALL_PASSED
    assert "All passed" in result.stdout.decode()


def test_serial_program_is_graded_and_does_not_pass() -> None:
    result = asyncgrade("check", "2", SERIAL)
    assert result.stderr == b""
    assert result.returncode == ExitCode.NOT_ALL_PASSED
    assert "Score: " in result.stdout.decode()


@pytest.mark.parametrize(
    "name", ["exercise-2.py", "exercise_2.py", "exercise-2/solution.py", "exercise-2/exercise-2.py"]
)
def test_program_is_found_under_the_usual_names(tmp_path: Path, name: str) -> None:
    program = tmp_path / name
    program.parent.mkdir(exist_ok=True)
    program.write_bytes(RIGHT.read_bytes())
    result = asyncgrade("check", "2", cwd=tmp_path)
    assert result.returncode == ExitCode.ALL_PASSED
    assert name in result.stdout.decode()


def test_json_is_one_object_and_nothing_else() -> None:
    result = asyncgrade("check", "2", SERIAL, "--format", "json", "--seed", "abc")
    assert result.returncode == ExitCode.NOT_ALL_PASSED
    assert result.stderr == b""
    verdict = json.loads(result.stdout)
    assert verdict["exercise"] == "exercise-2"
    assert verdict["seed"] == "abc"
    assert not verdict["passed"]


def test_program_from_standard_input_is_graded() -> None:
    result = asyncgrade("check", "2", "-", "--format", "json", stdin=RIGHT.read_bytes())
    assert result.returncode == ExitCode.ALL_PASSED
    assert json.loads(result.stdout)["submission"]["path"] == "-"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (b"", "get_users_and_locations"),
        (b"# \xff\n", "not UTF-8"),
        (b"a = '\0'\n", "NUL byte"),
        (b"#" * 1_000_001, "too large"),
        (b"def broken(:\n", "SyntaxError"),
    ],
    ids=["empty", "latin-1", "nul", "too-large", "syntax"],
)
def test_program_that_can_not_be_loaded_is_graded_with_nothing(source: bytes, said: str) -> None:
    result = asyncgrade("check", "2", "-", "--format", "json", stdin=source)
    assert result.returncode == ExitCode.NOT_ALL_PASSED
    verdict = json.loads(result.stdout)
    assert verdict["score"] == 0
    assert said in f"{verdict['error']}"


def test_classroom_gives_points_to_the_workflow_and_exit_code_0(tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    outputs.write_text("earlier=1\n", "utf-8")
    result = asyncgrade("check", "2", SERIAL, "--format", "classroom", GITHUB_OUTPUT=str(outputs))
    assert result.returncode == 0
    *log, last = result.stdout.decode().splitlines()
    assert log
    assert all(line.startswith("| ") or line == "|" for line in log if line)
    assert json.loads(base64.b64decode(last))["status"] == "fail"
    written = outputs.read_text("utf-8").splitlines()
    assert written[:2] == ["earlier=1", f"result={last}"]
    assert any(line.startswith("result_overlap=") for line in written)


def test_quoted_line_has_the_number_that_python_counts() -> None:
    source = "# \u2028 \x85\n\x0c\nfrom services import *\n" + SERIAL.read_text("utf-8")
    source += "\n# the end\n"
    result = asyncgrade("check", "2", "-", "--format", "json", stdin=source.encode())
    items = json.loads(result.stdout)["items"]
    quoted = [(item["line"], item["source_line"]) for item in items if item["line"]]
    assert quoted
    lines = source.split("\n")
    assert all(lines[line - 1].strip() == text for line, text in quoted)


def test_page_is_written_for_a_browser(tmp_path: Path) -> None:
    page = tmp_path / "Report.HTML"
    assert asyncgrade("check", "2", RIGHT, "--html", page).returncode == ExitCode.ALL_PASSED
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")


def test_report_never_replaces_a_program(tmp_path: Path) -> None:
    program = tmp_path / "exercise-2.py"
    program.write_bytes(RIGHT.read_bytes())
    result = asyncgrade("check", "2", "--html", "exercise-2.py", cwd=tmp_path)
    assert result.returncode == ExitCode.USAGE
    assert "try --html exercise-2.html" in result.stderr.decode()
    assert program.read_bytes() == RIGHT.read_bytes()


def test_classroom_without_a_workflow_prints_only() -> None:
    result = asyncgrade("check", "2", RIGHT, "--format", "classroom")
    assert result.returncode == 0
    assert json.loads(base64.b64decode(result.stdout.splitlines()[-1]))["status"] == "pass"


def test_classroom_says_when_the_outputs_can_not_be_written(tmp_path: Path) -> None:
    result = asyncgrade("check", "2", RIGHT, "--format", "classroom", GITHUB_OUTPUT=str(tmp_path))
    assert result.returncode == ExitCode.USAGE
    assert b"GITHUB_OUTPUT" in result.stderr


def test_python_files_of_the_current_folder_are_not_imported(tmp_path: Path) -> None:
    for name in ("click.py", "yaml.py", "msgspec.py", "asyncio.py", "grade.py"):
        (tmp_path / name).write_text("raise SystemExit('imported')\n", "utf-8")
    assert asyncgrade("check", "2", RIGHT, cwd=tmp_path).returncode == ExitCode.ALL_PASSED


@pytest.mark.skipif(os.name == "nt", reason="another shell")
@pytest.mark.parametrize("name", ["-prog.py", "a b'c$.py", "é.py"])
def test_command_to_grade_again_can_be_pasted(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "my exercises"
    folder.mkdir()
    (folder / "mine.yaml").write_bytes(
        (installed_exercises_dir() / "exercise-2.yaml")
        .read_bytes()
        .replace(b"id: exercise-2", b"id: mine")
    )
    (tmp_path / name).write_bytes(SERIAL.read_bytes())
    options = ("--format", "json", "--exercises", folder.name, "--seed", "a b")
    first = asyncgrade("check", "mine", f"./{name}", *options, cwd=tmp_path)
    replay = shlex.split(json.loads(first.stdout)["replay"])
    assert replay[0] == "asyncgrade"
    again = asyncgrade(*replay[1:], "--format", "json", cwd=tmp_path)
    assert again.stdout == first.stdout
    report = asyncgrade("check", "mine", "--exercises", folder.name, "--", name, cwd=tmp_path)
    assert "asyncgrade hint mine --exercises 'my exercises'" in report.stdout.decode()
    assert f"check mine {shlex.quote(f'./{name}' if name[0] == '-' else name)} --seed" in (
        report.stdout.decode()
    )


@pytest.mark.skipif(os.name == "nt", reason="a folder in use can't be deleted there")
def test_deleted_current_folder_is_no_trouble(tmp_path: Path) -> None:
    script = 'mkdir gone && cd gone && rmdir ../gone && exec "$0" -m grader check 2 "$1"'
    command = ("sh", "-c", script, sys.executable)
    result = asyncgrade(RIGHT, cwd=tmp_path, command=command)
    assert result.stderr == b""
    assert result.returncode == ExitCode.ALL_PASSED


def test_file_that_can_not_be_loaded_ended_in_no_case() -> None:
    result = asyncgrade("check", "2", "-", stdin=b"import nosuch\n")
    assert "How it ended: your file could not be loaded" in result.stdout.decode()
