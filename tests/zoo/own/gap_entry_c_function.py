# TRIES: the entry is a function in C | GRADER: it is not async: fail
from services import get_user_details, get_profile_details

display_user = dict
