# TRIES: fork and raw clone from a thread | GRADER: denied
import os
import threading


def attempt(kind, f):
    try:
        r = f()
    except BaseException as e:
        print(type(e).__name__, e)
        return
    print("GOT", kind, str(r)[:80], flush=True)


async def display_user():
    def go():
        attempt("process", os.fork) if os.getpid() == me else None
        if os.getpid() != me:
            os._exit(0)

    me = os.getpid()
    t = threading.Thread(target=go)
    t.start()
    t.join()
    return 1, 2
