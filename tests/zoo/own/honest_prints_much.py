# TRIES: print 100 kB | GRADER: pass
from services import get_user_details, get_profile_details


async def display_user():
    for n in range(1000):
        print("x" * 100)
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
