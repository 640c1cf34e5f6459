# TRIES: return and raise texts with lone surrogates | GRADER: reports can be written
from services import get_user_details, get_profile_details
async def display_user():
    print('\udc80')
    return '\ud800', {'\udfff': b'\xff'}
