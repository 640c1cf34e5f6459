# TRIES: wait for a future while an idle thread pool is there | GRADER: found soon
import asyncio


async def display_user():
    await asyncio.to_thread(int)
    await asyncio.get_running_loop().create_future()
    return 1, 2
