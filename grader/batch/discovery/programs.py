"""Which of a student's files is the program. By names only: nothing is read or parsed here."""

from __future__ import annotations

from collections.abc import Sequence

from grader.batch.discovery.listing import composed, shown
from grader.exercise.catalog import usual_names

_SHOWN = 4  # names in a message


def is_program(path: str) -> bool:
    """Say whether a name is that of a Python file."""
    return path[-3:].lower() == ".py" and len(path.rpartition("/")[2]) > len(".py")


def choose(
    names: Sequence[str], exercise_id: str, program_name: str | None = None
) -> tuple[str, str]:
    """Give the name of the program and "", or "" and why there is none."""
    programs = sorted({name for name in names if is_program(name)})
    if not programs:
        return "", _none(names)
    wanted = (program_name,) if program_name is not None else usual_names(exercise_id)
    for name in wanted:
        named = [p for p in programs if _is_named(p, name)]
        if named:
            return _highest(named)
    if program_name is not None:
        return "", f"there is no file {shown(program_name)}; there is {_list(programs)}"
    if len(programs) == 1:
        return programs[0], ""
    return "", (
        f"{len(programs)} Python files, and none is named {wanted[0]} or {wanted[1]}: "
        f"{_list(programs)}; say which with --program NAME"
    )


def several(paths: Sequence[str]) -> str:
    """Say that more than one file could be the program."""
    return f"{len(paths)} files have the name of the program: {_list(paths)}; keep one of them"


def _is_named(path: str, name: str) -> bool:
    path, name = composed(path).casefold(), composed(name).casefold()
    return path == name or path.endswith(f"/{name}")


def _highest(paths: list[str]) -> tuple[str, str]:
    """The one that lies in the fewest folders."""
    least = min(path.count("/") for path in paths)
    high = [path for path in paths if path.count("/") == least]
    if len(high) == 1:
        return high[0], ""
    return "", several(high)


def _none(names: Sequence[str]) -> str:
    others = sorted({name for name in names if name})
    if not others:
        return "no Python file: nothing was in it"
    packed = [n for n in others if n.lower().endswith((".zip", ".tar", ".gz", ".rar", ".7z"))]
    if packed:
        return f"no Python file, but an archive: {_list(packed)}; unpack it first"
    return f"no Python file, only {_list(others)}"


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(shown(name)[-60:] for name in names[:_SHOWN]) + more
