"""Calls into the kernel that Python has no function for (Linux)."""

from __future__ import annotations

import ctypes
import os
from typing import Any

libc: Any = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

# prctl(2)
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 36, 38
_CLOSE_RANGE = 436  # on every machine
_HIGHEST_FD = 0xFFFFFFFF
_CAPABILITY_VERSION_3 = 0x20080522  # capset(2)


def syscall(number: int, *arguments: Any) -> int:
    """Make a system call by its number. Raises OSError."""
    return _checked(libc.syscall(ctypes.c_long(number), *map(_argument, arguments)))


def call(name: str, *arguments: Any) -> int:
    """Make a system call that the C library has a function for. Raises OSError."""
    return _checked(getattr(libc, name)(*map(_argument, arguments)))


def prctl(option: int, argument: int) -> None:
    """Set a flag of this process where the system knows it."""
    libc.prctl(option, ctypes.c_ulong(argument), *[ctypes.c_ulong(0)] * 3)


def close_range(first: int, last: int = _HIGHEST_FD) -> None:
    """Close these descriptors, both ends included."""
    try:
        syscall(_CLOSE_RANGE, first, last, 0)
    except OSError:  # a kernel before 5.9
        os.closerange(first, min(last + 1, os.sysconf("SC_OPEN_MAX")))


def drop_capabilities() -> None:
    """Give up every capability of this process. Raises OSError."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    call("capset", header, (ctypes.c_uint32 * 6)())


def machine() -> str:
    """The processor's name for itself, as ``uname -m`` prints it."""
    return os.uname().machine


def _argument(value: Any) -> Any:
    return ctypes.c_long(value) if isinstance(value, int) else value


def _checked(result: int) -> int:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return int(result)
