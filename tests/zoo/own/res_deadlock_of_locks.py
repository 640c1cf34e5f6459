# TRIES: an asyncio lock that is taken twice | GRADER: found at once
from services import get_user_details, get_profile_details
import asyncio
async def display_user():
    lock = asyncio.Lock()
    async with lock:
        async with lock: pass
    return 1, 2
