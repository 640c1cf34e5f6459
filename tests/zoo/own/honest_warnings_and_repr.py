# TRIES: a warning, a long repr, an odd encoding on the way out | GRADER: pass
import warnings

from services import get_profile_details, get_user_details


async def display_user():
    warnings.warn("careful")
    print("Grüße \u2713 \U0001f600", repr("x" * 3000))
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
