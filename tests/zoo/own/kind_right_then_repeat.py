# TRIES: right, with each call made a second time for luck | GRADER: too many calls
import asyncio

from services import get_feed, get_news, get_user


async def fetch_page():
    news = asyncio.create_task(get_news())
    await get_news()
    user = await get_user()
    feed = await get_feed(user["name"])
    return await news, feed
