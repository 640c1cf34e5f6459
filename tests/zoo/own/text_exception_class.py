# TRIES: a class of exceptions whose name clears the screen and gives commands | GRADER: escaped
EVIL = "\x1b[2J\x1b]0;t\x07\n::error file=a.py,line=1::x\n::set-output name=result::100\r##[error]x\u2028\u202e\u200b\x9b31m\x00```\n| a | b |<script>"


async def display_user():
    raise type(EVIL, (Exception,), {"__module__": EVIL, "__qualname__": EVIL})(EVIL)
