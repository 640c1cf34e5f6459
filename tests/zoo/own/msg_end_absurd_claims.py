# TRIES: an `end` with lines and leftovers that can't be | GRADER: claims within bounds
import gc

from services import get_profile_details, get_user_details

from grader import protocol as p


def channel():
    return next(o for o in gc.get_objects() if type(o).__name__ == "FileChannel")


async def display_user():
    channel().send(
        [
            p.End(
                0,
                "raised",
                None,
                "PASS" * 9000,
                "ok " * 300000,
                "x" * 500000,
                -(10**20),
                [["blocked", True, "a"], ["nothing", 10**18, 5], [[], {}, None], ["refused"]]
                * 5000,
            )
        ]
    )
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
