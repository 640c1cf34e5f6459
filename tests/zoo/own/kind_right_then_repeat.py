# TRIES: right, with each call made a second time for luck | GRADER: too many calls
import asyncio
from services import get_user, get_news, get_feed
async def fetch_page():
    news = asyncio.create_task(get_news())
    await get_news()
    user = await get_user()
    feed = await get_feed(user['name'])
    return await news, feed
