# TRIES: ten frames of 7 MB text | GRADER: more bytes than a run may send
import gc

from services import get_profile_details, get_user_details

from grader import protocol as p


def channel():
    return next(o for o in gc.get_objects() if type(o).__name__ == "FileChannel")


async def display_user():
    for i in range(10):
        channel().send(
            [p.Call(0, 900 + i, "get_profile_details", None, ["x" * 7_000_000], [], None, None, 0)]
        )
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
