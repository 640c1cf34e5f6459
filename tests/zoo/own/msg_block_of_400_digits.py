# TRIES: a blocking call of 10**400 s, with a text of 1 MB | GRADER: bounded, a named ending
import gc

from services import get_profile_details, get_user_details

from grader import protocol as p


def channel():
    return next(o for o in gc.get_objects() if type(o).__name__ == "FileChannel")


async def display_user():
    channel().send([p.Block(10**400, 10**400, -3, "\x1b]0;x\x07" * 100000)])
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
