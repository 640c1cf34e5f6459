# TRIES: wait for a queue that nobody fills, while a call is finished | GRADER: found at once
import asyncio

from services import get_user_details


async def display_user():
    await get_user_details()
    await asyncio.Queue().get()
    return 1, 2
