# TRIES: open the canaries in every way | GRADER: denied
import io
import linecache
import runpy


def attempt(kind, f):
    try:
        r = f()
    except BaseException as e:
        print(type(e).__name__, e)
        return
    print("GOT", kind, str(r)[:80], flush=True)


async def display_user():
    base = "/tmp/asyncgrade-canary/"
    for path in (
        base + "secrets/secret_solution.py",
        base + "gradebook.json",
        base + "other_submission.txt",
        "/dev/shm/asyncgrade-canary.txt",
        "/etc/passwd",
    ):
        attempt("read", lambda: open(path).read())
        attempt("read", lambda: io.FileIO(path).read())
        attempt("read", lambda: linecache.getlines(path)[0])
        attempt("read", lambda: runpy.run_path(path)["TOKEN"])
    return 1, 2
