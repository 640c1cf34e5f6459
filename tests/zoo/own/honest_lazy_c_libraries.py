# TRIES: import modules that load libraries of the system late | GRADER: pass
from services import get_user_details, get_profile_details
import contextlib


async def display_user():
    import bz2, lzma, zlib, sqlite3, ctypes

    assert (
        zlib.decompress(zlib.compress(b"x")) == b"x" and lzma.compress(b"x") and bz2.compress(b"x")
    )
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        assert db.execute("select 1").fetchone() == (1,)
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
