# TRIES: an audit hook that never returns | GRADER: the processor limit
from services import get_user_details, get_profile_details
import sys


def block(event, args):
    while armed:
        pass


armed = False
sys.addaudithook(block)


async def display_user():
    global armed
    armed = True
    open("/nothing")
    return 1, 2
