"""A folder as a tree. Follows no link: each step down is opened by name from the folder above."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from grader.batch.discovery.listing import (
    FILE,
    FOLDER,
    MAX_BELOW,
    MAX_DEPTH,
    MAX_ENTRIES,
    MAX_PATH,
    READ_LIMIT,
    Entry,
    Tree,
    is_container,
    is_left_behind,
    shown,
    too_full,
    too_many,
    why_not,
)
from grader.batch.records import BatchError, Skipped
from grader.files import NotOrdinary, open_ordinary

_BY_DESCRIPTOR = os.open in os.supports_dir_fd and os.scandir in os.supports_fd
_SAFE = 0
for _name in ("O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"):
    _SAFE |= getattr(os, _name, 0)
_AS_FOLDER = os.O_RDONLY | _SAFE | getattr(os, "O_DIRECTORY", 0)
_LINK = "it is a link, and links are not followed"

# An open folder: a descriptor, or its path on a system without openat (Windows).
_Open = int | Path


class _TooFull(Exception):
    pass


class _Found:
    """What a walk has found so far, and how much more it may."""

    def __init__(self, limit: int) -> None:
        self.entries: list[Entry] = []
        self.skipped: list[Skipped] = []
        self.seen = 0
        self.limit = limit

    def see(self) -> None:
        self.seen += 1
        if self.seen > self.limit:
            raise _TooFull

    def skip(self, path: str, why: str) -> None:
        self.skipped.append(Skipped(shown(path), why))


class FolderTree(Tree):
    """A folder on disk."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._name = path.name or str(path)
        try:  # a link as the source itself is the instructor's own
            real = path.resolve(strict=True)
            self._root: _Open = os.open(real, _AS_FOLDER) if _BY_DESCRIPTOR else real
        except (OSError, RuntimeError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise BatchError(f"{shown(str(path))} can't be read: {why}") from None

    def entries(self) -> list[Entry]:
        """List the folder anew."""
        found = _Found(MAX_ENTRIES)
        try:
            self._walk_top(self._root, "", found, 0)
        except _TooFull:
            raise too_many(self._name) from None
        self.skipped = sorted(found.skipped, key=lambda skip: skip.path)
        return sorted(found.entries)

    def read(self, path: str, limit: int = READ_LIMIT) -> bytes:
        """Read at most ``limit`` bytes of an ordinary file."""
        *folders, name = path.split("/")
        if any(part in ("", ".", "..") or "\0" in part for part in (*folders, name)):
            raise BatchError(f"{shown(path)} is not the name of a file in {shown(self._name)}")
        here = self._root
        try:
            for folder in folders:
                below = _enter(here, folder)
                self._leave(here)
                here = below
            with _open_file(here, name) as file:
                return file.read(limit)
        except NotOrdinary:
            raise BatchError(f"{shown(path)} is not an ordinary file") from None
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise BatchError(f"{shown(path)} can't be read: {why}") from None
        finally:
            self._leave(here)

    def close(self) -> None:
        """Close the folder; nothing can be read afterwards."""
        if isinstance(self._root, int) and self._root >= 0:
            os.close(self._root)
            self._root = -1

    def _leave(self, folder: _Open) -> None:
        if isinstance(folder, int) and folder != self._root:
            os.close(folder)

    # --- listing -----------------------------------------------------------------------------

    def _walk_top(self, here: _Open, prefix: str, found: _Found, depth: int) -> None:
        """Walk a folder that holds students; what each of them may hold is limited."""
        folders, files = self._scan(here, prefix, found)
        found.entries += files
        for name in folders:
            path = prefix + name
            found.see()
            found.entries.append(Entry(path, FOLDER, 0))
            is_top = is_container(name) or (len(folders) == 1 and not files)
            if is_top and depth < MAX_DEPTH:
                self._descend(here, name, path, found, depth, top=True)
                continue
            theirs = _Found(MAX_BELOW)
            try:
                self._descend(here, name, path, theirs, depth)
            except _TooFull:
                found.entries.pop()
                found.skip(path, too_full())
                continue
            found.seen += theirs.seen
            found.entries += theirs.entries
            found.skipped += theirs.skipped
            if found.seen > found.limit:
                raise _TooFull

    def _walk(self, here: _Open, prefix: str, found: _Found, depth: int) -> None:
        folders, files = self._scan(here, prefix, found)
        found.entries += files
        for name in folders:
            found.see()
            found.entries.append(Entry(prefix + name, FOLDER, 0))
            self._descend(here, name, prefix + name, found, depth)

    def _descend(
        self, here: _Open, name: str, path: str, found: _Found, depth: int, *, top: bool = False
    ) -> None:
        if depth >= MAX_DEPTH:
            found.skip(path, f"it lies more than {MAX_DEPTH} folders deep")
            return
        try:
            below = _enter(here, name)
        except OSError as error:
            found.skip(path, f"it can't be opened: {error.strerror}")
            return
        try:
            walk = self._walk_top if top else self._walk
            walk(below, f"{path}/", found, depth + 1)
        finally:
            self._leave(below)

    def _scan(self, here: _Open, prefix: str, found: _Found) -> tuple[list[str], list[Entry]]:
        """The names of the folders in a folder, and its files."""
        folders: list[str] = []
        files: list[Entry] = []
        try:
            with os.scandir(here) as items:
                for item in items:
                    if is_left_behind(item.name):
                        continue
                    self._sort(item, prefix, found, folders, files)
        except OSError as error:
            found.skip(prefix.rstrip("/") or self._name, f"it can't be read: {error.strerror}")
        return sorted(folders), sorted(files)

    def _sort(
        self,
        item: os.DirEntry[str],
        prefix: str,
        found: _Found,
        folders: list[str],
        files: list[Entry],
    ) -> None:
        path = prefix + item.name
        why = why_not(item.name) or (
            f"its path is longer than {MAX_PATH} characters" if len(path) > MAX_PATH else ""
        )
        if not why and item.is_dir(follow_symlinks=False) and not _is_junction(item):
            folders.append(item.name)  # counted when it is entered
            if len(folders) > found.limit:
                raise _TooFull
            return
        found.see()
        if why:
            found.skip(path, why)
            return
        try:
            status = item.stat(follow_symlinks=False)
        except OSError as error:
            found.skip(path, f"it can't be read: {error.strerror}")
            return
        if stat.S_ISREG(status.st_mode):
            files.append(Entry(path, FILE, status.st_size))
        elif stat.S_ISLNK(status.st_mode) or _is_junction(item):
            found.skip(path, _LINK)
        else:
            found.skip(path, "it is not an ordinary file (but a pipe, socket or device)")


def _enter(here: _Open, name: str) -> _Open:
    """Open a folder in an open folder. A link in its place is an OSError."""
    if isinstance(here, int):
        return os.open(name, _AS_FOLDER, dir_fd=here)
    return _refuse_link(here / name)


def _open_file(here: _Open, name: str) -> BinaryIO:
    if isinstance(here, int):
        return open_ordinary(name, dir_fd=here)
    return open_ordinary(_refuse_link(here / name))


def _refuse_link(path: Path) -> Path:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode) or bool(getattr(status, "st_reparse_tag", 0)):
        raise OSError(0, _LINK)
    return path


def _is_junction(item: os.DirEntry[str]) -> bool:
    """Say whether an entry is one of the other links of Windows."""
    if os.name != "nt":
        return False
    status = item.stat(follow_symlinks=False)
    return bool(getattr(status, "st_reparse_tag", 0))
