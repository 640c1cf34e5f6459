# TRIES: print every control, format and separator character | GRADER: escaped
from services import get_user_details, get_profile_details
async def display_user():
    print(''.join(map(chr, [*range(32), *range(127, 160), 0x61c, *range(0x200b, 0x2010), *range(0x2028, 0x202f), *range(0x2060, 0x2070), 0xfeff, *range(0xfff0, 0xfffc), *range(0xe0000, 0xe0080)])))
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
