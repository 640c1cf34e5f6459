# TRIES: wait for a lock that it holds itself | GRADER: the wall limit
import threading


async def display_user():
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()
    return 1, 2
