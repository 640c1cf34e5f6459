# TRIES: warnings and unraisable errors with hostile texts at the end of the process | GRADER: escaped; nothing on our own terminal
import sys
import warnings

EVIL = "\x1b[2J\x1b]0;t\x07\n::error file=a.py,line=1::x\n::set-output name=result::100\r##[error]x\u2028\u202e\u200b\x9b31m\x00```\n| a | b |<script>"


async def display_user():
    sys.unraisablehook = None

    class D:
        def __del__(self):
            raise ValueError(EVIL)

    global keep
    keep = D()
    warnings.warn(EVIL)
    return 1, 2
