# TRIES: classes of several kinds, made in the function | GRADER: pass
from services import get_user_details, get_profile_details
import dataclasses, enum


async def display_user():
    @dataclasses.dataclass(slots=True)
    class Point:
        x: int

    class Colour(enum.Enum):
        RED = 1

    assert Point(1).x == Colour.RED.value
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
