"""Clones of a classroom's repositories, and nbgrader's tree: a folder a student, named by a tool.

Logins and titles both hold hyphens, so a known beginning is cut off; a name is never split.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable

from grader.batch.discovery.layouts import Gathered, Piece, Recognised, View
from grader.batch.discovery.listing import shown
from grader.batch.records import BatchError, Student

_SCORES = "scores.csv"  # Classroom 50 writes it beside the clones
_MAX_SCORES_BYTES = 16 * 1024 * 1024
_CLONES = "-submissions"  # gh classroom clone: <slug>-submissions/<slug>-<login>
_SUBMITTED = "submitted"
_TIMESTAMP = "timestamp.txt"
_Files = dict[str, dict[str, list[tuple[str, str]]]]  # student, assignment: paths and names
_UTC = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d{1,6})?) ?(?:UTC|Z|\+00:?00)")


def github_classroom(view: View) -> Recognised | None:
    """Recognise ``gh classroom clone student-repos``."""
    if _scores(view):
        return None
    slugs = [view.exercise_id, view.exercise_id.replace("_", "-")]
    if view.source.endswith(_CLONES):
        slugs.insert(0, view.source.removesuffix(_CLONES))
    folders = view.folders()
    beginnings = [f"{slug}-" for slug in slugs]
    if (voted := _before_logins(folders, view.logins)) and not _in_the_middle(view, voted):
        beginnings.insert(0, voted)
    counts = {b: sum(_cut(name, b) != "" for name in folders) for b in beginnings}
    best = max(beginnings, key=lambda beginning: counts[beginning])
    found = Gathered("github-classroom", "clones of GitHub Classroom")
    return _clones(view, best, found)


def classroom50(view: View) -> Recognised | None:
    """Recognise ``gh teacher download``: clones named <classroom>-<assignment>-<login>."""
    folders = view.folders()
    logins = view.logins | _scores(view)
    beginning = _before_logins(folders, logins)
    if not _scores(view) and not _in_the_middle(view, beginning):
        beginning = _most_common(_up_to(name, view.exercise_id) for name in folders)
    if not beginning:
        return None
    return _clones(view, beginning, Gathered("classroom50", "clones of Classroom 50"))


def nbgrader(view: View) -> Recognised | None:
    """Recognise nbgrader's submitted/STUDENT/ASSIGNMENT/."""
    if view.source == _SUBMITTED:
        below, students = view.base, view.folders()
    elif _SUBMITTED in view.folders():
        below = f"{view.base}{_SUBMITTED}/"
        students = _firsts(view, _SUBMITTED)
    else:
        return None
    files: _Files = {name: {} for name in students}
    for name in students if below == view.base else [_SUBMITTED]:
        for path, _ in view.within(name):
            student, _, rest = path[len(below) :].partition("/")
            assignment, slash, file = rest.partition("/")
            place = files.setdefault(student, {})
            place.setdefault(assignment if slash else "", []).append((path, file))
    if 2 * sum("" in theirs for theirs in files.values()) > len(students):
        return None  # files lie in the students' own folders: not a folder an assignment
    chosen = _assignment(view, files)
    found = Gathered("nbgrader", "the tree of nbgrader")
    for name in students:
        if "" in files[name]:
            found.unfit(below + name, f"it holds files beside the folder {shown(chosen)}")
        elif chosen in files[name]:
            found.fit(_nbgrader_pieces(view, name, files[name][chosen]))
    return found.result(f"there is a folder {_SUBMITTED}/STUDENT/{shown(chosen)}")


# --- clones ----------------------------------------------------------------------------------


def _clones(view: View, beginning: str, found: Gathered) -> Recognised | None:
    for folder in view.folders():
        login = _cut(folder, beginning)
        if login:
            found.fit(view.pieces(folder, Piece(Student(login, login=login))))
        else:
            found.unfit(view.base + folder)
    for entry in view.files():
        if entry.path.lower().endswith(".py"):
            found.unfit(entry.path)
    return found.result(f"folders begin with {shown(beginning)}")


def _cut(name: str, beginning: str) -> str:
    return name[len(beginning) :] if name.startswith(beginning) else ""


def _in_the_middle(view: View, beginning: str) -> bool:
    """Say whether a classroom's name stands before the exercise."""
    return beginning.endswith(f"-{view.exercise_id}-")


def _up_to(name: str, exercise_id: str) -> str:
    head, middle, _ = name.partition(f"-{exercise_id}-")
    return head + middle if middle and head else ""


def _before_logins(folders: list[str], logins: frozenset[str]) -> str:
    """What stands before a known login in most folders; "" when in none."""
    if not logins:
        return ""
    return _most_common(
        name[: at + 1]
        for name in folders
        for at, char in enumerate(name)
        if char == "-" and name[at + 1 :].casefold() in logins
    )


def _most_common(beginnings: Iterable[str]) -> str:
    counts = Counter(b for b in beginnings if b)
    return min(counts, key=lambda b: (-counts[b], b)) if counts else ""


def _scores(view: View) -> frozenset[str]:
    """The logins of the scores.csv that Classroom 50 puts beside the clones."""
    if not any(view.name(entry) == _SCORES for entry in view.files()):
        return frozenset()
    text = view.read(view.base + _SCORES, _MAX_SCORES_BYTES).decode("utf-8-sig", "replace")
    try:
        rows = csv.DictReader(io.StringIO(text, newline=""))
        return frozenset(name.casefold() for row in rows if (name := row.get("username")))
    except csv.Error:
        return frozenset()


# --- nbgrader --------------------------------------------------------------------------------


def _nbgrader_pieces(view: View, name: str, theirs: list[tuple[str, str]]) -> list[Piece]:
    piece = Piece(Student(name, login=name))
    stamp = next((path for path, file in theirs if file == _TIMESTAMP), "")
    if stamp:
        piece = piece._replace(submitted_at=_time(view.read(stamp, 200)))
    pieces = [piece._replace(path=path, name=file) for path, file in theirs if path != stamp]
    return pieces or [piece]


def _firsts(view: View, folder: str) -> list[str]:
    prefix = f"{view.base}{folder}/"
    below = view.tops[folder]
    firsts = {e.path[len(prefix) :].partition("/")[0] for e in below if e.path.startswith(prefix)}
    files = {e.path[len(prefix) :] for e in below if e.kind == "file"}
    return sorted(firsts - files)


def _assignment(view: View, files: _Files) -> str:
    names = sorted({name for theirs in files.values() for name in theirs if name})
    wanted = view.exercise_id.replace("_", "-").casefold()
    same = [name for name in names if name.replace("_", "-").casefold() == wanted]
    if len(same) == 1:
        return same[0]
    if len(names) > 1:
        raise BatchError(
            f"{_SUBMITTED} holds more than one assignment: {', '.join(map(shown, names[:10]))}",
            f"wanted one that is named {view.exercise_id}",
            "Rename the folders, or give a folder that holds this assignment only.",
        )
    return names[0] if names else view.exercise_id


def _time(data: bytes) -> str:
    """Write nbgrader's timestamp as ISO 8601; "" when its zone is not UTC."""
    match = _UTC.fullmatch(data.decode("utf-8", "replace").strip())
    return f"{match[1]}T{match[2]}+00:00" if match else ""
