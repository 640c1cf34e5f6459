# TRIES: random numbers, dates and clocks | GRADER: pass
import datetime
import os
import random
import time

from services import get_profile_details, get_user_details


async def display_user():
    random.seed()
    random.random()
    datetime.datetime.now()
    time.time()
    os.urandom(8)
    assert datetime.datetime.strptime("2024-02-29", "%Y-%m-%d").year == 2024
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
