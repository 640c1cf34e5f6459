# TRIES: a thread survives the run and goes on calling services in the next one | GRADER: calls of a run that is over count for nothing
import asyncio
import select
import threading


def again(loop):
    while True:
        select.select([], [], [], 0.001)
        try:
            asyncio.run_coroutine_threadsafe(display_user(), loop)
        except RuntimeError:
            pass


async def display_user():
    if threading.active_count() < 2:
        threading.Thread(target=again, args=(asyncio.get_running_loop(),), daemon=True).start()
    return 1, 2
