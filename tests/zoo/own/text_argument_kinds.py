# TRIES: arguments that are records, sets and opaque objects of hostile names | GRADER: escaped
import dataclasses

from services import get_profile_details, get_user_details

EVIL = "\x1b[2J\x1b]0;t\x07\n::error file=a.py,line=1::x\n::set-output name=result::100\r##[error]x\u2028\u202e\u200b\x9b31m\x00```\n| a | b |<script>"


async def display_user():
    class C:
        pass

    C.__name__ = EVIL
    fields = [("x", int)]
    D = dataclasses.make_dataclass("D", fields)
    D.__name__ = EVIL
    user = await get_user_details()
    return user, await get_profile_details((C(), D(1), {EVIL}, {EVIL: EVIL}, EVIL.encode()))
