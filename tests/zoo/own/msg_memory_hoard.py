# TRIES: in each run, 54 MB of text in the arguments of calls that the host remembers | GRADER: what the host keeps of one program is bounded
import gc

from services import get_profile_details, get_user_details


def write(body, size=None):
    fd = next(o for o in gc.get_objects() if type(o).__name__ == "FileChannel")._write_fd
    data = (len(body) if size is None else size).to_bytes(4, "big") + body
    import os

    while data:
        data = data[os.write(fd, data) :]


import asyncio


async def rest():  # so that `loaded` is out, in later runs too
    await asyncio.sleep(0.000001)
    return asyncio.get_running_loop().now_us


async def display_user():
    now = await rest()
    for i in range(9):
        write(
            f'[["call",{now},{900 + i},"get_profile_details",null,["'.encode()
            + b"x" * 6_000_000
            + b'"],[],null,null,0]]'
        )
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
