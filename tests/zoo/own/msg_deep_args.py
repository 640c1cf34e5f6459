# TRIES: arguments nested 100 000 deep | GRADER: bounded depth: violation
import gc

from services import get_profile_details, get_user_details


def write(body, size=None):
    fd = next(o for o in gc.get_objects() if type(o).__name__ == "FileChannel")._write_fd
    data = (len(body) if size is None else size).to_bytes(4, "big") + body
    import os

    while data:
        data = data[os.write(fd, data) :]


async def display_user():
    write(
        b'[["call",0,900,"get_user_details",null,['
        + b'["l",' * 100000
        + b"1"
        + b"]" * 100000
        + b"],[],null,null,0]]"
    )
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
