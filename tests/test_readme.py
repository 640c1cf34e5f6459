"""The two commands of the README work as they are written there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from pathlib import Path

from tests.helpers import ROOT
from tests.tree import copy_of_the_tree

README = (ROOT / "README.md").read_text(encoding="utf-8")


def command_after(comment: str) -> str:
    found = re.findall(rf"^# {comment}\n(.+)$", README, re.MULTILINE)
    assert len(found) == 1
    return found[0]


def test_first_command_installs_and_grades_in_a_fresh_environment(tmp_path: Path) -> None:
    tree = copy_of_the_tree(tmp_path / "tree")
    venv.create(tmp_path / "venv", with_pip=True)
    programs = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    done = subprocess.run(
        command_after("install and grade"),
        shell=True,
        cwd=tree,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        },
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All passed" in done.stdout


def test_ci_runs_the_second_command_as_it_is_written() -> None:
    script = ROOT / ".ci" / "readme_command.py"
    printed = subprocess.run(
        [sys.executable, str(script), "install and test"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed.stdout == command_after("install and test") + "\n"
    run = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert 'command=$(python3 .ci/readme_command.py "install and test")' in run
    assert re.search(r'^bash .*-c "\$command"$', run, re.MULTILINE)
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_second_command_installs_the_extra_that_holds_the_test_tools() -> None:
    extra = re.search(r"\[(\w+)\]", command_after("install and test"))
    assert extra is not None
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    listed = re.search(rf"^{extra[1]} = \[(.*?)^\]", pyproject, re.MULTILINE | re.DOTALL)
    assert listed is not None
    for tool in ("pytest", "build", "hatchling", "ruff", "mypy"):
        assert f'"{tool}>=' in listed[1]


def test_ci_says_which_command_is_missing() -> None:
    script = ROOT / ".ci" / "readme_command.py"
    done = subprocess.run(
        [sys.executable, str(script), "no such command"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "README.md has no command '# no such command'" in done.stderr
