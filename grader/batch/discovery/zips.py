"""A zip archive as a tree, read in place. Each file is decompressed by itself, within bounds."""

from __future__ import annotations

import os
import stat
import struct
import zipfile
from typing import BinaryIO

from grader.batch.discovery.listing import (
    FILE,
    FOLDER,
    MAX_ENTRIES,
    READ_LIMIT,
    Entry,
    Sieve,
    Tree,
    clean,
    shown,
    too_many,
)
from grader.batch.records import BatchError

# Sizes and fields: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.12 to 4.3.16.
_END, _END64, _LOCATOR, _HEADER = b"PK\5\6", b"PK\6\6", b"PK\6\7", b"PK\1\2"
_END_SIZE, _END64_SIZE, _LOCATOR_SIZE, _HEADER_SIZE = 22, 56, 20, 46
_MAX_COMMENT = 65_535
_MAX_DIRECTORY = 64 * 1024 * 1024  # bytes; the list of names is read into memory
_READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others decompress without a bound
_ENCRYPTED = 0x1


class ZipTree(Tree):
    """A zip archive."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        super().__init__()
        self._name, self._file = name, file
        self._infos: dict[str, zipfile.ZipInfo] = {}
        _check_size(file, name)
        try:
            self._zip = zipfile.ZipFile(file)
        except Exception as error:  # hostile bytes raise many kinds in zipfile
            raise _broken(name, error) from None
        sieve = Sieve(name)
        for info in self._zip.filelist:
            sieve.count()
            self._take(sieve, info)
        self._entries, self.skipped = sieve.result()
        kept = {entry.path for entry in self._entries}
        self._infos = {path: info for path, info in self._infos.items() if path in kept}
        self._zip.filelist.clear()
        self._zip.NameToInfo.clear()

    def entries(self) -> list[Entry]:
        """List what the archive holds."""
        return self._entries

    def read(self, path: str, limit: int = READ_LIMIT) -> bytes:
        """Decompress at most ``limit`` bytes of a file."""
        info = self._infos.get(path)
        if info is None:
            raise BatchError(f"{shown(path)} is not a file in {shown(self._name)}")
        try:
            with self._zip.open(info) as file:
                return file.read(limit)
        except Exception as error:  # as above
            why = shown(str(error)) if str(error) else type(error).__name__
            raise BatchError(f"{shown(path)} can't be read from the archive: {why}") from None

    def close(self) -> None:
        """Close the archive."""
        self._zip.close()
        self._file.close()

    def _take(self, sieve: Sieve, info: zipfile.ZipInfo) -> None:
        name = info.orig_filename.replace("\\", "/")  # as some programs for Windows write it
        if not any(clean(name)):
            return
        mode = info.external_attr >> 16
        kind = stat.S_IFMT(mode)
        if stat.S_ISLNK(mode):
            sieve.skip(name, "it is a link, and links are not followed")
        elif kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            sieve.skip(name, "it is not an ordinary file (but a pipe, socket or device)")
        elif name.endswith("/") or kind == stat.S_IFDIR:
            sieve.admit(name, FOLDER, 0)
        elif info.flag_bits & _ENCRYPTED:
            sieve.skip(name, "it is encrypted")
        elif info.compress_type not in _READABLE:
            sieve.skip(name, "it is compressed in a way that is not read here; use deflate")
        elif path := sieve.admit(name, FILE, info.file_size):
            self._infos[path] = info


def _check_size(file: BinaryIO, name: str) -> None:
    """Count the entries before zipfile makes an object of each."""
    try:
        start, size = _directory(file)
        if size > _MAX_DIRECTORY:
            raise too_many(name)
        file.seek(max(start, 0))
        names = file.read(size)
    except (OSError, ValueError, OverflowError, struct.error) as error:
        raise _broken(name, error) from None
    count = at = 0
    while names[at : at + 4] == _HEADER and at + _HEADER_SIZE <= len(names):
        count += 1
        if count > MAX_ENTRIES:
            raise too_many(name)
        at += _HEADER_SIZE + sum(struct.unpack_from("<3H", names, at + 28))


def _directory(file: BinaryIO) -> tuple[int, int]:
    """Find the central directory as zipfile does: where it begins, how many bytes it has."""
    length = file.seek(0, os.SEEK_END)
    tail_at = max(0, length - _END_SIZE - _MAX_COMMENT)
    file.seek(tail_at)
    tail = file.read(_END_SIZE + _MAX_COMMENT)
    last = len(tail) - _END_SIZE
    plain = last >= 0 and tail[last : last + 4] == _END and tail[-2:] == b"\0\0"
    at = last if plain else tail.rfind(_END)
    if at < 0:
        raise ValueError("its list of names is missing; it may have been cut off")
    end = tail_at + at
    (size,) = struct.unpack_from("<L", tail, at + 12)
    if end >= _LOCATOR_SIZE + _END64_SIZE:
        file.seek(end - _LOCATOR_SIZE - _END64_SIZE)
        extra = file.read(_END64_SIZE + _LOCATOR_SIZE)
        if extra[:4] == _END64 and extra[_END64_SIZE : _END64_SIZE + 4] == _LOCATOR:
            (size,) = struct.unpack_from("<Q", extra, 40)
            end -= _LOCATOR_SIZE + _END64_SIZE
    return end - size, size


def _broken(name: str, error: Exception) -> BatchError:
    why = shown(str(error)) if str(error) else type(error).__name__
    return BatchError(
        f"{shown(name)} is a broken zip archive: {why}",
        "Download it again, or unpack it and name the folder.",
    )
