# TRIES: a thread pool of its own, shut down in order | GRADER: pass
import asyncio
from concurrent.futures import ThreadPoolExecutor

from services import get_profile_details, get_user_details


async def display_user():
    with ThreadPoolExecutor(4) as pool:
        assert await asyncio.get_running_loop().run_in_executor(pool, sum, [1, 2]) == 3
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
