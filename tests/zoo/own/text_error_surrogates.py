# TRIES: an error with lone surrogates | GRADER: reports can be written
from services import get_user_details, get_profile_details
async def display_user():
    raise ValueError('\ud800\udfff' * 100)
