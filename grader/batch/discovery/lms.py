"""How Canvas, Moodle and Blackboard name what an instructor downloads.

A file's own name comes last and is the student's, so the first reading of a name is the source's.
"""

from __future__ import annotations

import re
from collections import Counter

from grader.batch.discovery.layouts import Gathered, Piece, Recognised, View
from grader.batch.discovery.listing import composed
from grader.batch.records import Student

# canvas-lms, lib/content_zipper.rb: add_upload_submission, get_filename, add_text_or_url. A user's
# name keeps its underscores, but for those around digits.
_CANVAS = re.compile(
    r"(?:(?P<name>[^_]+(?:_+[^_\d][^_]*)*?)(?P<late>_LATE)?_(?P<user>\d+)"
    r"|(?P<anon_late>LATE_)?anon_(?P<anon>[^_]+))"
    r"_(?:(?P<attachment>\d+)_(?P<file>.+)|(?:text|link)\.html)",
    re.DOTALL,
)
_SECOND_READING = re.compile(r"(?:^|_)\d+_\d+_")
# Canvas adds "-1", "-2" to a file name that the student has handed in before. Its download holds
# the files of the last time only; people put several downloads into one folder.
_RESUBMITTED = re.compile(r"(?P<stem>.+)-(?P<number>[1-9]\d?)(?P<suffix>\.py)", re.IGNORECASE)

# moodle, mod/assign/locallib.php: download_submissions.
_MOODLE = re.compile(
    r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?P<plugin>[a-z]+)(?:_(?P<file>.*))?", re.DOTALL
)
_MOODLE_BLIND = "Participant"

# nbgrader's documentation on Blackboard's "assignment file download".
_BLACKBOARD = re.compile(
    r"(?P<head>.+?)_attempt_(?P<at>\d{4}(?:-\d\d){5})(?:_(?P<file>.+)|\.txt)", re.DOTALL
)


def is_id_of(kind: str, lms_id: str, path: str) -> bool:
    """Say whether a path is of a download from ``kind`` that names the student by this number."""
    if kind == "Canvas":
        match = _CANVAS.fullmatch(path.rpartition("/")[2])
        return match is not None and match["user"] == lms_id
    if kind == "Moodle":
        found = (match for part in path.split("/") if (match := _MOODLE.fullmatch(part)))
        first = next(found, None)  # the names below are the student's
        return first is not None and first["id"] == lms_id
    return False


def canvas(view: View) -> Recognised | None:
    """Recognise Canvas's "Download Submissions"."""
    found = Gathered("canvas", "downloads from Canvas")
    parsed: list[tuple[str, re.Match[str]]] = []
    names: dict[str, set[str]] = {}  # by user id, where a name can be read in one way only
    for entry in view.files():
        match = _CANVAS.fullmatch(view.name(entry))
        if match is None:
            found.unfit(entry.path)
            continue
        parsed.append((entry.path, match))
        if match["user"] and not _SECOND_READING.search(match["file"] or ""):
            names.setdefault(match["user"], set()).add(match["name"])
    for folder in view.folders():
        found.unfit(view.base + folder)
    for path, match in parsed:
        known = names.get(match["user"] or "", {match["name"]})
        if match["name"] not in known or len(known) > 1:
            found.unfit(path, "its name could belong to two students; look at it by hand")
            continue
        found.fit([_canvas_piece(view, path, match)])
    return found.result("files are named NAME_USER-ID_FILE-ID_FILE")


def _canvas_piece(view: View, path: str, match: re.Match[str]) -> Piece:
    if match["anon"]:
        student = Student(f"anon_{match['anon']}")
        is_late = match["anon_late"] is not None
    else:
        student = Student(match["user"], name=match["name"], lms_id=match["user"])
        is_late = match["late"] is not None
    if not match["file"]:
        return Piece(student, path, path.rpartition("_")[2], is_late=is_late)
    name, attempt = match["file"], 1
    again = _RESUBMITTED.fullmatch(name)
    if again is not None:
        # Students number their files, too: "task-2.py" may be the second part of two, and
        # "exercise-3.py" is itself. So only the name that the program should have is believed.
        usual = set(map(_alike, view.usual))
        first = again["stem"] + again["suffix"]
        if _alike(first) in usual and _alike(name) not in usual:
            name, attempt = first, int(again["number"]) + 1
    order = int(match["attachment"])
    return Piece(student, path, name, attempt=attempt, order=order, is_late=is_late)


