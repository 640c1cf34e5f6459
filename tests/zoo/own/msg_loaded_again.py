# TRIES: send a second `loaded` in the middle of a run | GRADER: not legal: violation
import gc

from services import get_profile_details, get_user_details

from grader import protocol as p


def channel():
    return next(o for o in gc.get_objects() if type(o).__name__ == "FileChannel")


async def display_user():
    channel().send([p.Loaded(None, "", "", None, [], [])])
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
