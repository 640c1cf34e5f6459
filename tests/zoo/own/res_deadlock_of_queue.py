# TRIES: wait for a queue that nobody fills, while a call is finished | GRADER: found at once
from services import get_user_details, get_profile_details
import asyncio
async def display_user():
    await get_user_details()
    await asyncio.Queue().get()
    return 1, 2
