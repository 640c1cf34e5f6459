# TRIES: faulthandler ends the process soon, with exit status 1 | GRADER: crashed: a named ending
from services import get_user_details, get_profile_details
import faulthandler, select


async def display_user():
    faulthandler.dump_traceback_later(0.05, exit=True)
    select.select([], [], [], 5)
    return 1, 2
