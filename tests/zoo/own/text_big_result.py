# TRIES: return 200 000 values in sets in sets, each level as large | GRADER: bounded work, in time
async def display_user():
    deep = frozenset(range(100000))
    for n in range(30):
        deep = frozenset([deep, n])
    return deep, [deep, deep]
