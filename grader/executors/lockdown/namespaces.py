"""Namespaces: a zygote of its own view, with no network, no other process and few files.

Entered once by the zygote, so a child pays nothing. Two steps: ``enter`` before anything large is
imported (the process that goes on is a new one), ``shrink_root`` when all is imported.
Source: unshare(2), user_namespaces(7), pid_namespaces(7), pivot_root(2), mount_setattr(2).
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import socket

from grader.executors.lockdown import kernel
from grader.executors.lockdown.library import Library
from grader.executors.lockdown.unavailable import Unavailable

_NEW_MOUNTS, _NEW_CGROUP, _NEW_UTS, _NEW_IPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
_NEW_USER, _NEW_PID, _NEW_NET = 0x10000000, 0x20000000, 0x40000000
_ALL = _NEW_MOUNTS | _NEW_CGROUP | _NEW_UTS | _NEW_IPC | _NEW_PID | _NEW_NET

_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000
_MS_NOSUID_NODEV_NOEXEC = 0b1110
_MNT_DETACH = 2
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_MOUNT_SETATTR = 442  # on every machine
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_ATTR_READ_ONLY_NOSUID_NODEV = 0b111

_ROOT_OPTIONS = b"size=1m,nr_inodes=16k,mode=755"
_COVERED = ("/proc", "/sys", "/mnt", "/media")  # the new root is put together on one of these


def enter() -> None:
    """Go on as the first process of new namespaces; the old process waits and ends with it.

    Raises Unavailable, and then nothing has changed.
    """
    uid, gid = os.geteuid(), os.getegid()
    try:
        kernel.call("unshare", _ALL)
    except OSError:
        _unshare_as_user(uid, gid)
    first = os.fork()
    if first:
        _wait_for(first)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    socket.sethostname("localhost")  # the machine's name is nobody's business


def _unshare_as_user(uid: int, gid: int) -> None:
    """The same by way of a user namespace, which needs no privilege where it is allowed."""
    # Tried in a child first: a half-made user namespace can't be left again.
    attempt = os.fork()
    if attempt == 0:
        code = 1
        try:
            _unshare_and_map(uid, gid)
            code = 0
        except OSError as error:
            code = error.errno or 1
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(attempt, 0)[1])
    if code == errno.ENOSPC:
        raise Unavailable("unshare: no user namespace is allowed here")
    if code:
        raise Unavailable(f"unshare: {os.strerror(code)}")
    _unshare_and_map(uid, gid)


def _unshare_and_map(uid: int, gid: int) -> None:
    kernel.call("unshare", _ALL | _NEW_USER)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {uid} 1"),
        ("gid_map", f"{gid} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def _wait_for(first: int) -> None:
    """Hold no descriptor open, and end as the namespaces' first process ended."""
    kernel.close_range(0)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    status = os.waitstatus_to_exitcode(os.waitpid(first, 0)[1])
    os._exit(status if status >= 0 else 128 - status)


def shrink_root(library: Library) -> None:
    """See nothing but the library from now on, and that read-only. Raises Unavailable."""
    try:
        _shrink_root(library)
    except (OSError, KeyError, StopIteration) as error:
        raise Unavailable(f"a small root: {error}") from None


def _shrink_root(library: Library) -> None:
    wanted = [*library.standard_folders, *library.other]
    root = next(
        folder
        for folder in _COVERED
        if os.path.isdir(folder) and not any(path.startswith(folder + "/") for path in wanted)
    )
    pivot_root = _PIVOT_ROOT[kernel.machine()]
    _mount("none", "/", None, _MS_REC | _MS_PRIVATE)
    _mount("tmpfs", root, "tmpfs", _MS_NOSUID_NODEV_NOEXEC, _ROOT_OPTIONS)
    for path in _outermost(wanted):
        _bind(path, root + path)
    for path in library.hidden:
        _mount("tmpfs", root + path, "tmpfs", _MS_NOSUID_NODEV_NOEXEC, b"size=4k,mode=755")
    _keep_links(root)
    _make_read_only(root)
    os.chdir(root)
    kernel.syscall(pivot_root, b".", b".")
    kernel.call("umount2", b".", _MNT_DETACH)
    os.chdir("/")


def _outermost(paths: list[str]) -> list[str]:
    """Without those that lie below another one."""
    return [
        path
        for path in dict.fromkeys(paths)
        if not any(path.startswith(other + "/") for other in paths)
    ]


def _bind(source: str, target: str) -> None:
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o444))
    _mount(source, target, None, _MS_BIND | _MS_REC)


def _keep_links(root: str) -> None:
    """On merged systems ``/lib`` is a link to ``/usr/lib``, and the loader goes by it."""
    for link in ("/lib", "/lib64"):
        if os.path.islink(link) and not os.path.lexists(root + link):
            os.symlink(os.readlink(link), root + link)


def _make_read_only(root: str) -> None:
    attributes = (ctypes.c_uint64 * 4)(_ATTR_READ_ONLY_NOSUID_NODEV, 0, 0, 0)
    kernel.syscall(
        _MOUNT_SETATTR,
        *(_AT_FDCWD, os.fsencode(root), _AT_RECURSIVE),
        *(attributes, ctypes.sizeof(attributes)),
    )


def _mount(
    source: str, target: str, kind: str | None, flags: int, options: bytes | None = None
) -> None:
    names = os.fsencode(source), os.fsencode(target), os.fsencode(kind) if kind else None
    kernel.call("mount", *names, flags, options)
