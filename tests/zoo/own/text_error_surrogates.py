# TRIES: an error with lone surrogates | GRADER: reports can be written
async def display_user():
    raise ValueError("\ud800\udfff" * 100)
