"""Finding exercises by name. It lists files and reads none of them."""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path

_ID = re.compile(r"[a-z0-9][a-z0-9-]*")


class NoSuchExercise(Exception):
    """No exercise has this name; the message names the nearest ones."""


def installed_exercises_dir() -> Path:
    """The folder of the exercises that came with the grader."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "installed_exercises"
    return installed if installed.is_dir() else package.parent / "exercises"


def exercise_ids(folder: Path) -> list[str]:
    """The ids of the exercises in a folder, exercise-2 before exercise-10; none if it is missing.

    Quizzes (``quiz-….yaml``) are another format and are left out.
    """
    try:
        names = [path.stem for path in folder.iterdir() if path.suffix == ".yaml"]
    except OSError:
        return []
    ids = [name for name in names if _ID.fullmatch(name) and not name.startswith("quiz-")]
    return sorted(ids, key=_natural)


def find_exercise(name: str, folder: Path) -> Path:
    """The file of an exercise: ``exercise-3``, or ``3`` when only one id ends so.

    Raises NoSuchExercise.
    """
    ids = exercise_ids(folder)
    wanted = name.strip().lower().removesuffix(".yaml")
    if wanted in ids:
        return folder / f"{wanted}.yaml"
    ending = [known for known in ids if known.endswith(f"-{wanted}")] if wanted.isdecimal() else []
    if len(ending) == 1:
        return folder / f"{ending[0]}.yaml"
    raise NoSuchExercise(_explanation(name, ids, ending, folder))


def _explanation(name: str, ids: list[str], ending: list[str], folder: Path) -> str:
    shown = repr(name if len(name) <= 60 else name[:59] + "…")
    if ending:
        return f"{shown} can mean {' or '.join(ending)}; write the whole name"
    if not ids:
        return f"there is no exercise {shown}: the folder {folder} holds no exercises"
    near = get_close_matches(name.lower(), ids, n=3, cutoff=0.6)
    if near:
        return f"there is no exercise {shown}; did you mean {' or '.join(near)}?"
    first = ", ".join(ids[:5]) + (", …" if len(ids) > 5 else "")
    return f"there is no exercise {shown}; there are {len(ids)}: {first}"


def _natural(name: str) -> list[tuple[int, str]]:
    return [
        (int(part), "") if part.isdecimal() and len(part) < 10 else (-1, part)
        for part in re.findall(r"[0-9]+|[^0-9]+", name)
    ]


def usual_names(exercise_id: str) -> tuple[str, ...]:
    """What the program for an exercise is usually called, inside a student's folder."""
    return (
        f"{exercise_id}.py",
        f"{exercise_id.replace('-', '_')}.py",
        f"{exercise_id}/solution.py",
        f"{exercise_id}/{exercise_id}.py",
    )
