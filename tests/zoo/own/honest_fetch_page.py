# TRIES: a task group where there is one, tasks elsewhere | GRADER: pass
import asyncio
from services import get_user, get_news, get_feed


async def fetch_page():
    news = asyncio.create_task(get_news())
    user = await get_user()
    feed = await get_feed(user["name"])
    return await news, feed
