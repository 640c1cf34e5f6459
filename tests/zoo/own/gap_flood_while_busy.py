# TRIES: give the host a value that takes it a while, then a small message, and fill every pipe and queue meanwhile | GRADER: the output limit or the wall limit, never a lock for ever
from services import get_user_details, get_profile_details
import gc, json


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
    import os

    now = await rest()
    many = b'["l"' + b',["l"]' * 250_000 + b"]"
    write(
        f'[["call",{now},900,"get_profile_details",null,['.encode() + many + b"],[],null,null,0]]"
    )
    write(f'[["cancel",{now},900]]'.encode())
    while True:
        os.write(1, b"x" * 65536)
