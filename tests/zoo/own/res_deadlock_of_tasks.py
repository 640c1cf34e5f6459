# TRIES: two tasks that wait for each other | GRADER: found at once
import asyncio


async def display_user():
    async def other():
        await first

    first = asyncio.create_task(asyncio.sleep(0))
    a = asyncio.get_running_loop().create_future()
    b = asyncio.create_task(asyncio.wait_for(a, None))
    await b
    return 1, 2
