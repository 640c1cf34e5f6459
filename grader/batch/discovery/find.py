"""From a folder or an archive to the list of who handed in what. Reads names, runs nothing.

A folder that is alone where it lies is stepped into when what is in it is a class: names of an LMS
or a classroom, several folders, files named by logins of the roster, or, in an archive, several
Python files. Else it is the folder of the only student; ``--layout files`` says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.batch.discovery import classrooms, gradescope, handmade, lms
from grader.batch.discovery.folder import FolderTree
from grader.batch.discovery.layouts import (
    Layout,
    Piece,
    Recognised,
    recognise,
    recognise_as,
    view_of,
)
from grader.batch.discovery.listing import composed, shown
from grader.batch.discovery.programs import choose, several
from grader.batch.discovery.roster import Roster, read_roster
from grader.batch.discovery.tree import Tree, open_tree
from grader.batch.records import BatchError, Handin, Skipped, Student

NOTHING = "nothing was handed in"
_SUFFIXES = (".zip", ".tgz", ".tbz2", ".txz", ".gz", ".bz2", ".xz", ".tar")

SPECIFIC = (
    Layout("canvas", "Canvas download", lms.canvas, "doejane_5362839_74575800_exercise_3.py"),
    Layout("moodle", "Moodle download", lms.moodle, "Jane Doe_12345_assignsubmission_file"),
    Layout("gradescope", "Gradescope export", gradescope.gradescope, "submission_metadata.yml"),
    Layout(
        "blackboard",
        "Blackboard download",
        lms.blackboard,
        "Exercise 3_jdoe_attempt_2026-11-22-14-32-01_exercise_3.py",
    ),
    Layout("nbgrader", "nbgrader tree", classrooms.nbgrader, "submitted/doejane/exercise-3"),
    Layout(
        "github-classroom",
        "GitHub Classroom download",
        classrooms.github_classroom,
        "exercise-3-doejane",
    ),
    Layout(
        "classroom50",
        "Classroom 50 download",
        classrooms.classroom50,
        "async-2026-exercise-3-doejane",
    ),
)
BY_HAND = (
    Layout("folders", handmade.FOLDERS, handmade.folders, "doejane/exercise_3.py"),
    Layout("files", handmade.FILES, handmade.files, "doejane.py"),
    Layout("mixed", handmade.MIXED, handmade.mixed, "doejane.py, okaforc/exercise_3.py"),
)
LAYOUTS = {layout.name: layout for layout in (*SPECIFIC, *BY_HAND)}


@dataclass(frozen=True, slots=True)
class Discovery:
    """Who handed in what. ``tree`` reads the sources; close it in the end."""

    layout: str  # in words
    handins: list[Handin]  # by the student's key, then by attempt
    skipped: list[Skipped]
    tree: Tree
    unmatched: list[str] = field(default_factory=list)  # keys that the roster doesn't know

    def sentence(self) -> str:
        """Say in one line what was recognised."""
        last = {handin.student.key: handin for handin in self.handins}
        absent = sum(handin.attempt == 0 for handin in last.values())
        empty = sum(handin.problem.startswith("no Python file") for handin in last.values())
        unclear = sum(bool(handin.problem) for handin in last.values()) - absent - empty
        count = len(last) - absent
        earlier = len(self.handins) - len(last)
        parts = [
            f"recognised: {self.layout}",
            f"{count} submission{'s' * (count != 1)}",
            f"{empty} without a Python file" * bool(empty),
            f"{unclear} where the program is not clear" * bool(unclear),
            f"{earlier} earlier attempt{'s' * (earlier != 1)}" * bool(earlier),
            f"{absent} on the roster handed nothing in" * bool(absent),
            f"{len(self.unmatched)} not on the roster" * bool(self.unmatched),
            f"{len(self.skipped)} skipped" * bool(self.skipped),
        ]
        return ", ".join(filter(None, parts))


def discover(
    source: Path,
    *,
    exercise_id: str,
    layout: str | None = None,
    program_name: str | None = None,
    roster: Path | None = None,
) -> Discovery:
    """Find what was handed in below ``source``. Raises BatchError and nothing else.

    ``layout`` is a key of LAYOUTS, None recognises it; ``program_name`` says which file of several
    is the program.
    """
    if layout is not None and layout not in LAYOUTS:
        raise BatchError(
            f"there is no layout {shown(layout)}", f"wanted one of: {', '.join(LAYOUTS)}"
        )
    people = read_roster(roster) if roster is not None else None
    tree = open_tree(source)
    try:
        logins = people.logins if people else frozenset()
        view = view_of(
            tree.entries(),
            _stem(source),
            exercise_id,
            logins,
            tree.read,
            program_name,
            is_archive=not isinstance(tree, FolderTree),
        )
        if layout is None:
            found = recognise(view, SPECIFIC, handmade.general)
        else:
            found = recognise_as(view, LAYOUTS[layout])
        handins = _handins(found, exercise_id, program_name)
        unmatched: list[str] = []
        if people is not None:
            handins, unmatched = _with_roster(handins, people)
    except BaseException:
        tree.close()
        raise
    handins.sort(key=lambda handin: (handin.student.key, handin.attempt))
    left = (Skipped(shown(path), why) for path, why in found.skipped)
    skipped = sorted([*tree.skipped, *left], key=lambda skip: (skip.path, skip.why))
    return Discovery(LAYOUTS[found.layout].words, handins, skipped, tree, unmatched)


def _stem(source: Path) -> str:
    name = source.name or source.resolve().name
    while name.lower().endswith(_SUFFIXES):
        name = name.rpartition(".")[0]
    return name or str(source)


def _handins(found: Recognised, exercise_id: str, program_name: str | None) -> list[Handin]:
    by_student: dict[str, list[Piece]] = {}
    for piece in found.pieces:
        student = _composed(piece.student)
        by_student.setdefault(student.key, []).append(piece._replace(student=student))
    one_file = found.layout == "files"
    handins: list[Handin] = []
    for pieces in by_student.values():
        handins += _attempts(pieces, exercise_id, None if one_file else program_name)
    return handins


def _composed(student: Student) -> Student:
    """One student for each way that accents are kept in."""
    texts = (student.key, student.name, student.login, student.lms_id, student.email)
    return student if all(map(str.isascii, texts)) else Student(*map(composed, texts))


def _attempts(pieces: list[Piece], exercise_id: str, program_name: str | None) -> list[Handin]:
    """The submissions of one student, counted."""
    submissions: dict[str, list[Piece]] = {}
    for piece in pieces:
        submissions.setdefault(piece.submission, []).append(piece)
    handins: list[Handin] = []
    attempt = 0
    for _, files in sorted(submissions.items()):
        name, problem = choose([piece.name for piece in files], exercise_id, program_name)
        chosen = {piece.path: piece for piece in files if piece.name == name and piece.path}
        tries = sorted(chosen.values(), key=_order)
        if len({_order(piece) for piece in tries}) < len(tries):
            name, problem = "", several(sorted(chosen))
        for piece in tries if name else [files[-1]._replace(path="")]:
            attempt = max(attempt + 1, piece.attempt)
            handins.append(
                Handin(
                    pieces[0].student,
                    piece.path,
                    attempt,
                    piece.submitted_at,
                    piece.is_late,
                    problem,
                )
            )
    return handins


def _order(piece: Piece) -> tuple[int, int]:
    return piece.attempt, piece.order


def _with_roster(handins: list[Handin], roster: Roster) -> tuple[list[Handin], list[str]]:
    """Complete the students, and add those of the roster who handed nothing in."""
    students: dict[str, Student] = {}
    for handin in handins:
        students.setdefault(handin.student.key, handin.student)
    matched = roster.match(students.values())
    done = [replace(h, student=matched.completed.get(h.student.key, h.student)) for h in handins]
    done += [Handin(student, "", attempt=0, problem=NOTHING) for student in matched.absent]
    return done, matched.unmatched
