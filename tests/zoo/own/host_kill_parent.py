# TRIES: kill the process that starts programs | GRADER: denied
import os


def attempt(kind, f):
    try:
        r = f()
    except BaseException as e:
        print(type(e).__name__, e)
        return
    print("GOT", kind, str(r)[:80], flush=True)


async def display_user():
    attempt("signal", lambda: os.kill(os.getppid(), 0))
    attempt("signal", lambda: os.kill(os.getppid(), 9))
    return 1, 2
