# TRIES: ask for the profile at once, with the username of an earlier run | GRADER: that username proves nothing in this run
import asyncio
import builtins

from services import get_profile_details, get_user_details


async def display_user():
    old = getattr(builtins, "old", "user-1")
    user, profile = await asyncio.gather(get_user_details(), get_profile_details(old))
    builtins.old = user["username"]
    return user, profile
