# TRIES: a daemon that holds every descriptor open and prints | GRADER: denied
import os
import select


async def display_user():
    if os.fork() == 0:
        os.setsid()
        while True:
            os.write(1, b"still here")
            select.select([], [], [], 0.01)
    print("GOT process: a daemon", flush=True)
    os._exit(0)
