"""Makes the addresses of objects the same in every process, where the system allows it.

Sets of coroutines iterate in the order of their addresses: with fixed ones a program runs the same
way every time. Imports almost nothing, because the interpreter is started a second time.
"""

from __future__ import annotations

import os
import sys

from grader.executors.lockdown.kernel import libc

_ADDR_NO_RANDOMIZE = 0x0040000  # personality(2)


def fix_addresses() -> None:
    """Start this interpreter again without address randomisation, unless it is off already."""
    persona = libc.personality(0xFFFFFFFF)
    if persona == -1 or persona & _ADDR_NO_RANDOMIZE:
        return
    if libc.personality(persona | _ADDR_NO_RANDOMIZE) != -1:  # some containers refuse
        os.execv(sys.executable, sys.orig_argv)
