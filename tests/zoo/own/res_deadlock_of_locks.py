# TRIES: an asyncio lock that is taken twice | GRADER: found at once
import asyncio


async def display_user():
    lock = asyncio.Lock()
    async with lock, lock:
        pass
    return 1, 2
