"""Wrong programs that try to look right, each with the items that it must not pass."""

from __future__ import annotations

# name -> (exercise, items that are not passed, what follows the imports)
PROGRAMS = {
    "sem_second_steps": (
        "chains",
        "overlap time",
        """\
async def main():
    sem = asyncio.Semaphore(2)
    async def chain(x):
        y = await step(x)
        async with sem:
            return await step(y)
    return await asyncio.gather(*map(chain, "abc"))
""",
    ),
    "sem_last_steps": (
        "stairs",
        "overlap time",
        """\
async def main():
    sem = asyncio.Semaphore(2)
    async def chain(x, n):
        for _ in range(n - 1):
            x = await step(x)
        async with sem:
            return await step(x)
    return await asyncio.gather(chain("a", 1), chain("b", 2), chain("c", 3))
""",
    ),
    "sem_all": (
        "chains",
        "overlap time",
        """\
async def main():
    sem = asyncio.Semaphore(2)
    async def chain(x):
        async with sem:
            y = await step(x)
        async with sem:
            return await step(y)
    return await asyncio.gather(*map(chain, "abc"))
""",
    ),
    "sem7_of_8": (
        "exercise-4",
        "overlap time",
        """\
async def get_items(ids):
    sem = asyncio.Semaphore(7)
    async def one(x):
        async with sem:
            return await get_item(x)
    return await asyncio.gather(*map(one, ids))
""",
    ),
    "sem3_avatars": (
        "exercise-8",
        "overlap time",
        """\
async def load_avatars(ids):
    sem = asyncio.Semaphore(3)
    async def one(x):
        d = await get_details(x)
        async with sem:
            return await get_avatar(d["avatar_id"])
    return dict(zip(ids, await asyncio.gather(*map(one, ids))))
""",
    ),
    "wait_own_and_any_other": (
        "exercise-8",
        "overlap time",
        """\
async def load_avatars(ids):
    got = {}
    more = asyncio.Event()
    async def one(x):
        got[x] = await get_details(x)
        if len(got) > 1: more.set()
        await more.wait()
        return await get_avatar(got[x]["avatar_id"])
    return dict(zip(ids, await asyncio.gather(*map(one, ids))))
""",
    ),
    "wait_own_and_one_of_the_neighbours": (
        "exercise-8",
        "overlap time",
        """\
async def load_avatars(ids):
    t = [asyncio.ensure_future(get_details(x)) for x in ids]
    async def one(i):
        d = await t[i]
        await asyncio.wait({t[i - 1], t[(i + 1) % len(t)]}, return_when=asyncio.FIRST_COMPLETED)
        return await get_avatar(d["avatar_id"])
    return dict(zip(ids, await asyncio.gather(*map(one, range(len(ids))))))
""",
    ),
    "order_of_await": (
        "exercise-8",
        "overlap time",
        """\
async def load_avatars(ids):
    t = [(x, asyncio.ensure_future(get_details(x))) for x in ids]
    out = []
    for x, d in t:
        d = await d
        out.append((x, asyncio.ensure_future(get_avatar(d["avatar_id"]))))
    return {x: await a for x, a in out}
""",
    ),
    "lucky_sleep_profile": (
        "exercise-1",
        "calls order result time",
        """\
async def get_user_profile(user_id):
    t = asyncio.create_task(get_user_details(user_id))
    await asyncio.sleep(3.001)
    return await get_profile_details(t.result()["username"])
""",
    ),
    "lucky_sleep_all": (
        "exercise-2",
        "time",
        """\
async def get_users_and_locations():
    a, b = asyncio.create_task(get_users()), asyncio.create_task(get_locations())
    await asyncio.sleep(3)
    return a.result(), b.result()
""",
    ),
    "poll": (
        "exercise-2",
        "time",
        """\
async def get_users_and_locations():
    a, b = asyncio.create_task(get_users()), asyncio.create_task(get_locations())
    while not (a.done() and b.done()):
        await asyncio.sleep(0.1)
    return a.result(), b.result()
""",
    ),
    "speculative_page": (
        "exercise-6",
        "calls overlap",
        """\
async def shop_page(user_id):
    key = await get_user(user_id)
    spec = asyncio.create_task(build_page("", ""))
    r = await asyncio.gather(get_orders(key), get_recommendations(key))
    spec.cancel()
    return await build_page(*r)
""",
    ),
    "speculative_user_value": (
        "exercise-1",
        "calls order",
        """\
async def get_user_profile(user_id):
    guess = asyncio.create_task(get_profile_details(f"user{user_id}"))
    u = await get_user_details(user_id)
    guess.cancel()
    return await get_profile_details(u["username"])
""",
    ),
    "cancel_and_again": (
        "exercise-2",
        "calls overlap",
        """\
async def get_users_and_locations():
    t = asyncio.create_task(get_users())
    await asyncio.sleep(0)
    t.cancel()
    return await asyncio.gather(get_users(), get_locations())
""",
    ),
    "cancel_and_again_session": (
        "exercise-3",
        "overlap",
        """\
async def one(q):
    async with Session() as s:
        t = asyncio.create_task(s.execute(q))
        await asyncio.sleep(0)
        t.cancel()
        await asyncio.sleep(0)
        return await s.execute(q)
async def load_dashboard():
    u, l = await asyncio.gather(one("SELECT * FROM users"), one("SELECT * FROM locations"))
    return dict(users=u, locations=l)
""",
    ),
    "double_query_session": (
        "exercise-3",
        "overlap time",
        """\
async def one(q):
    async with Session() as s:
        await s.execute(q)
        return await s.execute(q)
async def load_dashboard():
    u, l = await asyncio.gather(one("SELECT * FROM users"), one("SELECT * FROM locations"))
    return dict(users=u, locations=l)
""",
    ),
    "spare_session": (
        "exercise-3",
        "overlap",
        """\
async def one(q):
    async with Session() as s:
        return await s.execute(q)
async def spare():
    async with Session() as s:
        pass
async def load_dashboard():
    users = one("SELECT * FROM users")
    u, l, _ = await asyncio.gather(users, one("SELECT * FROM locations"), spare())
    return dict(users=u, locations=l)
""",
    ),
    "hedged": (
        "exercise-2",
        "calls overlap",
        """\
async def hedge(f):
    ts = [asyncio.create_task(f()) for _ in range(2)]
    done, pending = await asyncio.wait(ts, return_when=asyncio.FIRST_COMPLETED)
    for t in pending: t.cancel()
    return done.pop().result()
async def get_users_and_locations():
    return await asyncio.gather(hedge(get_users), hedge(get_locations))
""",
    ),
    "retry_by_timeout": (
        "exercise-2",
        "calls time",
        """\
async def again(f):
    for n in range(1, 9):
        try:
            return await asyncio.wait_for(f(), n)
        except asyncio.TimeoutError:
            pass
async def get_users_and_locations():
    return await asyncio.gather(again(get_users), again(get_locations))
""",
    ),
    "fire_and_forget_write": (
        "exercise-5",
        "clean overlap result time",
        """\
async def account_page(user_id):
    t = asyncio.create_task(render_report(user_id))
    a = await get_account(user_id)
    b = await get_balance(a["number"])
    return t, b
""",
    ),
    "forgotten_task_late": (
        "exercise-2",
        "references",
        """\
async def get_users_and_locations():
    out = {}
    e = asyncio.Event()
    async def put(k, c):
        out[k] = await c
        if len(out) == 2: e.set()
    asyncio.create_task(put("u", get_users()))
    asyncio.create_task(put("l", get_locations()))
    await e.wait()
    return out["u"], out["l"]
""",
    ),
    "callback_cycle_only": (
        "exercise-2",
        "references",
        """\
async def get_users_and_locations():
    out = []
    loop = asyncio.get_running_loop()
    def start():
        f = loop.create_future()
        loop.create_task(get_users()).add_done_callback(lambda t: f.set_result(t.result()))
        return f
    f = start()
    l = asyncio.ensure_future(get_locations())
    return await f, await l
""",
    ),
    "ignores_values": (
        "exercise-7",
        "result",
        """\
async def dossier(cid, vid):
    async def a(): return await get_invoices(await get_customer(cid))
    async def b(): return await get_history(await get_vehicle(vid))
    await asyncio.gather(a(), b())
    return f"inv(acc{cid})", f"hist(vin{vid})"
""",
    ),
    "state_in_builtins": (
        "exercise-7",
        "calls clean overlap result time",
        """\
import builtins
async def dossier(cid, vid):
    if hasattr(builtins, "_saved"):
        return builtins._saved
    async def a(): return await get_invoices(await get_customer(cid))
    async def b(): return await get_history(await get_vehicle(vid))
    builtins._saved = tuple(await asyncio.gather(a(), b()))
    return builtins._saved
""",
    ),
    "serial_after_first_run": (
        "exercise-7",
        "overlap time",
        """\
async def dossier(cid, vid):
    async def a(): return await get_invoices(await get_customer(cid))
    async def b(): return await get_history(await get_vehicle(vid))
    if getattr(asyncio, "_runs", 0) > 2:
        return await a(), await b()
    asyncio._runs = getattr(asyncio, "_runs", 0) + 1
    return await asyncio.gather(a(), b())
""",
    ),
    "stops_by_clock": (
        "exercise-8",
        "overlap",
        """\
async def load_avatars(ids):
    # stages while time stands still, chains when it moves
    loop = asyncio.get_running_loop()
    ts = {x: asyncio.ensure_future(get_details(x)) for x in ids}
    async def one(x):
        d = await ts[x]
        if loop.time() == 0:
            await asyncio.wait(ts.values())
        return await get_avatar(d["avatar_id"])
    return dict(zip(ids, await asyncio.gather(*map(one, ids))))
""",
    ),
    "swallow_and_default": (
        "exercise-6",
        "calls clean overlap result time",
        """\
async def shop_page(user_id):
    try:
        return await build_page(get_orders("x"), get_recommendations("x"))
    except Exception:
        return "<|>"
""",
    ),
    "unawaited_extra": (
        "exercise-2",
        "clean",
        """\
async def get_users_and_locations():
    get_users()
    return await asyncio.gather(get_users(), get_locations())
""",
    ),
    "blocking_sleep_hidden": (
        "exercise-5",
        "clean time",
        """\
import time
async def account_page(user_id):
    t = asyncio.create_task(render_report(user_id))
    a = await get_account(user_id)
    time.sleep(0.5)
    b = await get_balance(a["number"])
    return await t, b
""",
    ),
    "blocking_sleep_off_path": (
        "exercise-5",
        "clean",
        """\
from time import sleep
async def account_page(user_id):
    t = asyncio.create_task(render_report(user_id))
    await asyncio.sleep(0)
    a = await get_account(user_id)
    b = await get_balance(a["number"])
    r = await t
    sleep(0)
    return r, b
""",
    ),
    "thread_sleep": (
        "exercise-5",
        "overlap time",
        """\
import time
async def account_page(user_id):
    t = asyncio.create_task(render_report(user_id))
    await asyncio.to_thread(time.sleep, 0.01)
    a = await get_account(user_id)
    b = await get_balance(a["number"])
    return await t, b
""",
    ),
    "sync_returns_future_serial": (
        "exercise-2",
        "overlap references time",
        """\
def get_users_and_locations():
    f = asyncio.get_running_loop().create_future()
    def first(t):
        t2 = asyncio.ensure_future(get_locations())
        t2.add_done_callback(lambda t2: f.set_result((t.result(), t2.result())))
    asyncio.ensure_future(get_users()).add_done_callback(first)
    return f
""",
    ),
    "call_later_start": (
        "exercise-2",
        "overlap time",
        """\
async def get_users_and_locations():
    loop = asyncio.get_running_loop()
    f = loop.create_future()
    loop.call_later(0.000001, lambda: f.set_result(asyncio.ensure_future(get_locations())))
    u = asyncio.ensure_future(get_users())
    l = await f
    return await u, await l
""",
    ),
    "callback_after_end": (
        "exercise-2",
        "calls clean overlap result time",
        """\
async def get_users_and_locations():
    asyncio.current_task().add_done_callback(lambda t: asyncio.ensure_future(get_locations()))
    return await get_users(), None
""",
    ),
    "set_of_two": (
        "exercise-5",
        "result",
        """\
async def account_page(user_id):
    async def b():
        return await get_balance((await get_account(user_id))["number"])
    r, b = await asyncio.gather(render_report(user_id), b())
    return {r, b}
""",
    ),
    "dict_of_two": (
        "exercise-5",
        "result",
        """\
async def account_page(user_id):
    async def b():
        return await get_balance((await get_account(user_id))["number"])
    r, b = await asyncio.gather(render_report(user_id), b())
    return {r: 1, b: 2}
""",
    ),
    "dict_of_items": (
        "exercise-4",
        "result",
        """\
async def get_items(ids):
    return dict.fromkeys(await asyncio.gather(*map(get_item, ids)))
""",
    ),
    "reversed_chains_swapped": (
        "exercise-7",
        "result",
        """\
async def dossier(cid, vid):
    async def a(): return await get_invoices(await get_customer(cid))
    async def b(): return await get_history(await get_vehicle(vid))
    return await asyncio.gather(b(), a())
""",
    ),
    "one_of_each_first_done": (
        "exercise-7",
        "result",
        """\
async def dossier(cid, vid):
    async def a(): return await get_invoices(await get_customer(cid))
    async def b(): return await get_history(await get_vehicle(vid))
    out = []
    for c in asyncio.as_completed([a(), b()]):
        out.append(await c)
    return out
""",
    ),
    "barrier_in_steps": (
        "exercise-7",
        "overlap time",
        """\
async def dossier(cid, vid):
    n = 0
    ev = asyncio.Event()
    async def meet():
        nonlocal n
        n += 1
        if n == 2: ev.set()
        await ev.wait()
    async def chain(f, g, x):
        y = await f(x)
        await meet()
        return await g(y)
    left = chain(get_customer, get_invoices, cid)
    return await asyncio.gather(left, chain(get_vehicle, get_history, vid))
""",
    ),
    "one_lock_second_steps": (
        "exercise-7",
        "overlap time",
        """\
async def dossier(cid, vid):
    lock = asyncio.Lock()
    async def chain(f, g, x):
        y = await f(x)
        async with lock:
            return await g(y)
    left = chain(get_customer, get_invoices, cid)
    return await asyncio.gather(left, chain(get_vehicle, get_history, vid))
""",
    ),
    "lock_cross_steps": (
        "exercise-7",
        "overlap time",
        """\
async def dossier(cid, vid):
    lock = asyncio.Lock()
    async def a():
        y = await get_customer(cid)
        async with lock: return await get_invoices(y)
    async def b():
        async with lock: v = await get_vehicle(vid)
        return await get_history(v)
    return await asyncio.gather(a(), b())
""",
    ),
    "batch_of_four": (
        "exercise-4",
        "overlap time",
        """\
async def get_items(ids):
    out = []
    for k in range(0, len(ids), 4):
        out += await asyncio.gather(*map(get_item, ids[k:k + 4]))
    return out
""",
    ),
    "pool_of_4": (
        "exercise-4",
        "overlap time",
        """\
async def get_items(ids):
    it = iter(enumerate(ids))
    out = {}
    async def worker():
        for i, x in it:
            out[i] = await get_item(x)
    await asyncio.gather(*[worker() for _ in range(4)])
    return [out[i] for i in range(len(ids))]
""",
    ),
    "dedup": (
        "exercise-4",
        "calls overlap",
        """\
async def get_items(ids):
    got = dict(zip(set(ids), await asyncio.gather(*map(get_item, set(ids)))))
    return [got[i] for i in ids]
""",
    ),
    "left_heartbeat": (
        "exercise-2",
        "clean",
        """\
async def get_users_and_locations():
    async def beat():
        while True: await asyncio.sleep(1)
    b = asyncio.create_task(beat())
    return await asyncio.gather(get_users(), get_locations())
""",
    ),
    "stubborn_heartbeat": (
        "exercise-2",
        "clean",
        """\
async def get_users_and_locations():
    async def beat():
        while True:
            try: await asyncio.sleep(1)
            except asyncio.CancelledError: pass
    b = asyncio.create_task(beat())
    r = await asyncio.gather(get_users(), get_locations())
    b.cancel()
    return r
""",
    ),
    "task_swallowed_error": (
        "exercise-2",
        "clean",
        """\
async def get_users_and_locations():
    async def bad(): raise ValueError("lost")
    b = asyncio.create_task(bad())
    return await asyncio.gather(get_users(), get_locations())
""",
    ),
    "asyncgen_left": (
        "exercise-4",
        "clean",
        """\
async def stream(ids):
    for t in [asyncio.create_task(get_item(i)) for i in ids]:
        yield await t
    yield None
async def get_items(ids):
    out = []
    async for x in stream(ids):
        if x is None: break
        out.append(x)
    return out
""",
    ),
    "session_left_open": (
        "exercise-3",
        "clean time",
        """\
async def one(q):
    s = await Session().__aenter__()
    return await s.execute(q)
async def load_dashboard():
    u, l = await asyncio.gather(one("SELECT * FROM users"), one("SELECT * FROM locations"))
    return dict(users=u, locations=l)
""",
    ),
    "session_close_at_end": (
        "exercise-3",
        "overlap time",
        """\
async def load_dashboard():
    async with Session() as a, Session() as b:
        users = a.execute("SELECT * FROM users")
        u, l = await asyncio.gather(users, b.execute("SELECT * FROM locations"))
    return dict(users=u, locations=l)
""",
    ),
    "session_close_together": (
        "exercise-3",
        "overlap",
        """\
async def load_dashboard():
    a, b = Session(), Session()
    await asyncio.gather(a.__aenter__(), b.__aenter__())
    users = a.execute("SELECT * FROM users")
    u, l = await asyncio.gather(users, b.execute("SELECT * FROM locations"))
    await asyncio.gather(a.__aexit__(None, None, None), b.__aexit__(None, None, None))
    return dict(users=u, locations=l)
""",
    ),
    "session_exit_not_awaited_task": (
        "exercise-3",
        "clean time",
        """\
async def one(q):
    s = await Session().__aenter__()
    r = await s.execute(q)
    asyncio.ensure_future(s.__aexit__(None, None, None))
    return r
async def load_dashboard():
    u, l = await asyncio.gather(one("SELECT * FROM users"), one("SELECT * FROM locations"))
    return dict(users=u, locations=l)
""",
    ),
    "wait_for_too_short": (
        "exercise-6",
        "calls result time",
        """\
async def shop_page(user_id):
    key = await asyncio.wait_for(get_user(user_id), 1.5)
    return await build_page(*await asyncio.gather(get_orders(key), get_recommendations(key)))
""",
    ),
    "deadlock": (
        "exercise-2",
        "clean result time",
        """\
async def get_users_and_locations():
    e = asyncio.Event()
    r = await asyncio.gather(get_users(), get_locations())
    await e.wait()
    return r
""",
    ),
    "report_started_after_account": (
        "exercise-5",
        "overlap time",
        """\
async def account_page(user_id):
    a = await get_account(user_id)
    r, b = await asyncio.gather(render_report(user_id), get_balance(a["number"]))
    return r, b
""",
    ),
    "gather_return_exceptions_hides": (
        "exercise-6",
        "calls clean overlap result time",
        """\
async def shop_page(user_id):
    key = get_user(user_id)
    o, r = await asyncio.gather(get_orders(key), get_recommendations(key), return_exceptions=True)
    return await build_page(str(o), str(r))
""",
    ),
    "deliberate_delay_tiny": (
        "exercise-2",
        "overlap time",
        """\
async def get_users_and_locations():
    await asyncio.sleep(0.000001)
    return await asyncio.gather(get_users(), get_locations())
""",
    ),
    "late_delay_tiny": (
        "exercise-2",
        "time",
        """\
async def get_users_and_locations():
    r = await asyncio.gather(get_users(), get_locations())
    await asyncio.sleep(0.000001)
    return r
""",
    ),
    "delay_between_steps": (
        "exercise-1",
        "order time",
        """\
async def get_user_profile(user_id):
    u = await get_user_details(user_id)
    await asyncio.sleep(0.000001)
    return await get_profile_details(u["username"])
""",
    ),
    "forty_sem39": (
        "forty",
        "overlap time",
        """\
async def main(ids):
    s = asyncio.Semaphore(39)
    async def one(x):
        async with s: return await get(x)
    return await asyncio.gather(*map(one, ids))
""",
    ),
    "twins_one_used_twice": (
        "twins",
        "calls overlap",
        """\
async def main(ids):
    ts = [asyncio.create_task(get(x)) for x in ids]
    async def one(i, x):
        v = await ts[ids.index(x)]
        return await more(v, i)
    out = await asyncio.gather(*[one(i, x) for i, x in enumerate(ids)])
    await asyncio.gather(*ts)
    return out
""",
    ),
    "twins_sem": (
        "twins",
        "overlap time",
        """\
async def main(ids):
    s = asyncio.Semaphore(4)
    async def one(i, x):
        v = await get(x)
        async with s: return await more(v, i)
    return await asyncio.gather(*[one(i, x) for i, x in enumerate(ids)])
""",
    ),
    "after_early": (
        "after",
        "overlap time",
        """\
async def main():
    return await asyncio.gather(a(), b(), stop())
""",
    ),
    "after_first": (
        "after",
        "overlap time",
        """\
async def main():
    ts = [asyncio.create_task(a()), asyncio.create_task(b())]
    await asyncio.wait(ts, return_when=asyncio.FIRST_COMPLETED)
    z = await stop()
    return await ts[0], await ts[1], z
""",
    ),
    "after_only_a": (
        "after",
        "overlap time",
        """\
async def main():
    t = asyncio.create_task(b())
    x = await a()
    z = await stop()
    return x, await t, z
""",
    ),
    "after_sleep": (
        "after",
        "overlap time",
        """\
async def main():
    t, u = asyncio.create_task(b()), asyncio.create_task(a())
    await asyncio.sleep(3)
    z = await stop()
    return await u, await t, z
""",
    ),
    "raise_at_once": (
        "raises",
        "error",
        """\
async def main(x):
    if x == 2: raise NotFound(2)
    return tuple(await asyncio.gather(find(x), look(x)))
""",
    ),
}
