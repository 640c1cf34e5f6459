"""Layouts that people make by hand: a folder a student, a file a student."""

from __future__ import annotations

from grader.batch.discovery.layouts import (
    Gathered,
    Piece,
    Recognised,
    View,
    ambiguous,
    inner,
    unique,
)
from grader.batch.discovery.listing import composed, shown
from grader.batch.discovery.programs import is_program
from grader.batch.records import BatchError, Student

FOLDERS = "a folder a student"
FILES = "a file a student"
MIXED = "a folder or a file a student"


def folders(view: View) -> Recognised | None:
    """Take each folder for a student's."""
    return _take(view, "folders", "folders of students", with_folders=True)


def files(view: View) -> Recognised | None:
    """Take each Python file for a student's."""
    return _take(view, "files", "Python files of students", with_files=True)


def mixed(view: View) -> Recognised | None:
    """Take each folder and each Python file for a student's."""
    return _take(view, "mixed", "students' own", with_folders=True, with_files=True)


def general(view: View) -> Recognised:
    """Decide by what is there. Raises BatchError when it could be more than one."""
    view = _inside_the_wrapper(view)
    programs = [view.name(entry) for entry in view.files() if is_program(entry.path)]
    holding = [name for name in view.folders() if any(is_program(p) for p, _ in view.within(name))]
    usual = _usual(view, programs)
    if usual:
        raise BatchError(
            f"{shown(view.source)} holds {shown(usual[0])} itself, so it looks like one student's",
            "wanted: a folder a student, or a file a student that is named after the student",
            "Name the folder above it; or say --layout files if the names are right.",
        )
    if programs and holding:
        raise ambiguous(
            view.source,
            [
                ("folders", FOLDERS, f"{shown(holding[0])}/ holds a Python file"),
                ("files", FILES, f"{shown(programs[0])} is a Python file"),
                ("mixed", MIXED, "there are both"),
            ],
        )
    made = files(view) if programs else folders(view)
    if made is None:
        raise BatchError(
            f"there are no submissions in {shown(view.source)}: no folder and no Python file",
            "wanted: what the students handed in, as the LMS or `git clone` gives it",
        )
    return made


def _take(
    view: View, layout: str, source: str, *, with_folders: bool = False, with_files: bool = False
) -> Recognised | None:
    found = Gathered(layout, source)
    taken: set[str] = set()
    for folder in sorted(view.folders()):
        if not with_folders:
            found.unfit(view.base + folder, "it is a folder; one file a student is graded here")
            continue
        found.fit(view.pieces(folder, Piece(Student(unique(folder, taken)))))
    for entry in view.files():
        name = view.name(entry)
        if not is_program(name):
            if not with_folders:
                found.unfit(entry.path, "it is not a Python file")
        elif with_files:
            student = Student(unique(name[: -len(".py")], taken))
            found.fit([Piece(student, entry.path, name)])
        else:
            found.unfit(entry.path, "it is not in a student's folder")
    return found.result("")


def _inside_the_wrapper(view: View) -> View:
    """Step into a folder that only holds the class, as an archive of a folder does."""
    below = inner(view)
    if below is None or _is_class(below):
        return below or view
    deeper = _inside_the_wrapper(below)
    return view if deeper is below else deeper


def _is_class(view: View) -> bool:
    """Say whether a folder that is alone holds more than one student, or one student's files."""
    programs = [view.name(entry) for entry in view.files() if is_program(entry.path)]
    if not programs:
        return len(view.folders()) > 1
    if _usual(view, programs) or view.source.casefold() in view.logins:
        return False
    if any(name[: -len(".py")].casefold() in view.logins for name in programs):
        return True
    return view.is_archive and len(programs) > 1


def _usual(view: View, programs: list[str]) -> list[str]:
    """The programs that have the name for one student's."""
    return [name for name in programs if composed(name).casefold() in view.usual]
