# TRIES: print every control, format and separator character | GRADER: escaped
from services import get_profile_details, get_user_details


async def display_user():
    print(
        "".join(
            map(
                chr,
                [
                    *range(32),
                    *range(127, 160),
                    0x61C,
                    *range(0x200B, 0x2010),
                    *range(0x2028, 0x202F),
                    *range(0x2060, 0x2070),
                    0xFEFF,
                    *range(0xFFF0, 0xFFFC),
                    *range(0xE0000, 0xE0080),
                ],
            )
        )
    )
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
