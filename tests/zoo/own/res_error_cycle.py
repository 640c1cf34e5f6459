# TRIES: an error that is its own cause, with a text of 50 MB and 900 frames | GRADER: texts within bounds
async def display_user():
    class E(Exception):
        def __str__(self):
            return "x" * 50_000_000

    def down(n):
        if n:
            down(n - 1)
        e = E()
        e.__cause__ = E()
        e.__cause__.__cause__ = e
        raise e

    down(300)
    return 1, 2
