# TRIES: leave a task of a hostile name behind | GRADER: escaped where leftovers are shown
import asyncio

from services import get_profile_details, get_user_details

EVIL = "\x1b[2J\x1b]0;t\x07\n::error file=a.py,line=1::x\n::set-output name=result::100\r##[error]x\u2028\u202e\u200b\x9b31m\x00```\n| a | b |<script>"


async def display_user():
    global task
    c = asyncio.sleep(100)
    c.__name__ = c.__qualname__ = EVIL
    task = asyncio.create_task(c)
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
