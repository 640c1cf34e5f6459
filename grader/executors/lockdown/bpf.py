"""A small assembler for classic BPF programs over seccomp's data, with named places to jump to.

Format: struct sock_filter (linux/filter.h), eight bytes an instruction; struct seccomp_data
(linux/seccomp.h). Knows nothing of what is allowed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import NamedTuple

# linux/bpf_common.h: class, size or operation, and mode, added up
LOAD, AND, JUMP, JUMP_EQUAL, JUMP_AT_LEAST, RETURN = 0x20, 0x54, 0x05, 0x15, 0x35, 0x06
NEXT = ""  # where to go on: at the instruction that follows

NUMBER_AT, ARCH_AT, ARGS_AT = 0, 4, 16  # byte offsets in struct seccomp_data
MAX_INSTRUCTIONS = 4096  # BPF_MAXINSNS
_FARTHEST = 255  # a conditional jump's distance has eight bits

ALLOW, ERRNO, KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000  # SECCOMP_RET_…


class Place(NamedTuple):
    """A name for the instruction that follows."""

    name: str


class Instruction(NamedTuple):
    """One instruction: what to do, its constant, and where to go on if it is true, or is not."""

    code: int
    constant: int
    yes: str = NEXT
    no: str = NEXT


def load(offset: int) -> Instruction:
    """Load four bytes of the seccomp data; all else works on what was loaded last."""
    return Instruction(LOAD, offset)


def keep_bits(mask: int) -> Instruction:
    return Instruction(AND, mask)


def if_equal(value: int, yes: str = NEXT, no: str = NEXT) -> Instruction:
    return Instruction(JUMP_EQUAL, value, yes, no)


def if_at_least(value: int, yes: str = NEXT, no: str = NEXT) -> Instruction:
    """Compare as numbers without a sign."""
    return Instruction(JUMP_AT_LEAST, value, yes, no)


def go_to(place: str) -> Instruction:
    """Jump as far as one likes: this distance has 32 bits."""
    return Instruction(JUMP, 0, place)


def answer(action: int) -> Instruction:
    return Instruction(RETURN, action)


def errno_action(number: int) -> int:
    return ERRNO | number


def assemble(lines: Iterable[Place | Instruction]) -> bytes:
    """Turn lines into the kernel's bytes.

    Raises ValueError for a place that is unknown, given twice, behind the jump or too far away,
    and for a program that is empty or too long.
    """
    instructions: list[Instruction] = []
    places: dict[str, int] = {}
    for line in lines:
        if isinstance(line, Instruction):
            instructions.append(line)
        elif places.setdefault(line.name, len(instructions)) != len(instructions):
            raise ValueError(f"the place {line.name!r} is given twice")
    if not 0 < len(instructions) <= MAX_INSTRUCTIONS:
        raise ValueError(f"a program has 1 to {MAX_INSTRUCTIONS} steps, not {len(instructions)}")
    return b"".join(_encode(line, at, places) for at, line in enumerate(instructions))


def _encode(line: Instruction, at: int, places: dict[str, int]) -> bytes:
    if line.code == JUMP:
        return struct.pack("=HBBI", JUMP, 0, 0, _distance(line.yes, at, places, 0xFFFFFFFF))
    yes, no = (_distance(name, at, places, _FARTHEST) for name in (line.yes, line.no))
    return struct.pack("=HBBI", line.code, yes, no, line.constant)


def _distance(name: str, at: int, places: dict[str, int], farthest: int) -> int:
    """How many instructions to leap over."""
    if name == NEXT:
        return 0
    if name not in places:
        raise ValueError(f"instruction {at} jumps to {name!r}, which is not in the program")
    distance = places[name] - at - 1
    if not 0 <= distance <= farthest:
        raise ValueError(
            f"instruction {at} jumps {distance} steps to {name!r}; 0 to {farthest} are possible"
        )
    return distance
