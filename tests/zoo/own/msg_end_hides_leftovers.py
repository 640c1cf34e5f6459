# TRIES: leave a task behind and claim that there is none | GRADER: documented: what is left in the worker is a claim
import asyncio
import sys

from services import get_profile_details, get_user_details

sys.modules["grader.worker.run"].StudentRun._note_leftovers = lambda self: None


async def display_user():
    global left
    left = asyncio.create_task(asyncio.sleep(100))
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
