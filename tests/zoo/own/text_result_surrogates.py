# TRIES: return and raise texts with lone surrogates | GRADER: reports can be written
async def display_user():
    print("\udc80")
    return "\ud800", {"\udfff": b"\xff"}
