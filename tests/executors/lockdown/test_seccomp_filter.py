"""What the filter answers, by an interpreter: both machines, both modes, on any system."""

from __future__ import annotations

import errno
import struct
from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grader.executors.lockdown import bpf, seccomp
from grader.executors.lockdown.syscalls import LAST_KNOWN, MACHINES, NAMES, number_of
from tests.executors.lockdown.bpf_interpreter import run_filter

ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
FOREIGN = (0x40000003, 0x40000028, 0xC0000016, 0)  # i386, arm, ppc64 and none
ALLOWED, KILLED = "allowed", "killed"
EPERM, EACCES, ENOSYS = errno.EPERM, errno.EACCES, errno.ENOSYS
PID, POINTER = 4321, 0x7FFF_1234_5678
HIGH = 1 << 32  # the lowest bit of the high half
MINUS_100 = 2**64 - 100  # AT_FDCWD
IN_BOTH_MODES = pytest.mark.parametrize("may_open", [True, False], ids=["open", "no-open"])
ON_EACH = pytest.mark.parametrize("machine", MACHINES)


@cache
def program(machine: str, may_open: bool) -> bytes:
    return seccomp.prepare(machine, may_open=may_open).program(PID)


def outcome(
    machine: str, number: int, args: tuple[int, ...] = (), *, may_open: bool = True, arch: int = -1
) -> str | int:
    """``allowed``, ``killed`` or an error number."""
    foreign = arch if arch >= 0 else ARCH[machine]
    action = run_filter(program(machine, may_open), number, foreign, args)
    if action == 0x7FFF0000:
        return ALLOWED
    if action == 0x80000000:
        return KILLED
    assert action & 0xFFFF0000 == 0x00050000, f"an unknown action: {action:#x}"
    assert action & 0xFFFF in (EPERM, EACCES, ENOSYS)
    return action & 0xFFFF


