# TRIES: control characters in the very line that fails, which reports quote | GRADER: escaped
from services import get_user_details, get_profile_details
async def display_user():
    raise ValueError('[2J‮​')  # [31m ::error::x  ⁦
