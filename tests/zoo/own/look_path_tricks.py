# TRIES: reach files by O_PATH, by /proc/self/root, by dots and by an open directory | GRADER: denied
import os


def attempt(kind, f):
    try:
        r = f()
    except BaseException as e:
        print(type(e).__name__, e)
        return
    print("GOT", kind, str(r)[:80], flush=True)


async def display_user():
    base = "tmp/asyncgrade-canary/gradebook.json"
    for path in (
        "/proc/self/root/" + base,
        "/../../" + base,
        "//" + base,
        "/proc/self/cwd/" + base,
        "/dev/fd/../root/" + base,
    ):
        attempt("read", lambda: open(path).read())
    attempt(
        "read", lambda: os.read(os.open(base, os.O_RDONLY, dir_fd=os.open("/", os.O_RDONLY)), 100)
    )
    attempt("stat", lambda: os.fstat(os.open("/" + base, os.O_PATH)))
    return 1, 2