def _alike(name: str) -> str:
    """A file name without what Canvas and people change: capitals, and "-" for "_" or a blank."""
    return re.sub(r"[-_\s]", "-", composed(name).casefold())


def moodle(view: View) -> Recognised | None:
    """Recognise Moodle's "Download all submissions", with folders or without."""
    found = Gathered("moodle", "downloads from Moodle")
    names: dict[str, list[str]] = {}  # by participant
    rows: list[tuple[re.Match[str], list[Piece]]] = []
    files = {view.name(entry) for entry in view.files()}
    for top in view.tops:
        match = _MOODLE.fullmatch(top)
        if match is None:
            found.unfit(view.base + top)
            continue
        names.setdefault(match["id"], []).append(match["name"])
        piece = Piece(Student(match["id"]))
        if match["plugin"] != "file":  # text typed into the site, not a program
            rows.append((match, [piece]))
        elif top in files:
            name = match["file"] or ""
            rows.append((match, [piece._replace(path=view.base + top, name=name)]))
        else:
            rows.append((match, view.pieces(top, piece)))
    shown_names = _without_groups(names)
    for match, pieces in rows:
        key = match["id"]
        student = Student(key, name=shown_names[key], lms_id=key)
        found.fit([piece._replace(student=student) for piece in pieces])
    return found.result("names hold _assignsubmission_")


def _without_groups(names: dict[str, list[str]]) -> dict[str, str]:
    """Take "Participant" off, and the group's name where it can be told from a name's hyphen."""
    plain: dict[str, str] = {}
    for key, each in names.items():
        shortest = min(each, key=len)
        longer = (name for name in each if not name.endswith(f"-{shortest}"))
        plain[key] = shortest if all(name == shortest for name in longer) else each[0]
    if len(set(plain.values())) == 1 and (len(plain) > 1 or _MOODLE_BLIND in plain.values()):
        return dict.fromkeys(plain, "")
    plain = {key: "" if name == _MOODLE_BLIND else name for key, name in plain.items()}
    groups = Counter(name.partition("-")[0] for name in plain.values() if "-" in name)
    # Only where everybody has a group, and people share it, is the hyphen not a person's own.
    if len(plain) > 1 and sum(groups.values()) == len(plain) > len(groups):
        return {key: name.partition("-")[2] for key, name in plain.items()}
    return plain


def blackboard(view: View) -> Recognised | None:
    """Recognise Blackboard's "Assignment File Download"."""
    found = Gathered("blackboard", "downloads from Blackboard")
    rows: list[tuple[str, re.Match[str]]] = []
    for entry in view.files():
        match = _BLACKBOARD.fullmatch(view.name(entry))
        if match is None:
            found.unfit(entry.path)
        else:
            rows.append((entry.path, match))
    for folder in view.folders():
        found.unfit(view.base + folder)
    assignment = _assignment([match["head"] for _, match in rows])
    for path, match in rows:
        login = match["head"][len(assignment) :]
        if not login:
            found.unfit(path)
            continue
        student = Student(login, login=login)
        name = match["file"] or "the note of Blackboard"
        # Blackboard's time has no zone, so it is good for order only.
        found.fit([Piece(student, path, name, submission=match["at"])])
    return found.result("names hold _attempt_ and a date")


def _assignment(heads: list[str]) -> str:
    """The part before the user's name: what all of them share, up to an underscore."""
    shared = {head.rpartition("_")[0] for head in heads}
    if len(shared) == 1:
        return f"{shared.pop()}_"
    if not heads:
        return ""
    low, high = min(heads), max(heads)
    same = next((i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), len(low))
    return low[: low.rfind("_", 0, same) + 1]
