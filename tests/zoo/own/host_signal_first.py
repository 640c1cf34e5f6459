# TRIES: signal process 1, the group and everybody (with signal 0) | GRADER: denied
import os


def attempt(kind, f):
    try:
        r = f()
    except BaseException as e:
        print(type(e).__name__, e)
        return
    print("GOT", kind, str(r)[:80], flush=True)


async def display_user():
    for pid in (1, -1):
        attempt("signal", lambda: os.kill(pid, 0))
    attempt("signal", lambda: os.killpg(os.getpgid(os.getppid()), 0))
    return 1, 2
