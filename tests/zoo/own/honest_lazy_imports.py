# TRIES: import parts of the standard library late | GRADER: pass
from services import get_user_details, get_profile_details


async def display_user():
    import json, decimal, hashlib, csv, statistics, uuid, secrets, random, fractions, heapq, html, base64, textwrap

    assert (
        json.loads("[1]") == [1]
        and hashlib.sha256(b"").hexdigest()
        and uuid.uuid4()
        and secrets.token_hex(4)
    )
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
