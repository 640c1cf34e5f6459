# TRIES: 800 calls with long arguments, which the timeline shows | GRADER: reports stay short, and are made quickly
import asyncio

from services import get_profile_details, get_user_details


async def display_user():
    user = await get_user_details()
    return user, (await asyncio.gather(*[get_profile_details(f"{n}" * 100) for n in range(800)]))[0]
