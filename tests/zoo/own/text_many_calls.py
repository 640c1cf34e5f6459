# TRIES: 800 calls with long arguments, which the timeline shows | GRADER: reports stay short, and are made quickly
from services import get_user_details, get_profile_details
import asyncio
async def display_user():
    user = await get_user_details()
    return user, (await asyncio.gather(*[get_profile_details(f'{n}' * 100) for n in range(800)]))[0]
