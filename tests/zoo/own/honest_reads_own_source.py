# TRIES: inspect and traceback look at the program's own source | GRADER: pass
import inspect
import traceback

from services import get_profile_details, get_user_details


async def display_user():
    try:
        1 / 0
    except ZeroDivisionError:
        print(traceback.format_exc())
    try:
        inspect.getsource(display_user)
    except OSError:
        pass
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
