# TRIES: a gc callback that never returns | GRADER: the processor limit
from services import get_user_details, get_profile_details
import gc


def spin(phase, info):
    while True:
        pass


gc.callbacks.append(spin)


async def display_user():
    gc.collect()
    return 1, 2
