# TRIES: asyncio.to_thread and run_in_executor | GRADER: pass
import asyncio

from services import get_profile_details, get_user_details


async def display_user():
    assert await asyncio.to_thread(sum, [1, 2]) == 3
    assert await asyncio.gather(*[asyncio.to_thread(pow, n, 2) for n in range(20)]) == [
        n * n for n in range(20)
    ]
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
