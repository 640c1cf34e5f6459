"""What is in the wheel: the grader and its exercises, never solutions or tests."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest

from grader.version import __version__
from tests.helpers import ROOT
from tests.tree import copy_of_the_tree

META = f"asyncgrade-{__version__}.dist-info"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    tree = copy_of_the_tree(folder / "tree")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    done = subprocess.run([*command, str(tree)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_wheel_is_for_every_system(wheel: Path) -> None:
    assert wheel.name == f"asyncgrade-{__version__}-py3-none-any.whl"


def test_every_exercise_is_in_the_wheel(names: list[str]) -> None:
    exercises = [path.name for path in (ROOT / "exercises").iterdir()]
    assert "exercise-1.yaml" in exercises
    inside = [name for name in names if name.startswith("grader/installed_exercises/")]
    assert sorted(inside) == sorted(f"grader/installed_exercises/{name}" for name in exercises)


def test_every_file_of_the_package_is_in_the_wheel(names: list[str]) -> None:
    package = ROOT / "grader"
    files = {
        path.relative_to(ROOT).as_posix()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert "grader/reporters/verdict.schema.json" in files
    assert files <= set(names)


def test_nothing_else_is_in_the_wheel(names: list[str]) -> None:
    assert {name.split("/")[0] for name in names} == {"grader", META}
    assert [name for name in names if "solution" in name or "test" in name] == []


def test_console_script_is_declared(wheel: Path) -> None:
    parser = ConfigParser()
    with zipfile.ZipFile(wheel) as archive:
        parser.read_string(archive.read(f"{META}/entry_points.txt").decode())
    assert dict(parser["console_scripts"]) == {"asyncgrade": "grader.__main__:main"}


def test_license_and_required_python_are_declared(wheel: Path, names: list[str]) -> None:
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(f"{META}/METADATA").decode()
    assert "Requires-Python: >=3.10" in metadata
    assert "License-Expression: MIT" in metadata
    assert f"{META}/licenses/LICENSE" in names
