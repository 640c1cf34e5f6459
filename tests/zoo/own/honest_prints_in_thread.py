# TRIES: print from a thread | GRADER: pass
from services import get_user_details, get_profile_details
import threading


async def display_user():
    t = threading.Thread(target=print, args=("hello",))
    t.start()
    t.join()
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
