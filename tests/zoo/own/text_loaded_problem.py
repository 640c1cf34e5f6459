# TRIES: a `loaded` with hostile texts, notes and shapes | GRADER: escaped, within bounds
import gc

from grader import protocol as p

EVIL = "\x1b[2J\x1b]0;t\x07\n::error file=a.py,line=1::x\n::set-output name=result::100\r##[error]x\u2028\u202e\u200b\x9b31m\x00```\n| a | b |<script>"
channel = next(o for o in gc.get_objects() if type(o).__name__ == "FileChannel")
channel.send(
    [
        p.Loaded(
            EVIL,
            EVIL * 999,
            EVIL * 999,
            10**9,
            [["main_ignored", 3], [EVIL, 1], [1, 2, 3]] * 50,
            [[1, EVIL], [EVIL, 1]],
        )
    ]
)


async def display_user():
    return 1, 2
