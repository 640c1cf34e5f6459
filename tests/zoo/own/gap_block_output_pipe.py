# TRIES: fill the output pipe from one write at a time, and never rest | GRADER: the output limit or the wall limit
from services import get_user_details, get_profile_details
import os


async def display_user():
    while True:
        os.write(2, b"y" * 4096)
