"""Which files a locked-down worker may read: the standard library and what it loads, lazily too."""

from __future__ import annotations

import os
import sys
import sysconfig
from dataclasses import dataclass

_INSTALLED_PACKAGES = ("site-packages", "dist-packages")  # an exercise may be among them
_LOADER_CACHE = "/etc/ld.so.cache"


@dataclass(frozen=True)
class Library:
    """Folders and files that a submission may come to need."""

    standard_folders: tuple[str, ...]  # of the standard library
    hidden: tuple[str, ...]  # folders below them that are not part of it
    other: tuple[str, ...]  # shared libraries, data of time zones

    def readable(self) -> list[str]:
        """Every file and folder to open up, so that none of the hidden ones is below."""
        entries = [
            entry.path
            for folder in self.standard_folders
            if os.path.isdir(folder)
            for entry in os.scandir(folder)
            if entry.path not in self.hidden
        ]
        archives = [path for path in self.standard_folders if os.path.isfile(path)]
        return [*entries, *archives, *self.other]


def find_library(search_path: list[str]) -> Library:
    """Look at this interpreter's ``search_path``, which holds the standard library only."""
    standard = tuple(filter(os.path.exists, map(os.path.realpath, search_path)))
    hidden = tuple(
        os.path.join(folder, name)
        for folder in standard
        for name in _INSTALLED_PACKAGES
        if os.path.isdir(os.path.join(folder, name))
    )
    others = [*_shared_libraries(), _LOADER_CACHE, *_time_zones()]
    other = dict.fromkeys(os.path.realpath(path) for path in others if os.path.exists(path))
    return Library(standard, hidden, tuple(other))


def _shared_libraries() -> list[str]:
    """Where the system keeps them, and those of an interpreter that brings its own (conda)."""
    multiarch = sysconfig.get_config_var("MULTIARCH") or "none"
    folders = ["/lib64", "/usr/lib64", f"/lib/{multiarch}", f"/usr/lib/{multiarch}"]
    own = os.path.join(sys.base_prefix, "lib")
    if os.path.isdir(own):
        folders += [entry.path for entry in os.scandir(own) if ".so" in entry.name]
    return folders


def _time_zones() -> list[str]:
    import zoneinfo

    return list(zoneinfo.TZPATH)
