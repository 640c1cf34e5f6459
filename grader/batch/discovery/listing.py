"""What a folder or an archive holds, as a list of names: the interface, the limits, clean names.

A name that could not be shown or that leads elsewhere is skipped; nothing is ever repaired.
"""

from __future__ import annotations

import unicodedata
from abc import ABC, abstractmethod
from collections import Counter
from typing import NamedTuple

from grader.batch.records import BatchError, Skipped
from grader.escape import one_line
from grader.grade import MAX_SOURCE_BYTES

READ_LIMIT = MAX_SOURCE_BYTES + 1  # one byte more than a submission may have
MAX_ENTRIES = 200_000  # files and folders in all
MAX_BELOW = 10_000  # files and folders below one student's folder
MAX_DEPTH = 30  # folders inside folders
MAX_PATH = 1_000  # characters
FILE, FOLDER = "file", "folder"

# What tools leave behind; never a student's program, and often many files.
_LEFT_BEHIND = frozenset(
    ("__MACOSX", "__pycache__", "node_modules", "venv", "site-packages", "$RECYCLE.BIN")
)
_CONTAINERS = frozenset(("submitted",))  # of nbgrader: holds the students among other folders


class Entry(NamedTuple):
    """A file or folder; ``path`` is relative, with "/", without control characters."""

    path: str
    kind: str  # FILE or FOLDER
    size: int  # bytes, as declared


class Tree(ABC):
    """A folder or an archive, read in place. One process uses it; ``close`` it in the end."""

    def __init__(self) -> None:
        self.skipped: list[Skipped] = []

    @abstractmethod
    def entries(self) -> list[Entry]:
        """List files and folders in the order of their paths."""

    @abstractmethod
    def read(self, path: str, limit: int = READ_LIMIT) -> bytes:
        """Read at most ``limit`` bytes of a file. Raises BatchError when it can't be read."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the folder or archive."""

    def __enter__(self) -> Tree:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def shown(path: str) -> str:
    """Make a path safe for a person's eyes: one line of visible characters."""
    return one_line(path, 200) or "(a name without visible characters)"


def composed(text: str) -> str:
    """Write accents in the one way (NFC): file systems and archives keep a name in either."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def is_left_behind(part: str) -> bool:
    """Say whether a file or folder is hidden, or a tool's own."""
    return part.startswith(".") or part in _LEFT_BEHIND


def why_not(part: str) -> str:
    """Say why a name can't be used; "" when it can."""
    if part.isascii() and part.isprintable():
        return ""
    for char in part:
        category = unicodedata.category(char)
        if category == "Cs":
            return "its name is not UTF-8; give it a name of plain letters"
        if category in ("Cc", "Zl", "Zp"):
            return f"its name holds a control character (U+{ord(char):04X})"
    return ""


def clean(path: str) -> tuple[str, str]:
    """Give the tidy relative path of a name in an archive, or ("", why it is skipped).

    Both are empty for what tools leave behind.
    """
    if len(path) > MAX_PATH:
        return "", f"its name is longer than {MAX_PATH} characters"
    if path.startswith("/") or path[1:2] == ":":
        return "", "its name is absolute, it would lead out of the archive"
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        return "", "its name leads out of the archive (..)"
    if any(map(is_left_behind, parts)):
        return "", ""
    if len(parts) > MAX_DEPTH:
        return "", f"it lies more than {MAX_DEPTH} folders deep"
    tidy = "/".join(parts)
    return ("", why) if (why := why_not(tidy)) else (tidy, "")


class Sieve:
    """Collects the entries of an archive; says what was left out."""

    def __init__(self, archive: str) -> None:
        self._archive = archive
        self._entries: dict[str, Entry] = {}
        self._skipped: list[tuple[str, Skipped]] = []
        self._seen = 0

    def count(self) -> None:
        """Count one more name. Raises BatchError at the limit."""
        self._seen += 1
        if self._seen > MAX_ENTRIES:
            raise too_many(self._archive)

    def skip(self, path: str, why: str) -> None:
        """Leave something out by name."""
        tidy, _ = clean(path)
        self._skipped.append((tidy, Skipped(shown(path), why)))

    def admit(self, name: str, kind: str, size: int) -> str:
        """Take a file or folder in; return its path, "" when it is left out."""
        path, why = clean(name)
        if why:
            self.skip(name, why)
        if not path:
            return ""
        old = self._entries.get(path)
        if old is not None and kind != FOLDER:
            self.skip(path, "the archive holds this name more than once; the last one counts")
        if old is None or kind == FILE:
            self._entries[path] = Entry(path, kind, max(size, 0))
        return path

    def result(self) -> tuple[list[Entry], list[Skipped]]:
        """Leave out folders with too much in them, and files that lie inside other files."""
        entries = sorted(self._entries.values())
        files = {entry.path for entry in entries if entry.kind == FILE}
        inside = [e for e in entries if any(above in files for above in _above(e.path))]
        for entry in inside:
            self.skip(entry.path, "the archive says that this lies inside a file")
            del self._entries[entry.path]
        entries = sorted(self._entries.values()) if inside else entries
        top = _top(entries)
        counts: Counter[str] = Counter()
        for path in (*(e.path for e in entries), *(path for path, _ in self._skipped)):
            counts[_student_folder(path, top)] += 1
        full = {folder for folder, count in counts.items() if folder and count > MAX_BELOW}
        skipped = [skip for path, skip in self._skipped if _student_folder(path, top) not in full]
        skipped += [Skipped(shown(folder), too_full()) for folder in sorted(full)]
        return [e for e in entries if _student_folder(e.path, top) not in full], skipped


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:n]) for n in range(1, len(parts))]


def _top(entries: list[Entry]) -> str:
    """The folder that holds the students: the first that isn't alone where it lies."""
    top = ""
    while True:
        below = [e for e in entries if e.path.startswith(top) and e.path != top[:-1]]
        firsts = {e.path[len(top) :].partition("/")[0] for e in below}
        alone = len(firsts) == 1 and any("/" in e.path[len(top) :] for e in below)
        if not alone:
            return top
        top += f"{firsts.pop()}/"


def _student_folder(path: str, top: str) -> str:
    """The folder below the top (or below a container in it) that a path lies in."""
    if not path.startswith(top):
        return ""
    first, slash, rest = path[len(top) :].partition("/")
    if first in _CONTAINERS:
        second, slash, _ = rest.partition("/")
        first = f"{first}/{second}"
    return f"{top}{first}" if slash else ""


def is_container(name: str) -> bool:
    """Say whether a folder is known to hold the students, whatever lies beside it."""
    return name in _CONTAINERS


def too_full() -> str:
    """Why a student's folder is skipped that holds too much."""
    return f"it holds more than {MAX_BELOW:,} files and folders"


def too_many(name: str) -> BatchError:
    """The error for a source with too many names."""
    return BatchError(
        f"{shown(name)} holds more than {MAX_ENTRIES:,} files and folders",
        "wanted: what one class handed in for one exercise",
        "Remove what is not a submission, or grade the class in parts.",
    )
