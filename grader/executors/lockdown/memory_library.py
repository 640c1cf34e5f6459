"""The standard library held in memory, for a worker that may not open or look at any file.

A zygote reads it once and installs it; from then on an import touches no file. It holds code, not
source: a traceback has no lines of the library, and ``inspect.getsource`` fails as it does for any
file that is gone. The data of time zones is given to ``zoneinfo`` by its documented fallback,
a package named ``tzdata``.
"""

from __future__ import annotations

import errno
import importlib
import io
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import MAGIC_NUMBER, cache_from_source, spec_from_file_location
from types import ModuleType
from typing import IO, Any

from grader.executors.lockdown.library import Library

# Packages that need a screen, tests, or data files beside them.
LEFT_OUT_PACKAGES = frozenset(
    ("ensurepip", "idlelib", "lib2to3", "test", "tests", "tkinter", "turtledemo")
)
# Extension modules that are of no use without a terminal, a device or a file: ``readline`` even
# writes to the terminal when it is imported. By prefix.
LEFT_OUT_EXTENSIONS = (
    *("_crypt", "_curses", "_dbm", "_gdbm", "_tkinter", "nis", "ossaudiodev", "readline", "spwd"),
    *("_ctypes_test", "_test", "_xxtest", "xx"),
)

_ZONES_PACKAGE = "tzdata"
_ZONE_FILE_STARTS_WITH = b"TZif"  # RFC 8536, section 3.1
_OTHER_ZONE_FOLDERS = ("posix", "right")  # zoneinfo.available_timezones() leaves them out too


@dataclass(frozen=True, eq=False, repr=False)  # its repr would be of many MB
class MemoryLibrary:
    """Finds the modules of the standard library in memory (a finder for ``sys.meta_path``)."""

    sources: dict[str, str]  # the path of each module's source, by the module's name
    files: dict[str, bytes]  # by path: a module's compiled code, or its source if there is none
    extensions: dict[str, ModuleSpec]  # loaded already; here for ``importlib.reload``
    zones: dict[str, bytes]  # the files of the package ``tzdata``
    zone_packages: dict[str, str]  # the folder in ``zones`` of each of its packages

    @classmethod
    def read(cls, library: Library) -> MemoryLibrary:
        """Read the library's modules and the system's time zones, and load the extensions.

        Files that can't be read are left out. To be called while the path finder is in place.
        """
        sources: dict[str, str] = {}
        files: dict[str, bytes] = {}
        for folder in library.standard_folders:
            _read_folder(folder, "", sources, files)
        extensions = _load_extensions(library.standard_folders)
        zones = _read_zones()
        folders = {os.path.dirname(path) for path in zones}
        packages = {".".join([_ZONES_PACKAGE, *_parts(folder)]): folder for folder in folders}
        return cls(sources, files, extensions, zones, packages)

    def install(self) -> None:
        """Take the place of the path finder: from now on no import looks at the file system."""
        import zoneinfo

        sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not PathFinder]
        sys.meta_path.append(self)
        sys.path_hooks.clear()
        sys.path_importer_cache.clear()
        zoneinfo.reset_tzpath(to=[])

    def find_spec(
        self, fullname: str, path: object = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Say how to load a module; None if it is none of the library."""
        source = self.sources.get(fullname)
        if source is not None:
            loader = _Loader(fullname, source, self.files)
            return spec_from_file_location(fullname, source, loader=loader)
        folder = self.zone_packages.get(fullname)
        if folder is not None:
            zone_loader: Any = _ZonesLoader(_ZonePath(self.zones, folder))
            return ModuleSpec(fullname, zone_loader, is_package=True)
        return self.extensions.get(fullname)


class _Loader(SourceFileLoader):
    """Python's own loader, with a dictionary in place of the file system."""

    def __init__(self, fullname: str, path: str, files: dict[str, bytes]) -> None:
        super().__init__(fullname, path)
        self._files = files

    def get_data(self, path: Any) -> bytes:
        try:
            return self._files[path]
        except KeyError:
            raise _not_found(path) from None

    def path_stats(self, path: Any) -> dict[str, Any]:
        """What the compiled code says of its source: the two were compared when they were read."""
        code = self.get_data(cache_from_source(path))
        return {"mtime": _number(code[8:12]), "size": _number(code[12:16])}

    def set_data(self, path: Any, data: Any, *, _mode: int = 0) -> None:
        """Write nothing."""


def _not_found(path: object) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))


