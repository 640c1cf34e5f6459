"""Which system calls a locked-down worker may make: the policy as tables, and its installation.

Rule 1: what is not allowed here is denied, and so is all that a later kernel invents.
Rule 2: nothing allowed reaches another process, makes a socket to the outside, starts a program,
        or changes a file. What may be *read* is not decided here: that is Landlock's to say.
Rule 3: all that can be prepared is prepared before the fork. See seccomp(2).
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from grader.executors.lockdown import bpf
from grader.executors.lockdown.syscalls import LAST_KNOWN, MACHINES, number_of
from grader.executors.lockdown.unavailable import Unavailable

# ------------------------------------------------------------------------------- the policy

# Allowed whatever the arguments are. The names that a machine does not have are left out there.
PLAIN = """
    read write readv writev pread64 lseek close dup dup2 dup3 pipe fstat getcwd getsockname
    poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait
    brk mmap munmap mprotect mremap madvise
    futex set_robust_list rseq sched_yield exit exit_group
    rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigsuspend rt_sigtimedwait
    sigaltstack pause restart_syscall alarm getitimer setitimer
    clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times
    getrandom getrusage getrlimit uname sysinfo getcpu
    getpid gettid getppid getuid geteuid getgid getegid getgroups getresuid getresgid
"""
# mmap and mprotect may make memory executable: a shared library that is imported late needs it,
# and machine code can't do more than Python with ctypes, because both meet this filter.
# setitimer and alarm signal the process itself only; timer_create is denied, nothing needs it.

# Read the file system by name. Without Landlock nobody says which names, so then they fail.
BY_NAME = """
    stat lstat newfstatat statx access faccessat faccessat2 readlink readlinkat getdents64
