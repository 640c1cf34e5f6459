# TRIES: an `end` with a made-up result and no call | GRADER: the values hold no nonce: no points
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
                "returned",
                ["t", ["d", "username", "user-1", "id", 7], ["d", "bio", "bio of user-1"]],
                "",
                "",
                "",
                None,
                [],
            )
        ]
    )
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
