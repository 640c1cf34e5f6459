# TRIES: set the recursion limit to 10**9 and recurse | GRADER: contained
from services import get_user_details, get_profile_details
import sys


async def display_user():
    sys.setrecursionlimit(10**9)

    def down(n):
        return down(n + 1)

    down(0)
    return 1, 2
