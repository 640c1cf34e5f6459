"""Opening a file that others may have put there: no pipe, device or folder is ever waited for."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


class NotOrdinary(OSError):
    """What was opened is not an ordinary file; ``mode`` says what it is."""

    def __init__(self, mode: int) -> None:
        super().__init__(errno.EINVAL, "it is not an ordinary file")
        self.mode = mode


def open_ordinary(
    path: str | Path, *, follow_link: bool = False, dir_fd: int | None = None
) -> BinaryIO:
    """Open an ordinary file for reading. Raises OSError: NotOrdinary for anything else.

    A link as its last part is an OSError unless ``follow_link``; Windows can't tell it while
    opening, so look before. ``dir_fd``: the open folder in which the path begins.
    """
    flags = os.O_RDONLY
    refuse_link = () if follow_link else ("O_NOFOLLOW",)
    for name in (*refuse_link, "O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    fd = os.open(path, flags, dir_fd=dir_fd)
    try:
        mode = os.fstat(fd).st_mode  # of the file itself: by now the name can mean another
        if not stat.S_ISREG(mode):
            raise NotOrdinary(mode)
        return os.fdopen(fd, "rb")
    except BaseException:
        os.close(fd)
        raise
