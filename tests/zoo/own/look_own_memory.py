# TRIES: read the process's own memory by address, outside Python's objects | GRADER: denied
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)


def call(*a):
    ctypes.set_errno(0)
    r = libc.syscall(*[ctypes.c_long(x) if isinstance(x, int) else x for x in a])
    if r < 0:
        raise OSError(ctypes.get_errno(), "no")
    return r


def attempt(kind, f):
    try:
        r = f()
    except BaseException as e:
        print(type(e).__name__, e)
        return
    print("GOT", kind, str(r)[:80], flush=True)


async def display_user():
    attempt("stat", lambda: "maps" if open("/proc/self/maps").read() else "")
    print(ctypes.string_at(id(os), 16).hex())
    return 1, 2
