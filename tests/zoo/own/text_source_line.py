# TRIES: control characters in the very line that fails, which reports quote | GRADER: escaped
async def display_user():
    raise ValueError("[2J‮​")  # [31m ::error::x  ⁦
