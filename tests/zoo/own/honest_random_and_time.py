# TRIES: random numbers, dates and clocks | GRADER: pass
from services import get_user_details, get_profile_details
import datetime, os, random, time
async def display_user():
    random.seed(); random.random(); datetime.datetime.now(); time.time(); os.urandom(8)
    assert datetime.datetime.strptime('2024-02-29', '%Y-%m-%d').year == 2024
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
