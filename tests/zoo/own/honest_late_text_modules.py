# TRIES: import modules with data files or many parts late | GRADER: pass
from services import get_user_details, get_profile_details


async def display_user():
    import email.message, xml.etree.ElementTree, urllib.parse, logging.config, unittest, difflib, pprint, locale, unicodedata, encodings.idna

    assert urllib.parse.quote(" ") == "%20" and "é".encode("latin-1") and "ä".encode("utf-16")
    assert xml.etree.ElementTree.fromstring("<a/>").tag == "a"
    user = await get_user_details()
    profile = await get_profile_details(username=user["username"])
    return user, profile