def _read_file(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.read()


# --- modules ---------------------------------------------------------------------------------


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """What is in a folder; nothing if it is none, or can't be read."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _read_folder(
    folder: str, prefix: str, sources: dict[str, str], files: dict[str, bytes]
) -> None:
    """Read the modules of a folder, and of the packages below it. The first of a name counts."""
    for entry in _entries(folder):
        name, suffix = os.path.splitext(entry.name)
        if suffix == ".py":
            fullname = prefix[:-1] if name == "__init__" else prefix + name
            if fullname not in sources:
                with suppress(OSError):
                    files.update(_code_or_source(entry.path, entry.stat()))
                    sources[fullname] = entry.path
        elif not suffix and name not in LEFT_OUT_PACKAGES and _is_package(entry.path):
            _read_folder(entry.path, f"{prefix}{name}.", sources, files)


def _is_package(folder: str) -> bool:
    return os.path.isfile(os.path.join(folder, "__init__.py"))


def _code_or_source(path: str, stat: os.stat_result) -> dict[str, bytes]:
    """A module's compiled code if that is up to date, else its source: to compile takes long."""
    cached = cache_from_source(path)
    with suppress(OSError):
        code = _read_file(cached)
        if _is_valid(code, stat):
            return {cached: code}
    return {path: _read_file(path)}


def _is_valid(code: bytes, stat: os.stat_result) -> bool:
    """Whether Python itself would use this file of compiled code (PEP 552)."""
    flags = _number(code[4:8])
    if code[:4] != MAGIC_NUMBER or flags > 1:  # 3: to be compared with the hash of the source
        return False
    seen = _number(code[8:12]), _number(code[12:16])
    return flags == 1 or seen == (int(stat.st_mtime) & 0xFFFFFFFF, stat.st_size & 0xFFFFFFFF)


def _number(field: bytes) -> int:
    return int.from_bytes(field, "little")


def _load_extensions(folders: tuple[str, ...]) -> dict[str, ModuleSpec]:
    """Import every extension module of these folders that can be imported here."""
    suffix = EXTENSION_SUFFIXES[0]  # the one of this very version and machine
    specs = {}
    for folder in folders:
        for file_name in sorted(entry.name for entry in _entries(folder)):
            name = file_name.removesuffix(suffix)
            if name == file_name or name.startswith(LEFT_OUT_EXTENSIONS):
                continue
            with suppress(Exception), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # some are deprecated
                spec = importlib.import_module(name).__spec__
                if spec is not None:
                    specs[name] = spec
    return specs


# --- time zones ------------------------------------------------------------------------------


def _read_zones() -> dict[str, bytes]:
    """The files of a package ``tzdata`` that holds the time zones of this system."""
    import zoneinfo

    zones: dict[str, bytes] = {}
    for root in zoneinfo.TZPATH:
        _read_zone_folder(root, "zoneinfo/", zones)
    names = sorted(path.removeprefix("zoneinfo/") for path in zones)
    zones["zones"] = "".join(f"{name}\n" for name in names).encode()
    return zones


def _read_zone_folder(folder: str, prefix: str, zones: dict[str, bytes]) -> None:
    for entry in _entries(folder):
        path = prefix + entry.name
        if entry.is_dir():
            if entry.name not in _OTHER_ZONE_FOLDERS:
                _read_zone_folder(entry.path, f"{path}/", zones)
        elif path not in zones:
            with suppress(OSError):
                data = _read_file(entry.path)
                if data.startswith(_ZONE_FILE_STARTS_WITH):
                    zones[path] = data


def _parts(path: str) -> list[str]:
    return path.split("/") if path else []


@dataclass(frozen=True, eq=False, repr=False)
class _ZonePath:
    """A file or folder of ``tzdata``, and the resource reader of the package that it is.

    The methods are those of importlib.resources.abc.Traversable and ResourceReader.
    """

    zones: dict[str, bytes]
    path: str  # in ``zones``; "" is the package itself

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    def files(self) -> _ZonePath:
        return self

    def joinpath(self, *names: str) -> _ZonePath:
        return _ZonePath(self.zones, "/".join([*_parts(self.path), *map(str, names)]))

    __truediv__ = joinpath

    def is_file(self) -> bool:
        return self.path in self.zones

    def is_resource(self, name: str) -> bool:
        return self.joinpath(name).is_file()

    def is_dir(self) -> bool:
        return any(True for _ in self.iterdir())

    def contents(self) -> Iterator[str]:
        start = "".join(f"{part}/" for part in _parts(self.path))
        below = [path.removeprefix(start) for path in self.zones if path.startswith(start)]
        return iter(dict.fromkeys(path.partition("/")[0] for path in below))

    def iterdir(self) -> Iterator[_ZonePath]:
        return map(self.joinpath, self.contents())

    def read_bytes(self) -> bytes:
        try:
            return self.zones[self.path]
        except KeyError:
            raise _not_found(f"{_ZONES_PACKAGE}/{self.path}") from None

    def read_text(self, encoding: str = "utf-8") -> str:
        return self.read_bytes().decode(encoding)

    def open(self, mode: str = "r", *args: Any, **kwargs: Any) -> IO[Any]:
        file = io.BytesIO(self.read_bytes())
        return file if "b" in mode else io.TextIOWrapper(file, *args, **kwargs)

    def open_resource(self, name: str) -> IO[bytes]:
        return self.joinpath(name).open("rb")

    def resource_path(self, name: str) -> str:
        raise _not_found(name)


class _ZonesLoader:
    """Loads an empty package whose resources are the time zones of one folder."""

    def __init__(self, resources: _ZonePath) -> None:
        self._resources = resources

    def create_module(self, spec: ModuleSpec) -> None:
        """Let Python make the module."""

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is in it."""

    def get_resource_reader(self, fullname: str) -> _ZonePath:
        return self._resources
