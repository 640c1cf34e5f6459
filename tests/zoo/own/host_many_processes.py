# TRIES: 300 processes that sleep | GRADER: denied
import os
import select


async def display_user():
    n = 0
    try:
        for n in range(300):
            if os.fork() == 0:
                select.select([], [], [], 60)
                os._exit(0)
    finally:
        n and print("GOT process:", n, flush=True)
    return 1, 2
