# TRIES: tasks and functions with hostile names, which wait for ever | GRADER: escaped where places are shown
import asyncio

EVIL = "\x1b[2J\x1b]0;t\x07\n::error file=a.py,line=1::x\n::set-output name=result::100\r##[error]x\u2028\u202e\u200b\x9b31m\x00```\n| a | b |<script>"


async def display_user():
    async def wait():
        await asyncio.get_running_loop().create_future()

    wait.__name__ = wait.__qualname__ = EVIL
    c = wait()
    c.__name__ = c.__qualname__ = EVIL
    await asyncio.create_task(c, name=EVIL)