"""
# The catch is fstat(), which knows no name: the C library makes the call fstat for it up to 2.32
# and from 2.39 on (musl: always), but newfstatat(fd, "", …, AT_EMPTY_PATH) between these.
# A filter can't see whether that text is empty, and with "/etc/passwd" in it the call is a stat()
# like any other. So where names are closed newfstatat is closed too, whatever its flags, and with
# those C libraries os.fstat() fails. Python 3.10 to 3.13 puts up with that where it counts: to
# open a descriptor as a file only EBADF is an error.

# Answered as by a kernel that is too old to know them: the C library falls back on an older call.
# Their arguments lie in memory, where a filter can't look.
UNKNOWN = "clone3 openat2 io_uring_setup io_uring_enter io_uring_register"

INT = 0xFFFFFFFF  # the kernel drops the high half of an int argument, so it is not looked at
LONG = 0xFFFFFFFFFFFFFFFF  # of a pointer or a long both halves count
OWN_PID = 0x7EEDED1D  # stands for the child's process id; no real one is as large (at most 2**22)


class Arg(NamedTuple):
    """An argument, of which the bits in ``mask`` must make up one of ``values``.

    All the values have the same high half.
    """

    number: int
    mask: int
    values: tuple[int, ...]


def one_of(index: int, *values: int) -> Arg:
    return Arg(index, INT, values)


def only_bits(index: int, bits: int) -> Arg:
    return Arg(index, INT & ~bits, (0,))


def null(index: int) -> Arg:
    return Arg(index, LONG, (0,))


# What a C library asks for to make a thread; nothing else, so no process and no namespace.
_THREAD = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000  # CLONE_VM FS FILES SIGHAND THREAD
_THREAD_EXTRAS = 0x40000 | 0x80000 | 0x100000 | 0x200000 | 0x400000 | 0x1000000
#                SYSVSEM   SETTLS    PARENT_SETTID CHILD_CLEARTID DETACHED CHILD_SETTID

_CLOEXEC, _NONBLOCK, _NOCTTY = 0o2000000, 0o4000, 0o400  # O_…, and SOCK_… alike
# DIRECTORY, NOFOLLOW, LARGEFILE and DIRECT: four bits that both machines use, in another order.
_DIRECTORY_AND_SUCH = 0o740000
# Not among them: WRONLY RDWR CREAT TRUNC APPEND TMPFILE, and PATH, which Landlock does not govern.
_OPEN_TO_READ = _CLOEXEC | _NONBLOCK | _NOCTTY | _DIRECTORY_AND_SUCH

# Allowed if all the arguments named here are as said; EPERM otherwise.
CHECKED: dict[str, tuple[Arg, ...]] = {
    "open": (only_bits(1, _OPEN_TO_READ),),
    "openat": (only_bits(2, _OPEN_TO_READ),),
    "clone": (Arg(0, LONG & ~_THREAD_EXTRAS, (_THREAD,)),),
    "kill": (one_of(0, OWN_PID),),  # not 0 and not negative: those are groups
    "tkill": (one_of(0, OWN_PID),),  # the main thread
    "tgkill": (one_of(0, OWN_PID),),
    "sched_getaffinity": (one_of(0, 0, OWN_PID),),  # of another it would tell that it exists
    "pipe2": (only_bits(1, _CLOEXEC | _NONBLOCK),),  # no NOTIFICATION_PIPE
    # asyncio's own loops wake themselves through a pair. Descriptors can't be sent over it,
    # because sendmsg and recvmsg are denied: nothing of the standard library needs them here.
    "socketpair": (one_of(0, 1), Arg(1, INT & ~(_CLOEXEC | _NONBLOCK), (1,))),  # UNIX, STREAM
    "sendto": (only_bits(3, 0x40 | 0x4000), null(4)),  # MSG_DONTWAIT NOSIGNAL; to the peer only
    "recvfrom": (only_bits(3, 0x2 | 0x40 | 0x100),),  # MSG_PEEK DONTWAIT WAITALL; not OOB
    # SOL_SOCKET: TYPE ERROR PROTOCOL DOMAIN; not the peer's credentials, nor its pidfd
    "getsockopt": (one_of(1, 1), one_of(2, 3, 4, 38, 39)),
    # PR_SET_NAME GET_NAME SET_NO_NEW_PRIVS. malloc's PR_SET_VMA, a label, may fail.
    "prctl": (one_of(0, 15, 16, 38),),
    "prlimit64": (one_of(0, 0, OWN_PID), null(2)),  # to read, never to set
    # FIONBIO FIOCLEX FIONCLEX TCGETS FIONREAD TIOCGWINSZ; not TIOCSTI, FIOASYNC, …
    "ioctl": (one_of(1, 0x5421, 0x5451, 0x5450, 0x5401, 0x541B, 0x5413),),
    # F_DUPFD GETFD SETFD GETFL SETFL DUPFD_CLOEXEC GETPIPE_SZ; not F_SETOWN, SETSIG, SETLEASE,
    # NOTIFY, SETPIPE_SZ and locks
    "fcntl": (one_of(1, 0, 1, 2, 3, 4, 1030, 1032),),
}

_EPERM = bpf.errno_action(errno.EPERM)
_ENOSYS = bpf.errno_action(errno.ENOSYS)
_EACCES = bpf.errno_action(errno.EACCES)  # also what makes the dynamic linker look elsewhere
Answer = int | tuple[Arg, ...]  # an action of seccomp, or what has to be checked


def answers(machine: str, *, may_open: bool) -> dict[int, Answer]:
    """The whole policy by number; a number that is missing gets EPERM."""
    named: dict[str, Answer] = dict.fromkeys(PLAIN.split(), bpf.ALLOW)
    named |= dict.fromkeys(UNKNOWN.split(), _ENOSYS)
    named |= CHECKED
    named |= dict.fromkeys(BY_NAME.split(), bpf.ALLOW if may_open else _EACCES)
    if not may_open:
        named |= dict.fromkeys(("open", "openat"), _EACCES)
    numbered = {number_of(name, machine): answer for name, answer in named.items()}
    return {number: answer for number, answer in numbered.items() if number is not None}


# ------------------------------------------------------------------------------ the program

_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # AUDIT_ARCH_…; both little-endian, 64 bits
_X32_BIT = 0x40000000  # numbers of x86_64's second, 32-bit table
Lines = Iterator[bpf.Place | bpf.Instruction]


def compile_policy(machine: str, *, may_open: bool) -> bytes:
    """The filter as BPF, with OWN_PID where the process id belongs."""
    return bpf.assemble(_program(machine, answers(machine, may_open=may_open)))


def _program(machine: str, policy: dict[int, Answer]) -> Lines:
    yield bpf.load(bpf.ARCH_AT)
    yield bpf.if_equal(_ARCH[machine], yes="own machine")
    yield bpf.answer(bpf.KILL_PROCESS)  # such as int 0x80, whose numbers mean something else
    yield bpf.Place("own machine")
    yield bpf.load(bpf.NUMBER_AT)
    if machine == "x86_64":
        yield bpf.if_at_least(_X32_BIT, no="own numbers")
        yield bpf.answer(bpf.KILL_PROCESS)
        yield bpf.Place("own numbers")
    yield bpf.if_at_least(LAST_KNOWN + 1, no="known")
    yield bpf.answer(_ENOSYS)
    yield bpf.Place("known")
    runs = groupby(range(LAST_KNOWN + 1), key=lambda number: policy.get(number, _EPERM))
    spans = [(next(numbers), answer) for answer, numbers in runs]
    yield from _search(spans)
    for checks in dict.fromkeys(answer for _, answer in spans):
        if isinstance(checks, tuple):
            yield bpf.Place(_name(checks))
            yield from _check(checks)


def _search(spans: list[tuple[int, Answer]]) -> Lines:
    """Halve the spans of numbers that are answered alike, until one is left."""
    if len(spans) == 1:
        answer = spans[0][1]
        yield bpf.go_to(_name(answer)) if isinstance(answer, tuple) else bpf.answer(answer)
        return
    middle = len(spans) // 2
    upper = f"from {spans[middle][0]}"
    yield bpf.if_at_least(spans[middle][0], yes=upper)
    yield from _search(spans[:middle])
    yield bpf.Place(upper)
    yield from _search(spans[middle:])


def _name(checks: tuple[Arg, ...]) -> str:
    return f"check {checks}"


def _check(checks: tuple[Arg, ...]) -> Lines:
    """Allow if each argument is as said."""
    denied = f"denied by {checks}"
    for arg in checks:
        at = bpf.ARGS_AT + 8 * arg.number
        if arg.mask > INT:
            yield from _check_half(at + 4, arg.mask >> 32, (arg.values[0] >> 32,), denied)
        yield from _check_half(at, arg.mask & INT, [value & INT for value in arg.values], denied)
    yield bpf.answer(bpf.ALLOW)
    yield bpf.Place(denied)
    yield bpf.answer(_EPERM)


def _check_half(at: int, mask: int, values: Sequence[int], denied: str) -> Lines:
    passed = f"{at} passed, else {denied}"
    yield bpf.load(at)
    if mask != INT:
        yield bpf.keep_bits(mask)
    for value in values[:-1]:
        yield bpf.if_equal(value, yes=passed)
    yield bpf.if_equal(values[-1], no=denied)
    yield bpf.Place(passed)


# ------------------------------------------------------------------------- the installation

_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, _PR_SET_NO_NEW_PRIVS = 22, 2, 38  # prctl(2)


class Filter:
    """A program that is ready for a child. Make it with ``prepare``."""

    def __init__(self, program: bytes) -> None:
        self._words = (ctypes.c_uint32 * (len(program) // 4)).from_buffer_copy(program)
        # Every second word is an instruction's constant.
        self._pid_words = [i for i in range(1, len(self._words), 2) if self._words[i] == OWN_PID]
        # struct sock_fprog: the number of instructions, and where they are
        header = struct.pack("HP", len(program) // 8, ctypes.addressof(self._words))
        self._header = ctypes.create_string_buffer(header, len(header))
        self._prctl = None
        if sys.platform.startswith("linux"):
            # Without argtypes: each object that a call uses is a page to copy after the fork.
            self._prctl = ctypes.CDLL(None, use_errno=True).prctl

    def program(self, own_pid: int) -> bytes:
        """The bytes that ``install`` gives to the kernel."""
        for index in self._pid_words:
            self._words[index] = own_pid
        return bytes(self._words)

    def install(self, own_pid: int) -> None:
        """Put this process under the filter, for ever: call it in a child with one thread.

        ``own_pid``: as the child itself sees it. Raises OSError.
        """
        prctl, words = self._prctl, self._words
        if prctl is None:
            raise OSError(errno.ENOSYS, "this system has no seccomp")
        for index in self._pid_words:
            words[index] = own_pid
        # Without no_new_privs only root may install a filter. prctl() does the same as seccomp()
        # without flags; it has been there for longer and needs no number.
        if prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or prctl(
            _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, self._header, 0, 0
        ):
            number = ctypes.get_errno()
            raise OSError(number, f"seccomp: {os.strerror(number)}")


def prepare(machine: str, *, may_open: bool) -> Filter:
    """Make the filter for a machine (as uname calls it), once, before any fork.

    ``may_open``: whether files may be opened to read; without Landlock they may not.
    Raises Unavailable.
    """
    if machine not in MACHINES:
        known = " and ".join(MACHINES)
        raise Unavailable(f"the machine is {machine!r}; the filter knows {known}")
    if ctypes.sizeof(ctypes.c_void_p) != 8:
        raise Unavailable("this is a 32-bit Python; the filter knows 64-bit ones")
    return Filter(compile_policy(machine, may_open=may_open))
