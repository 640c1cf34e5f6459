"""Runs a seccomp program as the kernel would, so that a filter for any machine can be tested.

After the kernel's own description (Documentation/networking/filter.rst) and seccomp_check_filter;
deliberately written without a look at the assembler, whose mistakes it must not share.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

LD_W_ABS, ALU_AND_K, RET_K = 0x20, 0x54, 0x06
JMP_JA, JMP_JEQ_K, JMP_JGT_K, JMP_JGE_K, JMP_JSET_K = 0x05, 0x15, 0x25, 0x35, 0x45


def run_filter(program: bytes, number: int, arch: int, args: Sequence[int] = ()) -> int:
    """The action (SECCOMP_RET_… with its data) that a program answers a system call with.

    Raises ValueError for what the kernel would refuse to install.
    """
    if not program or len(program) % 8 or len(program) // 8 > 4096:
        raise ValueError(f"{len(program)} bytes are no program")
    steps = list(struct.iter_unpack("<HBBI", program))
    words = (*args, *[0] * (6 - len(args)))
    data = struct.pack("<IIQ6Q", number & 0xFFFFFFFF, arch, 0x7F0000001000, *words)
    accumulator = at = 0
    while at < len(steps):  # a jump goes forward only, so this ends
        code, yes, no, constant = steps[at]
        at += 1
        if code == RET_K:
            return int(constant)
        if code == LD_W_ABS:
            if constant % 4 or constant > len(data) - 4:
                raise ValueError(f"step {at - 1} loads from {constant}")
            (accumulator,) = struct.unpack_from("<I", data, constant)
        elif code == ALU_AND_K:
            accumulator &= constant
        elif code == JMP_JA:
            at += constant
        elif code in (JMP_JEQ_K, JMP_JGT_K, JMP_JGE_K, JMP_JSET_K):
            holds = {
                JMP_JEQ_K: accumulator == constant,
                JMP_JGT_K: accumulator > constant,
                JMP_JGE_K: accumulator >= constant,
                JMP_JSET_K: bool(accumulator & constant),
            }[code]
            at += yes if holds else no
        else:
            raise ValueError(f"step {at - 1} has the unknown code {code:#x}")
    raise ValueError("the program ends without an answer")
