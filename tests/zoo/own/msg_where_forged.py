# TRIES: wait for ever; answer the question where with hostile rows | GRADER: claims within bounds: still a deadlock
import gc

from grader import protocol as p


def channel():
    return next(o for o in gc.get_objects() if type(o).__name__ == "FileChannel")


import asyncio
import sys

R = sys.modules["grader.worker.run"].StudentRun
R._where = lambda self: p.Where(
    [
        ["\x1b[2J\n::error::x", 10**30, "y" * 9000],
        [1, 2],
        [],
        [None, True, {"a": 1}],
        [["l"] * 1000, -4, 1.5],
    ]
    * 60
)


async def display_user():
    await asyncio.get_running_loop().create_future()
