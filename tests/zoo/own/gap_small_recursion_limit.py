# TRIES: leave the worker hardly any stack | GRADER: a named ending
from services import get_user_details, get_profile_details
import inspect, sys


async def display_user():
    sys.setrecursionlimit(len(inspect.stack()) + 12)
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
