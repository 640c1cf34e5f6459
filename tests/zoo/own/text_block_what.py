# TRIES: a `block` whose text is hostile | GRADER: escaped
import gc

from services import get_profile_details, get_user_details

from grader import protocol as p

EVIL = "\x1b[2J\x1b]0;t\x07\n::error file=a.py,line=1::x\n::set-output name=result::100\r##[error]x\u2028\u202e\u200b\x9b31m\x00```\n| a | b |<script>"


async def display_user():
    channel = next(o for o in gc.get_objects() if type(o).__name__ == "FileChannel")
    channel.send([p.Block(0, 0, 3, EVIL * 99)])
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
