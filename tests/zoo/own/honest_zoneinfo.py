# TRIES: time zones of the system | GRADER: pass
from services import get_user_details, get_profile_details
from zoneinfo import ZoneInfo
async def display_user():
    assert ZoneInfo('Europe/Paris').key == 'Europe/Paris'
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
