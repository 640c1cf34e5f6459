# TRIES: fork and clone by their numbers, also through the x32 table | GRADER: denied
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)


def call(*a):
    ctypes.set_errno(0)
    r = libc.syscall(*[ctypes.c_long(x) if isinstance(x, int) else x for x in a])
    if r < 0:
        raise OSError(ctypes.get_errno(), "no")
    return r


async def display_user():
    for nr, flags in ((57, 0), (56, 17), (435, 0), (0x40000000 + 39, 0)):
        try:
            pid = call(nr, flags, 0, 0, 0, 0)
        except OSError as e:
            print(nr, e)
            continue
        if pid == 0:
            os._exit(0)
        print("GOT process", nr, pid, flush=True)
    return 1, 2
