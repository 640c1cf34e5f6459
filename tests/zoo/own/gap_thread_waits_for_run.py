# TRIES: a thread of the import waits for the run, then sends an `end` of its own | GRADER: no nonce, or a violation
from services import get_user_details, get_profile_details
import gc
from grader import protocol as p


def channel():
    return next(o for o in gc.get_objects() if type(o).__name__ == "FileChannel")


import threading, select


def wait():
    select.select([], [], [], 0.05)
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


threading.Thread(target=wait, daemon=True).start()


async def display_user():
    select.select([], [], [], 0.3)
    return 1, 2