# name, arguments, what the filter answers; ``open`` and ``openat`` with files closed: below
O_TMPFILE, O_PATH, O_CLOEXEC, O_CREAT = 0o20000000, 0o10000000, 0o2000000, 0o100
O_TRUNC, O_APPEND, O_ASYNC, O_EXCL, O_NOATIME = 0o1000, 0o2000, 0o20000, 0o200, 0o1000000
GLIBC_THREAD, MUSL_THREAD = 0x3D0F00, 0x7D0F00
TABLE: list[tuple[str, tuple[int, ...], str | int]] = [
    ("clone", (GLIBC_THREAD, POINTER), ALLOWED),
    ("clone", (MUSL_THREAD, POINTER), ALLOWED),
    ("clone", (17,), EPERM),  # fork: SIGCHLD
    ("clone", (0x4111,), EPERM),  # posix_spawn: VM, VFORK, SIGCHLD
    ("clone", (0x01200011,), EPERM),  # glibc's fork
    *[("clone", (GLIBC_THREAD & ~bit,), EPERM) for bit in (0x100, 0x200, 0x400, 0x800, 0x10000)],
    *[
        ("clone", (GLIBC_THREAD | bit,), EPERM)  # namespaces, PTRACE, PIDFD, UNTRACED, a signal
        for bit in (
            *(0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000),
            *(0x1000, 0x2000, 0x4000, 0x8000, 0x800000, 0x80000000, 17),
        )
    ],
    *[("clone", (GLIBC_THREAD | bit,), EPERM) for bit in (HIGH, HIGH << 1, 1 << 63)],
    ("clone3", (POINTER, 88), ENOSYS),
    ("openat2", (MINUS_100, POINTER, POINTER, 24), ENOSYS),
    ("io_uring_setup", (8, POINTER), ENOSYS),
    ("io_uring_enter", (3, 1), ENOSYS),
    ("io_uring_register", (3, 1), ENOSYS),
    ("kill", (PID, 9), ALLOWED),
    ("kill", (PID | HIGH, 9), ALLOWED),  # the kernel drops the high half: still the own pid
    *[("kill", (pid, 9), EPERM) for pid in (0, 1, 2**64 - 1, 2**32 - 1, PID + 1, 2**64 - PID)],
    ("kill", (PID << 32, 9), EPERM),  # for the kernel this is the group, 0
    ("kill", (seccomp.OWN_PID, 9), EPERM),
    ("tkill", (PID, 9), ALLOWED),
    ("tkill", (PID + 1, 9), EPERM),
    ("tgkill", (PID, PID + 7, 9), ALLOWED),
    ("tgkill", (PID + 1, PID, 9), EPERM),
    ("tgkill", (2**32 - 1, PID, 9), EPERM),
    ("pipe2", (POINTER, 0), ALLOWED),
    ("pipe2", (POINTER, O_CLOEXEC | 0o4000), ALLOWED),
    ("pipe2", (POINTER, O_EXCL), EPERM),  # NOTIFICATION_PIPE
    ("socketpair", (1, 1, 0, POINTER), ALLOWED),
    ("socketpair", (1, 1 | O_CLOEXEC | 0o4000, 0, POINTER), ALLOWED),
    ("socketpair", (HIGH + 1, HIGH + 1, 0, POINTER), ALLOWED),
    *[("socketpair", (1, kind, 0, POINTER), EPERM) for kind in (0, 2, 3, 5, 1 | O_CLOEXEC << 1)],
    *[("socketpair", (family, 1, 0, POINTER), EPERM) for family in (0, 2, 10, 16, 30, 40)],
    ("sendto", (3, POINTER, 5, 0, 0, 0), ALLOWED),
    ("sendto", (3, POINTER, 5, 0x4040, 0, 0), ALLOWED),
    ("sendto", (3, POINTER, 5, 1, 0, 0), EPERM),  # MSG_OOB
    ("sendto", (3, POINTER, 5, 0x20000000, 0, 0), EPERM),  # MSG_FASTOPEN
    *[("sendto", (3, POINTER, 5, 0, address, 16), EPERM) for address in (1, POINTER, HIGH)],
    ("recvfrom", (3, POINTER, 5, 0x142, 0, 0), ALLOWED),
    ("recvfrom", (3, POINTER, 5, 1, 0, 0), EPERM),
    *[("getsockopt", (3, 1, name, POINTER, POINTER), ALLOWED) for name in (3, 4, 38, 39)],
    *[("getsockopt", (3, 1, name), EPERM) for name in (17, 31, 59, 77)],  # the peer's name, pidfd
    ("getsockopt", (3, 6, 3), EPERM),
    *[("prctl", (option, POINTER), ALLOWED) for option in (15, 16, 38)],
    # PDEATHSIG DUMPABLE KEEPCAPS SECCOMP CAPBSET_DROP MM PTRACER SUBREAPER VMA
    *[("prctl", (bad,), EPERM) for bad in (1, 4, 8, 22, 24, 35, 0x59616D61, 36, 0x53564D41)],
    ("prlimit64", (0, 7, 0, POINTER), ALLOWED),
    ("prlimit64", (PID, 7, 0, POINTER), ALLOWED),
    ("prlimit64", (PID - 1, 7, 0, POINTER), EPERM),
    *[("prlimit64", (0, 7, new, 0), EPERM) for new in (POINTER, 1, HIGH, 1 << 63)],
    *[
        ("ioctl", (1, command), ALLOWED)
        for command in (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
    ],
    # TCSETS TIOCSCTTY TIOCSTI FIOASYNC TIOCLINUX; a pidfd's namespaces; FIOSETOWN
    *[
        ("ioctl", (1, bad), EPERM)
        for bad in (0x5402, 0x540E, 0x5412, 0x5452, 0x541C, 0xFF01, 0x8901)
    ],
    ("ioctl", (1, 0x5412 | HIGH), EPERM),
    *[("fcntl", (1, command, 0), ALLOWED) for command in (0, 1, 2, 3, 4, 1030, 1032)],
    # locks, SETOWN, SETSIG, SETOWN_EX, open-file locks, SETLEASE, NOTIFY, SETPIPE_SZ, ADD_SEALS
    *[
        ("fcntl", (1, bad, 0), EPERM)
        for bad in (5, 6, 7, 8, 10, 15, 36, 37, 38, 1024, 1026, 1031, 1033)
    ],
    # int 7 in the low half, an allowed command in the high one: the kernel sees the 7
    ("fcntl", (1, 1 * HIGH + 7, 0), EPERM),
]
CLOSED = [  # with files closed: EACCES, which is not taken for a broken system
    *[(name, (POINTER, 0)) for name in ("open", "stat", "lstat", "access", "readlink")],
    *[(name, (MINUS_100, POINTER)) for name in ("openat", "statx", "faccessat", "readlinkat")],
    ("newfstatat", (MINUS_100, POINTER, POINTER, 0)),
    ("newfstatat", (3, POINTER, POINTER, 0x1000)),  # AT_EMPTY_PATH: the path may have a text
    ("faccessat2", (MINUS_100, POINTER, 4, 0)),
    ("getdents64", (3, POINTER, 4096)),
]
OPENING: list[tuple[int, str | int]] = [
    (0, ALLOWED),
    (O_CLOEXEC, ALLOWED),  # the dynamic linker, fopen("re")
    (O_CLOEXEC | 0o4000 | 0o200000, ALLOWED),  # opendir on x86_64
    (O_CLOEXEC | 0o4000 | 0o40000, ALLOWED),  # opendir on aarch64
    (0o100000, ALLOWED),  # LARGEFILE, or NOFOLLOW
    (0o400000, ALLOWED),
    (HIGH, ALLOWED),  # the kernel takes an int
    *[(mode, EPERM) for mode in (1, 2, 3, 1 | O_CREAT | O_TRUNC, 2 | O_APPEND, 1 | HIGH)],
    *[(bit, EPERM) for bit in (O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_TMPFILE, O_PATH)],
    *[(bit, EPERM) for bit in (O_ASYNC, O_NOATIME, 0o10000, 0o4010000, 1 << 31)],
    (O_TMPFILE | 0o200000 | 2, EPERM),
    (O_PATH | O_CLOEXEC, EPERM),
]
POLICY_NAMES = {
    *seccomp.PLAIN.split(),
    *seccomp.BY_NAME.split(),
    *seccomp.UNKNOWN.split(),
    *seccomp.CHECKED,
}


@ON_EACH
@IN_BOTH_MODES
def test_the_table_of_arguments_holds(machine, may_open):
    for name, args, wanted in TABLE:
        number = number_of(name, machine)
        assert number is not None, f"{machine} has no {name}"
        seen = outcome(machine, number, args, may_open=may_open)
        assert seen == wanted, f"{name}{tuple(map(hex, args))}: {seen}, wanted {wanted}"


@ON_EACH
def test_files_open_to_be_read_only(machine):
    for flags, wanted in OPENING:
        assert outcome(machine, 257 if machine == "x86_64" else 56, (MINUS_100, 1, flags)) == wanted
        if machine == "x86_64":
            assert outcome(machine, 2, (POINTER, flags)) == wanted


@ON_EACH
def test_with_files_closed_every_look_at_a_name_is_refused(machine):
    for name, args in CLOSED:
        number = number_of(name, machine)
        if number is not None:
            assert outcome(machine, number, args) == ALLOWED
            assert outcome(machine, number, args, may_open=False) == EACCES
    closed_names = {name for name, _ in CLOSED}
    assert closed_names == {*seccomp.BY_NAME.split(), "open", "openat"}


@ON_EACH
def test_with_files_closed_a_descriptor_can_still_be_asked(machine):
    fstat = {"x86_64": 5, "aarch64": 80}[machine]
    assert outcome(machine, fstat, (1, POINTER), may_open=False) == ALLOWED


@ON_EACH
@IN_BOTH_MODES
def test_a_call_of_no_table_is_denied(machine, may_open):
    denied = set(NAMES) - POLICY_NAMES
    assert {"socket", "connect", "fork", "execve", "ptrace", "sendmsg", "memfd_create"} <= denied
    for name in denied:
        number = number_of(name, machine)
        for args in ((), (0,) * 6, (PID,) * 6, (2**64 - 1,) * 6):
            if number is not None:
                assert outcome(machine, number, args, may_open=may_open) == EPERM, name


@ON_EACH
@IN_BOTH_MODES
def test_a_plain_call_is_allowed_whatever_its_arguments(machine, may_open):
    for name in seccomp.PLAIN.split():
        number = number_of(name, machine)
        for args in ((), (1,) * 6, (2**64 - 1,) * 6):
            if number is not None:
                assert outcome(machine, number, args, may_open=may_open) == ALLOWED, name


@ON_EACH
@IN_BOTH_MODES
def test_each_number_without_a_name_is_denied(machine, may_open):
    named = {number_of(name, machine) for name in POLICY_NAMES}
    unnamed = set(range(LAST_KNOWN + 1)) - named
    assert len(unnamed) > 300
    assert {outcome(machine, number, may_open=may_open) for number in unnamed} == {EPERM}


@ON_EACH
@IN_BOTH_MODES
def test_numbers_of_later_kernels_look_unknown(machine, may_open):
    for number in (LAST_KNOWN + 1, 462, 1000, 0x3FFFFFFF):
        assert outcome(machine, number, may_open=may_open) == ENOSYS


@IN_BOTH_MODES
@given(number=st.integers(0x40000000, 0xFFFFFFFF))
@example(number=0x40000000)  # x32's read
@example(number=0x40000000 + 520)  # x32's execve
def test_the_second_table_of_x86_64_kills(may_open, number):
    assert outcome("x86_64", number, may_open=may_open) == KILLED


@ON_EACH
@IN_BOTH_MODES
@given(number=st.integers(0, 0xFFFFFFFF), arch=st.integers(0, 0xFFFFFFFF))
@example(number=20, arch=FOREIGN[0])
@example(number=20, arch=FOREIGN[1])
@example(number=63, arch=ARCH["x86_64"])
@example(number=0, arch=ARCH["aarch64"])
def test_a_call_of_another_machine_kills(machine, may_open, number, arch):
    if arch != ARCH[machine]:
        assert outcome(machine, number, may_open=may_open, arch=arch) == KILLED


words = st.one_of(
    st.integers(0, 2**64 - 1),
    st.sampled_from([0, 1, 2, 3, 38, PID, GLIBC_THREAD, POINTER, 0x5421, 0o2000000, HIGH]),
    st.builds(int.__or__, st.sampled_from([1, PID, GLIBC_THREAD]), st.just(HIGH)),
)
numbers = st.one_of(st.integers(0, LAST_KNOWN), st.integers(0, 0xFFFFFFFF))


@ON_EACH
@IN_BOTH_MODES
@given(number=numbers, args=st.tuples(*[words] * 6))
def test_any_call_gets_what_the_tables_say(machine, may_open, number, args):
    """The program against the tables it was made from; the tables: all the tests above."""
    seen = outcome(machine, number, args, may_open=may_open)
    wanted: str | int = EPERM
    answer = seccomp.answers(machine, may_open=may_open).get(number)
    if machine == "x86_64" and number >= 0x40000000:
        wanted = KILLED
    elif number > LAST_KNOWN:
        wanted = ENOSYS
    elif isinstance(answer, tuple):
        holds = [
            args[arg.number] & arg.mask
            in [(PID if value == seccomp.OWN_PID else value) for value in arg.values]
            for arg in answer
        ]
        wanted = ALLOWED if all(holds) else EPERM
    elif answer is not None:
        wanted = ALLOWED if answer == bpf.ALLOW else answer & 0xFFFF
    assert seen == wanted


@ON_EACH
def test_each_child_gets_its_own_pid(machine):
    filter_ = seccomp.prepare(machine, may_open=True)
    kill = {"x86_64": 62, "aarch64": 129}[machine]
    for pid in (1, 77, 4_194_303):
        bytes_ = filter_.program(pid)
        assert run_filter(bytes_, kill, ARCH[machine], (pid, 9)) == bpf.ALLOW
        assert run_filter(bytes_, kill, ARCH[machine], (78, 9)) == bpf.errno_action(EPERM)


@ON_EACH
@IN_BOTH_MODES
def test_the_pid_replaces_nothing_else(machine, may_open):
    before = seccomp.compile_policy(machine, may_open=may_open)
    after = seccomp.prepare(machine, may_open=may_open).program(PID)
    changed = [
        (old[0], old[3], new[3])
        for old, new in zip(
            struct.iter_unpack("=HBBI", before), struct.iter_unpack("=HBBI", after), strict=True
        )
        if old != new
    ]
    # The signals share a check; prlimit64; sched_getaffinity.
    assert changed == [(0x15, seccomp.OWN_PID, PID)] * 3


@ON_EACH
@IN_BOTH_MODES
def test_a_filter_is_short(machine, may_open):
    """The kernel walks it for each number when a child installs it: that is what it costs."""
    assert len(program(machine, may_open)) // 8 < 350


@pytest.mark.parametrize("machine", ["i686", "riscv64", "aarch64_be", "AMD64", "arm64", ""])
def test_an_unknown_machine_has_no_filter(machine):
    with pytest.raises(seccomp.Unavailable, match="x86_64 and aarch64"):
        seccomp.prepare(machine, may_open=True)


def test_a_conditional_jump_reaches_255_steps_and_no_more():
    def jump_over(steps: int) -> list[bpf.Place | bpf.Instruction]:
        return [
            bpf.if_equal(1, yes="end"),
            *[bpf.load(0)] * steps,
            bpf.Place("end"),
            bpf.answer(bpf.ALLOW),
        ]

    assert bpf.assemble(jump_over(255))[2] == 255
    with pytest.raises(ValueError, match=r"jumps 256 steps to 'end'; 0 to 255"):
        bpf.assemble(jump_over(256))


def test_a_plain_jump_reaches_farther():
    filling = [bpf.load(0)] * 1000
    lines: list[bpf.Place | bpf.Instruction]
    lines = [bpf.go_to("end"), *filling, bpf.Place("end"), bpf.answer(bpf.ALLOW)]
    assert run_filter(bpf.assemble(lines), 0, 0) == bpf.ALLOW


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([bpf.go_to("nowhere"), bpf.answer(0)], "'nowhere', which is not in the program"),
        ([bpf.Place("a"), bpf.load(0), bpf.Place("a"), bpf.answer(0)], "'a' is given twice"),
        ([bpf.Place("a"), bpf.load(0), bpf.go_to("a")], "jumps -2 steps"),
        ([], "1 to 4096 steps, not 0"),
        ([bpf.answer(0)] * 4097, "1 to 4096 steps, not 4097"),
    ],
)
def test_a_broken_program_is_refused(lines, message):
    with pytest.raises(ValueError, match=message):
        bpf.assemble(lines)
