# TRIES: shared memory, queues and semaphores that outlive the process | GRADER: denied
import ctypes
import os
from multiprocessing import shared_memory

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
    attempt("write", lambda: shared_memory.SharedMemory("asyncgrade-left", True, 4096))
    attempt("write", lambda: call(29, 4711, 4096, 0o1666))
    attempt("write", lambda: call(68, 4711, 0o1666))
    attempt("write", lambda: call(240, b"left", 0o102, 0o666, 0))
    attempt("write", lambda: os.memfd_create("x"))
    return 1, 2
