# TRIES: inspect and traceback look at the program's own source | GRADER: pass
from services import get_user_details, get_profile_details
import inspect, traceback
async def display_user():
    try: 1 / 0
    except ZeroDivisionError: print(traceback.format_exc())
    try: inspect.getsource(display_user)
    except OSError: pass
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
