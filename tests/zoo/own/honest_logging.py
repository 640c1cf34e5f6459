# TRIES: log to stderr | GRADER: pass
from services import get_user_details, get_profile_details
import logging


async def display_user():
    logging.basicConfig(level=logging.INFO)
    logging.info("hello")
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
