# TRIES: send `loaded` while the module is still being imported, then `end` with a made-up result | GRADER: the state allows one `loaded`; what follows is a violation
import gc

from services import get_profile_details, get_user_details

from grader import protocol as p


def channel():
    return next(o for o in gc.get_objects() if type(o).__name__ == "FileChannel")


channel().send([p.Loaded(None, "", "", None, [], [])])
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


async def display_user():
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
