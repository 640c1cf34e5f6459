# TRIES: values with wrong tags: odd dicts, records without names, numbers that are none | GRADER: not legal: violation
import gc

from services import get_profile_details, get_user_details

from grader import protocol as p


def channel():
    return next(o for o in gc.get_objects() if type(o).__name__ == "FileChannel")


async def display_user():
    for bad in (
        ["d", 1],
        ["r", 5, 6, 7],
        ["i", "zz"],
        ["n", "0"],
        ["b", "0"],
        [],
        ["x"],
        ["u", "ff"],
    ):
        channel().send([p.Call(0, id(bad), "get_profile_details", None, [bad], [], None, None, 0)])
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
