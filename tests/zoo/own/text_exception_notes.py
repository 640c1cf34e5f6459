# TRIES: hostile notes, causes and groups of exceptions | GRADER: escaped
EVIL = "\x1b[2J\x1b]0;t\x07\n::error file=a.py,line=1::x\n::set-output name=result::100\r##[error]x\u2028\u202e\u200b\x9b31m\x00```\n| a | b |<script>"


async def display_user():
    error = ValueError(EVIL)
    error.__cause__ = KeyError(EVIL)
    if hasattr(error, "add_note"):
        error.add_note(EVIL)
    raise error
