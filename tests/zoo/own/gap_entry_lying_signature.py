# TRIES: an entry with __signature__, __code__ and __class__ that lie or raise | GRADER: fail, no crash
from services import get_user_details, get_profile_details


class Entry:
    __signature__ = property(lambda self: 1 / 0)
    __class__ = property(lambda self: type(lambda: 0))

    def __call__(self):
        raise SystemError("PASSED")


display_user = Entry()
