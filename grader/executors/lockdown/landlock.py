"""Landlock: the files that a worker may read, and nothing else of files, network and signals.

The ruleset is made once in the zygote and put on by each child. Source: the kernel's
``Documentation/userspace-api/landlock.rst`` and ``include/uapi/linux/landlock.h``.
"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Iterable

from grader.executors.lockdown.kernel import syscall
from grader.executors.lockdown.unavailable import Unavailable

# The same numbers on every machine.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1
_RESTRICT_SELF_LOG_SAME_EXEC_OFF = 1  # from ABI 7: a submission must not fill the audit log

_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
# How many rights on files each ABI knows, from the lowest bit on.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16, 6: 16, 7: 16, 8: 16, 9: 17}
_TCP_FROM_ABI, _TCP = 4, 0b11  # bind and connect
_SCOPES_FROM_ABI, _SCOPES = 6, 0b11  # abstract unix sockets and signals


class _RulesetAttributes(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


class Ruleset:
    """Rules that a child puts on: reading these files and folders, and all below them."""

    def __init__(self, readable: Iterable[str]) -> None:
        """Raises Unavailable where the kernel has no Landlock or has it switched off."""
        try:
            kernel_abi = syscall(_CREATE_RULESET, None, 0, _CREATE_RULESET_VERSION)
        except OSError as error:
            raise Unavailable(f"landlock_create_ruleset: {error.strerror}") from None
        self.abi = min(kernel_abi, max(_FILE_RIGHTS))
        self._fd = _create_ruleset(self.abi)
        for path in readable:
            self._allow_reading(path)

    def _allow_reading(self, path: str) -> None:
        try:
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            return  # what is not there needs no rule
        is_folder = stat.S_ISDIR(os.fstat(fd).st_mode)
        rule = _PathBeneath(_READ_FILE | (_READ_DIR if is_folder else 0), fd)
        syscall(_ADD_RULE, self._fd, _RULE_PATH_BENEATH, ctypes.byref(rule), 0)
        os.close(fd)

    def restrict_self(self) -> None:
        """Put the rules on this process, for good; needs no_new_privs. Raises OSError."""
        flags = _RESTRICT_SELF_LOG_SAME_EXEC_OFF if self.abi >= 7 else 0
        syscall(_RESTRICT_SELF, self._fd, flags)
        os.close(self._fd)

    @property
    def fd(self) -> int:
        """The descriptor that a child needs until it has put the rules on."""
        return self._fd


def _create_ruleset(abi: int) -> int:
    attributes = _RulesetAttributes(
        handled_access_fs=(1 << _FILE_RIGHTS[abi]) - 1,
        handled_access_net=_TCP if abi >= _TCP_FROM_ABI else 0,
        scoped=_SCOPES if abi >= _SCOPES_FROM_ABI else 0,
    )
    # An older kernel refuses fields that it does not know unless they are left out or zero.
    return syscall(_CREATE_RULESET, ctypes.byref(attributes), ctypes.sizeof(attributes), 0)
