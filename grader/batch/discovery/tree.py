"""One small interface over a folder, a zip and a tar archive. Knows no layout."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import BinaryIO

from grader.batch.discovery.folder import FolderTree
from grader.batch.discovery.listing import Entry, Tree, shown
from grader.batch.discovery.tars import BZIP2, GZIP, XZ, TarTree
from grader.batch.discovery.zips import ZipTree
from grader.batch.records import BatchError, Skipped
from grader.files import NotOrdinary, open_ordinary

__all__ = ["Entry", "Skipped", "Tree", "open_tree", "read_ordinary"]

_ZIP = (b"PK\3\4", b"PK\5\6")
_OTHERS = {b"Rar!": "a rar archive", b"7z\xbc\xaf": "a 7z archive"}
_TAR_MAGIC = slice(257, 262)


def open_tree(path: Path) -> Tree:
    """Open a folder, or an archive told by its first bytes. Raises BatchError."""
    try:
        if stat.S_ISDIR(path.stat().st_mode):
            return FolderTree(path)
        file = _open(path)
    except FileNotFoundError:
        raise BatchError(f"there is no folder or file {shown(str(path))}") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise BatchError(f"{shown(str(path))} can't be read: {why}") from None
    try:
        return _archive(file, path.name)
    except BaseException:
        file.close()
        raise


def read_ordinary(path: Path, limit: int) -> bytes:
    """Read at most ``limit`` bytes of a file that the instructor named. Raises BatchError."""
    try:
        with _open(path) as file:
            return file.read(limit)
    except FileNotFoundError:
        raise BatchError(f"there is no file {shown(str(path))}") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise BatchError(f"{shown(str(path))} can't be read: {why}") from None


def _open(path: Path) -> BinaryIO:
    try:
        return open_ordinary(path, follow_link=True)  # the instructor's own
    except NotOrdinary:
        raise BatchError(
            f"{shown(str(path))} is not an ordinary file (but a pipe or a device)"
        ) from None


def _archive(file: BinaryIO, name: str) -> Tree:
    try:
        begin = file.read(512)
    except OSError as error:
        raise BatchError(f"{shown(name)} can't be read: {error.strerror}") from None
    if begin.startswith(_ZIP):
        return ZipTree(file, name)
    if begin.startswith((GZIP, BZIP2, XZ)) or begin[_TAR_MAGIC] == b"ustar":
        return TarTree(file, name)
    what = next((words for magic, words in _OTHERS.items() if begin.startswith(magic)), "")
    if what:
        raise BatchError(f"{shown(name)} is {what}", "Unpack it and name the folder.")
    if name.lower().endswith(".py"):
        raise BatchError(
            f"{shown(name)} is one program, not a class",
            "Check one program with: asyncgrade check EXERCISE FILE",
        )
    raise BatchError(
        f"{shown(name)} is neither a folder nor a zip or tar archive",
        "Name the folder of submissions, or the archive that you downloaded.",
    )
