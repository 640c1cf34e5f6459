# TRIES: an error whose __str__ never returns | GRADER: the processor limit at the latest
async def display_user():
    class E(Exception):
        def __str__(self):
            while True:
                pass

    raise E
    return 1, 2
