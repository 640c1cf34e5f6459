"""Recognises where a folder of submissions came from, by how its files are named.

Students choose some of these names, so only the part that the source itself wrote is believed. Two
layouts that fit are never decided between: the person is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from grader.batch.discovery.listing import FILE, Entry, composed, shown
from grader.batch.records import BatchError, Student
from grader.exercise.catalog import usual_names

MAX_METADATA_BYTES = 32 * 1024 * 1024


class Piece(NamedTuple):
    """One file of a student's, or a submission without any (both names are empty)."""

    student: Student
    path: str = ""  # in the tree
    name: str = ""  # as the student named it, below the student's own folder
    submission: str = ""  # files of one submission have the same; later ones sort higher
    attempt: int = 1  # where it can be told from the name alone
    order: int = 0  # later files of the same name have higher numbers, where the source counts them
    submitted_at: str = ""
    is_late: bool | None = None


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a recogniser made of a view."""

    layout: str
    pieces: list[Piece]
    skipped: list[tuple[str, str]]  # path, and why
    fits: int  # how many of the top files and folders are named as this source names them
    of: int  # how many there are
    why: str  # what gave it away, in words


@dataclass(frozen=True, slots=True)
class View:
    """The part of a tree below ``base``, and what is known beside it."""

    source: str  # the name of the folder that ``base`` is
    base: str  # "" or "folder/"
    tops: dict[str, list[Entry]]  # by the first part of their path: what is directly below
    exercise_id: str
    logins: frozenset[str]  # of the roster, casefolded
    read: Callable[[str, int], bytes]
    usual: frozenset[str]  # names of the program, casefolded
    is_archive: bool = False

    def files(self) -> list[Entry]:
        """List the files that lie directly below the base."""
        return [e for name, below in self.tops.items() for e in below if self._is_file(e, name)]

    def folders(self) -> list[str]:
        """List the folders that lie directly below the base."""
        return [n for n, below in self.tops.items() if not self._is_file(below[0], n)]

    def name(self, entry: Entry) -> str:
        """Give the name of an entry below the base."""
        return entry.path[len(self.base) :]

    def within(self, folder: str) -> Iterable[tuple[str, str]]:
        """Give path and name of each file in a folder below the base."""
        prefix = f"{self.base}{folder}/"
        for entry in self.tops.get(folder, ()):
            if entry.kind == FILE and entry.path.startswith(prefix):
                yield entry.path, entry.path[len(prefix) :]

    def pieces(self, folder: str, piece: Piece) -> list[Piece]:
        """Make a piece of each file in a folder; one without a file when there is none."""
        found = [piece._replace(path=path, name=name) for path, name in self.within(folder)]
        return found or [piece]

    def _is_file(self, entry: Entry, name: str) -> bool:
        return entry.kind == FILE and len(entry.path) == len(self.base) + len(name)


Recogniser = Callable[[View], Recognised | None]


@dataclass(frozen=True, slots=True)
class Layout:
    """One row of the table of layouts."""

    name: str  # for --layout
    words: str
    recognise: Recogniser
    example: str


@dataclass(slots=True)
class Gathered:
    """What a recogniser collects while it looks at each top file and folder."""

    layout: str
    source: str  # in words: who names files so
    pieces: list[Piece] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    fits: int = 0
    of: int = 0

    def fit(self, pieces: Sequence[Piece]) -> None:
        """Take one that is named as the source names it."""
        self.of += 1
        self.fits += 1
        self.pieces += pieces

    def unfit(self, path: str, why: str = "") -> None:
        """Leave one out by name."""
        self.of += 1
        self.skipped.append((path, why or f"it is not named as in {self.source}"))

    def result(self, why: str) -> Recognised | None:
        """Finish; None when nothing fits."""
        if not self.fits:
            return None
        pieces, skipped = self.pieces, self.skipped
        return Recognised(self.layout, pieces, skipped, self.fits, self.of, why)


def view_of(
    entries: Sequence[Entry],
    source: str,
    exercise_id: str,
    logins: frozenset[str],
    read: Callable[[str, int], bytes],
    program_name: str | None = None,
    *,
    is_archive: bool = False,
) -> View:
    """Look at a whole tree."""
    names = (*filter(None, (program_name,)), *usual_names(exercise_id))
    usual = frozenset(composed(name).casefold() for name in names)
    return View(source, "", _tops(entries, 0), exercise_id, logins, read, usual, is_archive)


def inner(view: View) -> View | None:
    """Look into the one folder that a view holds; None when there is more beside it."""
    if len(view.tops) != 1 or view.files():
        return None
    ((name, below),) = view.tops.items()
    base = f"{view.base}{name}/"
    inside = [entry for entry in below if entry.path.startswith(base)]
    if not inside:
        return None
    return replace(view, source=name, base=base, tops=_tops(inside, len(base)))


def recognise(
    view: View, specific: Sequence[Layout], general: Callable[[View], Recognised]
) -> Recognised:
    """Find the one layout that most of the files fit, else a file or folder a student.

    Raises BatchError when several fit.
    """
    for each in reversed(_nested(view)):
        found = [(layout, made) for layout in specific if (made := layout.recognise(each))]
        sure = [(layout, made) for layout, made in found if 2 * made.fits > made.of]
        if len(sure) > 1:
            raise ambiguous(view.source, [(layout.name, layout.words, m.why) for layout, m in sure])
        if sure:
            return sure[0][1]
    return general(view)


def recognise_as(view: View, layout: Layout) -> Recognised:
    """Apply the layout that the person named. Raises BatchError when nothing fits it."""
    made = [found for each in _nested(view) if (found := layout.recognise(each))]
    if not made:
        raise BatchError(
            f"nothing in {shown(view.source)} is named as in a {layout.words}",
            f"wanted names like {layout.example}",
            "Leave --layout out to have the layout recognised.",
        )
    return max(made, key=lambda found: found.fits)


def ambiguous(source: str, candidates: Sequence[tuple[str, str, str]]) -> BatchError:
    """The error for more than one possible layout: each with its name, words and reason."""
    return BatchError(
        f"{shown(source)} can be read in more than one way:",
        *(f"  --layout {name}: {words}, because {why}" for name, words, why in candidates),
        "Say which with --layout.",
    )


def unique(key: str, taken: set[str]) -> str:
    """Make a key that is not taken, the same each time: "key", "key (2)", …"""
    made, number = key, 1
    while made in taken:
        number += 1
        made = f"{key} ({number})"
    taken.add(made)
    return made


def _nested(view: View) -> list[View]:
    """The view, and the views into folders that are alone where they lie."""
    views = [view]
    while len(views) <= 4 and (below := inner(views[-1])) is not None:
        views.append(below)
    return views


def _tops(entries: Sequence[Entry], skip: int) -> dict[str, list[Entry]]:
    tops: dict[str, list[Entry]] = {}
    for entry in entries:
        tops.setdefault(entry.path[skip:].partition("/")[0], []).append(entry)
    return tops
