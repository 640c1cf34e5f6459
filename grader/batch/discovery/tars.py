"""A tar archive as a tree, also one compressed with gzip, bzip2 or xz. Nothing reaches the disk.

A compressed archive can only be read from its beginning, so its small programs are kept in memory,
compressed one by one.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import tarfile
import zlib
from typing import BinaryIO, cast

from grader.batch.discovery.listing import (
    FILE,
    FOLDER,
    READ_LIMIT,
    Entry,
    Sieve,
    Tree,
    clean,
    shown,
)
from grader.batch.records import BatchError

_MAX_HEADER = 64 * 1024  # bytes; a long name or a pax header is read into memory at once
_MAX_REAL = 4 * 1024**3  # bytes, decompressed
_FREE_REAL = 256 * 1024**2  # bytes that need no look at the ratio
_MAX_RATIO = 500
_MAX_KEPT = 64 * 1024**2  # bytes of programs kept in memory
_KEPT_SUFFIXES = (".py", "/timestamp.txt")
_XZ_MEMORY = 128 * 1024**2  # xz -9 needs 65 MiB

GZIP, BZIP2, XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0"


class _Bounded:
    """A file for tarfile that never gives it much at once, and not more than a limit in all."""

    def __init__(self, file: BinaryIO, name: str, limit: int) -> None:
        self._file, self._name, self._limit = file, name, limit

    def read(self, size: int) -> bytes:
        if size > _MAX_HEADER:
            raise tarfile.ReadError("a header is larger than 64 KiB")
        return self._file.read(size)

    def seek(self, position: int) -> int:
        if position > self._limit:
            raise BatchError(
                f"{shown(self._name)} grows to more than {self._limit // 1024**2:,} MB",
                "wanted: an archive of programs; this looks like an archive bomb",
            )
        return self._file.seek(position)

    def tell(self) -> int:
        return self._file.tell()


class TarTree(Tree):
    """A tar archive."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        super().__init__()
        self._name, self._file = name, file
        self._places: dict[str, tuple[int, int]] = {}  # where the bytes begin, how many
        self._kept: dict[str, bytes] = {}
        self._room = _MAX_KEPT
        length = file.seek(0, os.SEEK_END)
        self._data = _decompressed(file, name)
        self._is_packed = self._data is not file
        limit = min(_MAX_REAL, max(_FREE_REAL, _MAX_RATIO * length))
        if not self._is_packed:
            limit = max(length, _MAX_REAL)  # it can't grow
        sieve = Sieve(name)
        try:
            self._list(sieve, _Bounded(self._data, name, limit))
        except BatchError:
            raise
        except (Exception, RecursionError) as error:  # hostile bytes raise many kinds
            why = shown(str(error)) if str(error) else type(error).__name__
            raise BatchError(
                f"{shown(name)} is a broken tar archive: {why}",
                "Download it again, or unpack it and name the folder.",
            ) from None
        self._entries, self.skipped = sieve.result()

    def entries(self) -> list[Entry]:
        """List what the archive holds."""
        return self._entries

    def read(self, path: str, limit: int = READ_LIMIT) -> bytes:
        """Read at most ``limit`` bytes of a file."""
        if path in self._kept:
            return zlib.decompress(self._kept[path])[:limit]
        if path not in self._places:
            raise BatchError(f"{shown(path)} is not a file in {shown(self._name)}")
        offset, size = self._places[path]
        try:
            self._data.seek(offset)
            return self._data.read(min(size, limit))
        except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
            why = shown(str(error))
            raise BatchError(f"{shown(path)} can't be read from the archive: {why}") from None

    def close(self) -> None:
        """Close the archive."""
        self._data.close()
        self._file.close()

    def _list(self, sieve: Sieve, data: _Bounded) -> None:
        data.seek(0)
        with tarfile.TarFile(
            fileobj=cast(BinaryIO, data), encoding="utf-8", errors="surrogateescape"
        ) as tar:
            while (info := tar.next()) is not None:
                sieve.count()
                self._take(sieve, info, data)
                tar.members.clear()  # type: ignore[attr-defined]  # else tarfile keeps them all
            # tarfile takes any block that is not a header for the end.
            data.seek(tar.offset)
            if data.read(tarfile.BLOCKSIZE).strip(b"\0") or data.tell() == tar.offset:
                raise tarfile.ReadError("it does not end as an archive; it may have been cut off")

    def _take(self, sieve: Sieve, info: tarfile.TarInfo, data: _Bounded) -> None:
        if info.size < 0:
            raise tarfile.ReadError("a size is negative")
        if not any(clean(info.name)):
            return
        if info.isdir():
            sieve.admit(info.name, FOLDER, 0)
        elif info.issym() or info.islnk():
            sieve.skip(info.name, "it is a link, and links are not followed")
        elif info.issparse():
            sieve.skip(info.name, "it is a sparse file; a program is an ordinary one")
        elif not info.isreg():
            sieve.skip(info.name, "it is not an ordinary file (but a pipe or a device)")
        elif path := sieve.admit(info.name, FILE, info.size):
            self._places[path] = info.offset_data, max(info.size, 0)
            self._room += len(self._kept.pop(path, b""))
            if self._is_packed and path.lower().endswith(_KEPT_SUFFIXES):
                self._keep(path, data)

    def _keep(self, path: str, data: _Bounded) -> None:
        offset, size = self._places[path]
        data.seek(offset)
        packed = zlib.compress(self._data.read(min(size, READ_LIMIT)), 1)
        if len(packed) <= self._room:
            self._room -= len(packed)
            self._kept[path] = packed


def _decompressed(file: BinaryIO, name: str) -> BinaryIO:
    file.seek(0)
    magic = file.read(8)
    file.seek(0)
    if magic.startswith(GZIP):
        return cast(BinaryIO, gzip.GzipFile(fileobj=file))
    if magic.startswith(BZIP2):
        return cast(BinaryIO, bz2.BZ2File(file))
    if not magic.startswith(XZ):
        return file
    try:  # LZMAFile takes no limit of memory, so the first block is tried with one
        trial = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
        trial.decompress(file.read(_MAX_HEADER), 1)
    except (lzma.LZMAError, MemoryError, EOFError) as error:
        raise BatchError(f"{shown(name)} can't be read: {shown(str(error))}") from None
    file.seek(0)
    return cast(BinaryIO, lzma.LZMAFile(file))
