"""Finding exercises by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.exercise.catalog import (
    NoSuchExercise,
    exercise_ids,
    find_exercise,
    installed_exercises_dir,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("exercise-10", "exercise-2", "exercise-1", "quiz-1", "display-user", "lab-7"):
        (tmp_path / f"{name}.yaml").touch()
    (tmp_path / "notes.txt").touch()
    (tmp_path / "Not An Id.yaml").touch()
    return tmp_path


def refusal(name: str, folder: Path) -> str:
    with pytest.raises(NoSuchExercise) as caught:
        find_exercise(name, folder)
    return str(caught.value)


def test_order_is_natural_and_quizzes_are_left_out(folder: Path) -> None:
    assert exercise_ids(folder) == [
        "display-user",
        "exercise-1",
        "exercise-2",
        "exercise-10",
        "lab-7",
    ]


def test_missing_folders_hold_nothing(tmp_path: Path) -> None:
    assert exercise_ids(tmp_path / "none") == []
    assert "holds no exercises" in refusal("exercise-1", tmp_path / "none")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("exercise-2", "exercise-2"),
        ("Exercise-2", "exercise-2"),
        ("exercise-2.yaml", "exercise-2"),
        ("2", "exercise-2"),
        ("10", "exercise-10"),
        ("7", "lab-7"),
        ("display-user", "display-user"),
    ],
)
def test_names_and_numbers_are_found(folder: Path, name: str, found: str) -> None:
    assert find_exercise(name, folder) == folder / f"{found}.yaml"


def test_near_names_are_offered(folder: Path) -> None:
    assert refusal("excercise-2", folder) == (
        "there is no exercise 'excercise-2'; did you mean exercise-2 or exercise-1 or exercise-10?"
    )
    assert refusal("zzz", folder) == (
        "there is no exercise 'zzz'; there are 5:"
        " display-user, exercise-1, exercise-2, exercise-10, lab-7"
    )


def test_ambiguous_numbers_are_refused(folder: Path) -> None:
    (folder / "lab-2.yaml").touch()
    assert refusal("2", folder) == "'2' can mean exercise-2 or lab-2; write the whole name"


@pytest.mark.parametrize(
    "name", ["", "-2", "../exercise-2", "/etc/passwd", "a\0b", "*", "x" * 5000]
)
def test_other_names_are_never_paths(folder: Path, name: str) -> None:
    assert len(refusal(name, folder)) < 300


def test_installed_exercises_are_there() -> None:
    assert "exercise-1" in exercise_ids(installed_exercises_dir())
