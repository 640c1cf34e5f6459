"""Which files a locked-down worker may read: the standard library and what it loads, lazily too."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_INSTALLED_PACKAGES = ("site-packages", "dist-packages")  # an exercise may be among them
# Where zoneinfo looks (its "compile-time configuration" on Linux).
_TIME_ZONES = ("/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo")
_LOADER_CACHE = "/etc/ld.so.cache"


class Library(NamedTuple):
    """Folders and files that a submission may come to need."""

    standard_folders: tuple[str, ...]  # of the standard library
    hidden: tuple[str, ...]  # folders below them that are not part of it
    other: tuple[str, ...]  # shared libraries, data of time zones

    def readable(self) -> list[str]:
        """Every file and folder to open up, so that none of the hidden ones is below."""
        return list(self._without_hidden(dict.fromkeys((*self.standard_folders, *self.other))))

    def holds(self, path: str) -> bool:
        """Whether a path is the standard library's own."""
        return _is_below(path, self.standard_folders) and not _is_below(path, self.hidden)

    def some_hidden_files(self) -> list[str]:
        """A file of each folder that holds installed packages, where there is one."""
        walks = (os.walk(folder) for folder in self.hidden)
        first = (
            next((os.path.join(folder, files[0]) for folder, _, files in walk if files), None)
            for walk in walks
        )
        return [path for path in first if path is not None]

    def _without_hidden(self, paths: Iterable[str]) -> Iterator[str]:
        for path in paths:
            if any(hidden.startswith(path + os.sep) for hidden in self.hidden):
                yield from self._without_hidden(entry.path for entry in os.scandir(path))
            elif path not in self.hidden:
                yield path


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(folder + os.sep) for folder in folders)


def find_library(search_path: list[str]) -> Library:
    """Look at this interpreter's ``search_path``, which holds the standard library only."""
    standard = tuple(filter(os.path.exists, map(os.path.realpath, search_path)))
    hidden = tuple(
        os.path.join(folder, name)
        for folder in standard
        for name in _INSTALLED_PACKAGES
        if os.path.isdir(os.path.join(folder, name))
    )
    others = [*_shared_libraries(), _LOADER_CACHE, *_TIME_ZONES]
    other = dict.fromkeys(os.path.realpath(path) for path in others if os.path.exists(path))
    return Library(standard, hidden, tuple(other))


def _shared_libraries() -> list[str]:
    """Where the system keeps them, and those of an interpreter that brings its own (conda)."""
    # sysconfig and zoneinfo know these places too, but take longer to import than all the rest.
    multiarch = getattr(sys.implementation, "_multiarch", "none")
    folders = ["/lib64", "/usr/lib64", f"/lib/{multiarch}", f"/usr/lib/{multiarch}"]
    own = os.path.join(sys.base_prefix, "lib")
    if os.path.isdir(own):
        folders += [entry.path for entry in os.scandir(own) if ".so" in entry.name]
    return folders
