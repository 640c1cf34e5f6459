# TRIES: the entry is an object with an async __call__ | GRADER: pass
from services import get_user_details, get_profile_details


class Entry:
    async def __call__(self):
        user = await get_user_details()
        profile = await get_profile_details(username=user["username"])
        return user, profile


display_user = Entry()
