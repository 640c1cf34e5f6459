"""Writes a file whole or not at all. The only code of the exports that opens a file to write."""

from __future__ import annotations

import contextlib
import csv
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from grader.batch.records import BatchError
from grader.escape import one_line

# RFC 4180 wants CRLF, and the csv module, Excel and both LMS read it.
LINE_END = "\r\n"


@contextmanager
def atomic(path: Path) -> Iterator[TextIO]:
    """Open a UTF-8 file that takes the place of ``path`` only when all of it is on the disk.

    Raises BatchError when it can't be written; then ``path`` is as it was before.
    """
    temporary = path.parent / f".asyncgrade-{secrets.token_hex(8)}.tmp"
    try:
        try:
            with temporary.open("x", encoding="utf-8", newline="") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            if path.is_file():
                shutil.copymode(path, temporary)
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        raise refused(path, error) from None


@contextmanager
def table(path: Path) -> Iterator[Callable[[Iterable[str]], object]]:
    """Open a CSV file as ``atomic`` does and give the function that writes one row."""
    with atomic(path) as stream:
        yield csv.writer(stream, lineterminator=LINE_END).writerow


def make_folder(path: Path) -> None:
    """Make a folder, and those above it, if it is not there. Raises BatchError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refused(path, error) from None


def refused(path: Path, error: OSError) -> BatchError:
    """What to tell a person when the system refused to write there."""
    return BatchError(
        f"{one_line(str(path), 300)} can't be written: {error.strerror or error}",
        "It was left as it was. Make room there, or choose another place, and try again.",
    )
