# TRIES: ask for the profile at once, with the username of an earlier run | GRADER: that username proves nothing in this run
from services import get_user_details, get_profile_details
import asyncio, builtins
async def display_user():
    old = getattr(builtins, 'old', 'user-1')
    user, profile = await asyncio.gather(get_user_details(), get_profile_details(old))
    builtins.old = user['username']
    return user, profile
