"""Folders and archives for the tests of discovery, made of a list of names."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

PROGRAM = b"async def main():\n    return 1\n"


def contents(names: Iterable[str] | Mapping[str, bytes]) -> dict[str, bytes]:
    return dict(names) if isinstance(names, Mapping) else dict.fromkeys(names, PROGRAM)


def folder(path: Path, names: Iterable[str] | Mapping[str, bytes]) -> Path:
    path.mkdir(exist_ok=True)
    for name, data in contents(names).items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return path


def zipped(path: Path, names: Iterable[str] | Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents(names).items():
            archive.writestr(name, data)
    return path


def tarred(path: Path, names: Iterable[str] | Mapping[str, bytes], packing: str = "") -> Path:
    with tarfile.open(path, f"w:{packing}") as archive:  # type: ignore[call-overload]
        for name, data in contents(names).items():
            add_to_tar(archive, name, data)
    return path


def add_to_tar(archive: tarfile.TarFile, name: str, data: bytes = b"", **fields: object) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for field, value in fields.items():
        setattr(info, field, value)
    archive.addfile(info, io.BytesIO(data))
