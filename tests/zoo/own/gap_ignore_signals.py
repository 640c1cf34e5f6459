# TRIES: ignore every signal that can be ignored, then compute for ever | GRADER: the hard limit kills
from services import get_user_details, get_profile_details
import signal

for n in range(1, 65):
    try:
        signal.signal(n, signal.SIG_IGN)
    except (OSError, ValueError):
        pass


async def display_user():
    while True:
        pass
