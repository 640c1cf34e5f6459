# TRIES: the same argument by position, by name, and by name again | GRADER: refused or a wrong call; never points
import gc

from services import get_profile_details, get_user_details

from grader import protocol as p


def channel():
    return next(o for o in gc.get_objects() if type(o).__name__ == "FileChannel")


import asyncio


async def rest():  # so that `loaded` is out, in later runs too
    await asyncio.sleep(0.000001)
    return asyncio.get_running_loop().now_us


async def display_user():
    now = await rest()
    channel().send(
        [
            p.Call(
                now,
                900,
                "get_profile_details",
                None,
                ["a"],
                ["username", "b", "username", "c"],
                None,
                None,
                0,
            )
        ]
    )
    channel().send([p.Idle(now, None, False)])
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
