# TRIES: datagrams to unix sockets, UDP, and a packet on a socket pair | GRADER: denied
import socket


def attempt(kind, f):
    try:
        r = f()
    except BaseException as e:
        print(type(e).__name__, e)
        return
    print("GOT", kind, str(r)[:80], flush=True)


async def display_user():
    base = "/tmp/asyncgrade-canary/dgram"
    unix = lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    for address in (base, "\0asyncgrade-canary-dgram"):
        attempt("network", lambda: unix().sendto(b"x", address))
    attempt(
        "network",
        lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9)),
    )
    for family, kind in ((16, 3), (17, 3), (2, 3), (40, 1), (38, 5)):
        attempt("network", lambda: socket.socket(family, kind))
    return 1, 2
