"""Right programs of many styles, each with its exercise: none may lose a point."""

from __future__ import annotations

# name -> (exercise, what follows the imports)
PROGRAMS = {
    "callbacks": (
        "exercise-2",
        """\
async def get_users_and_locations():
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    out = {}
    def put(key):
        def callback(task):
            out[key] = task.result()
            if len(out) == 2 and not done.done():
                done.set_result(None)
        return callback
    tasks = [loop.create_task(get_users()), loop.create_task(get_locations())]
    for key, t in zip("ul", tasks):
        t.add_done_callback(put(key))
    await done
    return out["u"], out["l"]
""",
    ),
    "queue_pool_cancel_no_await": (
        "exercise-4",
        """\
async def get_items(ids):
    q = asyncio.Queue()
    out = [None] * len(ids)
    async def worker():
        while True:
            i, x = await q.get()
            out[i] = await get_item(x)
            q.task_done()
    ws = [asyncio.create_task(worker()) for _ in range(10)]
    for p in enumerate(ids):
        q.put_nowait(p)
    await q.join()
    for w in ws:
        w.cancel()
    return out
""",
    ),
    "queue_pool_cancel_gather": (
        "exercise-8",
        """\
async def load_avatars(ids):
    q = asyncio.Queue()
    out = {}
    async def worker():
        while True:
            x = await q.get()
            try:
                d = await get_details(x)
                out[x] = await get_avatar(d["avatar_id"])
            finally:
                q.task_done()
    ws = [asyncio.create_task(worker()) for _ in ids]
    for x in ids:
        await q.put(x)
    await q.join()
    for w in ws:
        w.cancel()
    await asyncio.gather(*ws, return_exceptions=True)
    return out
""",
    ),
    "two_stage_queues": (
        "exercise-8",
        """\
async def load_avatars(ids):
    q = asyncio.Queue()
    out = {}
    async def first(x):
        await q.put((x, await get_details(x)))
    async def second():
        tasks = []
        for _ in ids:
            x, d = await q.get()
            tasks.append((x, asyncio.create_task(get_avatar(d["avatar_id"]))))
        return {x: await t for x, t in tasks}
    s = asyncio.create_task(second())
    await asyncio.gather(*map(first, ids))
    return await s
""",
    ),
    "events": (
        "exercise-7",
        """\
async def dossier(cid, vid):
    box = {}
    e1, e2 = asyncio.Event(), asyncio.Event()
    async def a():
        box["c"] = await get_customer(cid)
        e1.set()
    async def b():
        box["v"] = await get_vehicle(vid)
        e2.set()
    async def c():
        await e1.wait()
        return await get_invoices(box["c"])
    async def d():
        await e2.wait()
        return await get_history(box["v"])
    _, _, inv, hist = await asyncio.gather(a(), b(), c(), d())
    return inv, hist
""",
    ),
    "condition": (
        "exercise-6",
        """\
async def shop_page(user_id):
    cond = asyncio.Condition()
    state = {}
    async def put(key, call):
        value = await call
        async with cond:
            state[key] = value
            cond.notify_all()
    async def need(*keys):
        async with cond:
            await cond.wait_for(lambda: all(k in state for k in keys))
    async def orders():
        await need("user")
        await put("orders", get_orders(state["user"]))
    async def recs():
        await need("user")
        await put("recs", get_recommendations(state["user"]))
    async def page():
        await need("orders", "recs")
        await put("page", build_page(state["orders"], state["recs"]))
    await asyncio.gather(page(), recs(), orders(), put("user", get_user(user_id)))
    return state["page"]
""",
    ),
    "wait_first_loop": (
        "exercise-8",
        """\
async def load_avatars(ids):
    details = {asyncio.create_task(get_details(x)): x for x in ids}
    avatars = {}
    out = {}
    while details or avatars:
        done, _ = await asyncio.wait([*details, *avatars], return_when=asyncio.FIRST_COMPLETED)
        for t in done:
            if t in details:
                x = details.pop(t)
                avatars[asyncio.create_task(get_avatar(t.result()["avatar_id"]))] = x
            else:
                out[avatars.pop(t)] = t.result()
    return out
""",
    ),
    "as_completed_chain": (
        "exercise-8",
        """\
async def load_avatars(ids):
    async def one(x):
        return x, await get_details(x)
    tasks = {}
    for c in asyncio.as_completed([one(x) for x in ids]):
        x, d = await c
        tasks[x] = asyncio.create_task(get_avatar(d["avatar_id"]))
    return {x: await tasks[x] for x in ids}
""",
    ),
    "as_completed_two": (
        "exercise-7",
        """\
async def dossier(cid, vid):
    async def one(k, c):
        return k, await c
    out = {}
    pending = []
    for c in asyncio.as_completed([one("c", get_customer(cid)), one("v", get_vehicle(vid))]):
        k, v = await c
        call = get_invoices(v) if k == "c" else get_history(v)
        pending.append(asyncio.ensure_future(one(k, call)))
    for c in asyncio.as_completed(pending):
        k, v = await c
        out[k] = v
    return [out["c"], out["v"]]
""",
    ),
    "taskgroup": (
        "exercise-6",
        """\
async def shop_page(user_id):
    key = await get_user(user_id)
    async with asyncio.TaskGroup() as tg:
        o = tg.create_task(get_orders(key))
        r = tg.create_task(get_recommendations(key))
    return await build_page(o.result(), r.result())
""",
    ),
    "taskgroup_chain_in_group": (
        "exercise-8",
        """\
async def load_avatars(ids):
    out = {}
    async with asyncio.TaskGroup() as tg:
        async def avatar(x, d):
            out[x] = await get_avatar(d["avatar_id"])
        async def detail(x):
            d = await get_details(x)
            tg.create_task(avatar(x, d))
        for x in ids:
            tg.create_task(detail(x))
    return out
""",
    ),
    "async_generator": (
        "exercise-4",
        """\
async def items(ids):
    tasks = [asyncio.create_task(get_item(i)) for i in ids]
    for t in tasks:
        yield await t
async def get_items(ids):
    return [x async for x in items(ids)]
""",
    ),
    "async_gen_pipeline": (
        "exercise-8",
        """\
async def details(ids):
    async def one(x):
        return x, await get_details(x)
    for c in asyncio.as_completed([one(x) for x in ids]):
        yield await c
async def load_avatars(ids):
    tasks = {}
    async for x, d in details(ids):
        tasks[x] = asyncio.create_task(get_avatar(d["avatar_id"]))
    return dict(zip(tasks, await asyncio.gather(*tasks.values())))
""",
    ),
    "contextvars": (
        "exercise-5",
        """\
import contextvars
user = contextvars.ContextVar("user")
async def report():
    return await render_report(user.get())
async def balance():
    account = await get_account(user.get())
    number = contextvars.ContextVar("number")
    number.set(account["number"])
    return await get_balance(number.get())
async def account_page(user_id):
    user.set(user_id)
    return await asyncio.gather(report(), balance())
""",
    ),
    "classes": (
        "exercise-6",
        """\
class Node:
    def __init__(self, function, *needs):
        self.function, self.needs, self.task = function, needs, None
    def __await__(self):
        if self.task is None:
            self.task = asyncio.ensure_future(self.run())
        return self.task.__await__()
    async def value(self):
        return await self
    async def run(self):
        return await self.function(*await asyncio.gather(*(n.value() for n in self.needs)))
async def shop_page(user_id):
    user = Node(lambda: get_user(user_id))
    return await Node(build_page, Node(get_orders, user), Node(get_recommendations, user))
""",
    ),
    "lru_cache_tasks": (
        "exercise-6",
        """\
import functools
async def shop_page(user_id):
    @functools.lru_cache(None)
    def user():
        return asyncio.create_task(get_user(user_id))
    async def orders():
        return await get_orders(await user())
    async def recs():
        return await get_recommendations(await user())
    return await build_page(*await asyncio.gather(orders(), recs()))
""",
    ),
    "module_cache_cleared_each_load": (
        "exercise-6",
        """\
import functools
@functools.lru_cache(maxsize=None)
def user_task(user_id):
    return asyncio.ensure_future(get_user(user_id))
async def shop_page(user_id):
    async def orders():
        return await get_orders(await user_task(user_id))
    async def recs():
        return await get_recommendations(await user_task(user_id))
    return await build_page(*await asyncio.gather(orders(), recs()))
""",
    ),
    "shared_futures": (
        "exercise-6",
        """\
async def shop_page(user_id):
    loop = asyncio.get_running_loop()
    fu, fo, fr = (loop.create_future() for _ in range(3))
    async def into(f, call):
        f.set_result(await call)
    async def a(): await into(fu, get_user(user_id))
    async def b(): await into(fo, get_orders(await fu))
    async def c(): await into(fr, get_recommendations(await fu))
    async def d(): return await build_page(await fo, await fr)
    return (await asyncio.gather(d(), c(), b(), a()))[0]
""",
    ),
    "deep_helpers": (
        "exercise-7",
        """\
async def deep(n, f, x):
    return await (deep(n - 1, f, x) if n else f(x))
async def chain(f, g, x):
    return await deep(50, g, await deep(50, f, x))
async def dossier(cid, vid):
    left = chain(get_customer, get_invoices, cid)
    return await asyncio.gather(left, chain(get_vehicle, get_history, vid))
""",
    ),
    "to_thread": (
        "exercise-8",
        """\
def pick(d):
    return d["avatar_id"]
async def load_avatars(ids):
    async def one(x):
        d = await get_details(x)
        return x, await get_avatar(await asyncio.to_thread(pick, d))
    return dict(await asyncio.gather(*map(one, ids)))
""",
    ),
    "lock_for_dict": (
        "exercise-8",
        """\
async def load_avatars(ids):
    lock = asyncio.Lock()
    out = {}
    async def one(x):
        a = await get_avatar((await get_details(x))["avatar_id"])
        async with lock:
            out[x] = a
    await asyncio.gather(*map(one, ids))
    return out
""",
    ),
    "big_semaphore": (
        "exercise-4",
        """\
async def get_items(ids):
    sem = asyncio.Semaphore(100)
    async def one(x):
        async with sem:
            return await get_item(x)
    return await asyncio.gather(*map(one, ids))
""",
    ),
    "wait_for_generous": (
        "exercise-5",
        """\
async def account_page(user_id):
    report = asyncio.create_task(asyncio.wait_for(render_report(user_id), 60))
    account = await asyncio.wait_for(get_account(user_id), timeout=60)
    balance = await asyncio.wait_for(get_balance(account["number"]), timeout=60)
    return await report, balance
""",
    ),
    "timeout_generous": (
        "exercise-7",
        """\
async def dossier(cid, vid):
    async def a(): return await get_invoices(await get_customer(cid))
    async def b(): return await get_history(await get_vehicle(vid))
    async with asyncio.timeout(10):
        return await asyncio.gather(a(), b())
""",
    ),
    "heartbeat": (
        "exercise-6",
        """\
async def heartbeat():
    while True:
        await asyncio.sleep(0.5)
        print("still working")
async def shop_page(user_id):
    beat = asyncio.create_task(heartbeat())
    try:
        key = await get_user(user_id)
        return await build_page(*await asyncio.gather(get_orders(key), get_recommendations(key)))
    finally:
        beat.cancel()
""",
    ),
    "logging": (
        "exercise-5",
        """\
import logging
logging.getLogger("asyncio").debug("hello")
log = logging.getLogger(__name__)
async def account_page(user_id):
    log.info("start %s", user_id)
    t = asyncio.create_task(render_report(user_id), name="report")
    a = await get_account(user_id)
    log.debug("account %r at %s", a, asyncio.get_running_loop().time())
    b = await get_balance(a["number"])
    return await t, b
""",
    ),
    "shield": (
        "exercise-2",
        """\
async def get_users_and_locations():
    a = asyncio.shield(get_users())
    b = asyncio.shield(get_locations())
    return await a, await b
""",
    ),
    "all_tasks": (
        "exercise-2",
        """\
async def get_users_and_locations():
    out = {}
    async def put(k, c): out[k] = await c
    asyncio.create_task(put("u", get_users()))
    asyncio.create_task(put("l", get_locations()))
    await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))
    return out["u"], out["l"]
""",
    ),
    "sync_entry_gather": (
        "exercise-2",
        """\
def get_users_and_locations():
    return asyncio.gather(get_users(), get_locations())
""",
    ),
    "sync_entry_task": (
        "exercise-1",
        """\
def get_user_profile(user_id):
    async def go():
        return await get_profile_details((await get_user_details(user_id))["username"])
    return asyncio.ensure_future(go())
""",
    ),
    "callable_entry": (
        "exercise-1",
        """\
class Entry:
    async def __call__(self, user_id):
        return await get_profile_details((await get_user_details(user_id))["username"])
get_user_profile = Entry()
""",
    ),
    "decorated": (
        "exercise-1",
        """\
import functools, time
def timed(f):
    @functools.wraps(f)
    async def inner(*a, **k):
        s = time.perf_counter()
        try:
            return await f(*a, **k)
        finally:
            print(f"{time.perf_counter() - s:.1f}")
    return inner
@timed
async def get_user_profile(user_id):
    return await get_profile_details(username=(await get_user_details(user_id=user_id))["username"])
""",
    ),
    "spin": (
        "exercise-2",
        """\
async def get_users_and_locations():
    a, b = asyncio.create_task(get_users()), asyncio.create_task(get_locations())
    while not (a.done() and b.done()):
        await asyncio.sleep(0)
    return a.result(), b.result()
""",
    ),
    "chain_by_callbacks": (
        "exercise-7",
        """\
async def dossier(cid, vid):
    loop = asyncio.get_running_loop()
    inv, hist = loop.create_future(), loop.create_future()
    keep = set()
    def start(call, then):
        t = loop.create_task(call)
        keep.add(t)
        t.add_done_callback(lambda t: then(t.result()))
    start(get_customer(cid), lambda c: start(get_invoices(c), inv.set_result))
    start(get_vehicle(vid), lambda v: start(get_history(v), hist.set_result))
    return await inv, await hist
""",
    ),
    "manual_send": (
        "exercise-2",
        """\
import types
@types.coroutine
def together(*coros):
    # drives two coroutines by hand within one task
    waits = {}
    results = {}
    for i, c in enumerate(coros):
        waits[i] = c.send(None)
    for i, c in enumerate(coros):
        f = waits[i]
        while True:
            f._asyncio_future_blocking = False
            if not f.done():
                f._asyncio_future_blocking = True
                yield f
            try:
                f = c.send(None)
            except StopIteration as e:
                results[i] = e.value
                break
    return results[0], results[1]
async def get_users_and_locations():
    return await together(get_users(), get_locations())
""",
    ),
    "session_exitstack": (
        "exercise-3",
        """\
from contextlib import AsyncExitStack
async def one(q):
    async with AsyncExitStack() as stack:
        s = await stack.enter_async_context(Session())
        return await s.execute(q)
async def load_dashboard():
    u, l = await asyncio.gather(one("SELECT * FROM users"), one("SELECT * FROM locations"))
    return dict(users=u, locations=l)
""",
    ),
    "session_acm": (
        "exercise-3",
        """\
from contextlib import asynccontextmanager
@asynccontextmanager
async def db():
    async with Session() as s:
        yield s
async def one(q):
    async with db() as s:
        return await s.execute(q)
async def load_dashboard():
    t = {k: asyncio.create_task(one(f"SELECT * FROM {k}")) for k in ("users", "locations")}
    return {k: await v for k, v in t.items()}
""",
    ),
    "ordered_dict": (
        "exercise-8",
        """\
from collections import OrderedDict, defaultdict
async def load_avatars(ids):
    out = defaultdict(str)
    async def one(x):
        out[x] = await get_avatar((await get_details(x))["avatar_id"])
    await asyncio.gather(*map(one, ids))
    return OrderedDict((x, out[x]) for x in ids)
""",
    ),
    "namedtuple": (
        "exercise-7",
        """\
from typing import NamedTuple
class Dossier(NamedTuple):
    invoices: str
    history: str
async def dossier(cid, vid):
    async def a(): return await get_invoices(await get_customer(cid))
    async def b(): return await get_history(await get_vehicle(vid))
    return Dossier(*await asyncio.gather(a(), b()))
""",
    ),
    "debug_mode": (
        "exercise-6",
        """\
async def shop_page(user_id):
    asyncio.get_running_loop().set_debug(True)
    key = await get_user(user_id)
    return await build_page(*await asyncio.gather(get_orders(key), get_recommendations(key)))
""",
    ),
    "cancel_aux_timer": (
        "exercise-2",
        """\
async def get_users_and_locations():
    loop = asyncio.get_running_loop()
    h = loop.call_later(30, print, "slow!")
    try:
        return await asyncio.gather(get_users(), get_locations())
    finally:
        h.cancel()
""",
    ),
    "left_timer": (
        "exercise-2",
        """\
async def get_users_and_locations():
    asyncio.get_running_loop().call_later(30, print, "slow!")
    return await asyncio.gather(get_users(), get_locations())
""",
    ),
    "run_coroutine_threadsafe": (
        "exercise-2",
        """\
async def get_users_and_locations():
    loop = asyncio.get_running_loop()
    def work(c):
        return asyncio.run_coroutine_threadsafe(c, loop).result()
    users = asyncio.to_thread(work, get_users())
    return await asyncio.gather(users, asyncio.to_thread(work, get_locations()))
""",
    ),
    "retry_never_needed": (
        "exercise-1",
        """\
async def retry(f, *a, n=3):
    for k in range(n):
        try:
            return await asyncio.wait_for(f(*a), 30)
        except (asyncio.TimeoutError, ConnectionError):
            await asyncio.sleep(2 ** k)
    raise RuntimeError
async def get_user_profile(user_id):
    d = await retry(get_user_details, user_id)
    return await retry(get_profile_details, d["username"])
""",
    ),
    "await_inside_args": (
        "exercise-6",
        """\
async def shop_page(user_id):
    key = await get_user(user_id)
    recs = asyncio.ensure_future(get_recommendations(key))
    return await build_page(orders=await get_orders(key), recs=await recs)
""",
    ),
    "set_task_factory": (
        "exercise-2",
        """\
async def get_users_and_locations():
    loop = asyncio.get_running_loop()
    made = []
    def factory(loop, coro, **kw):
        t = asyncio.Task(coro, loop=loop, **kw)
        made.append(t)
        return t
    loop.set_task_factory(factory)
    a, b = asyncio.create_task(get_users()), asyncio.create_task(get_locations())
    return await a, await b
""",
    ),
    "monkeypatched_create_task": (
        "exercise-2",
        """\
_keep = set()
_orig = asyncio.create_task
def create_task(c, **kw):
    t = _orig(c, **kw)
    _keep.add(t)
    t.add_done_callback(_keep.discard)
    return t
asyncio.create_task = create_task
async def get_users_and_locations():
    a, b = asyncio.create_task(get_users()), asyncio.create_task(get_locations())
    return await a, await b
""",
    ),
    "gather_unless_empty": (
        "exercise-4",
        """\
async def get_items(ids):
    todo = [get_item(i) for i in ids]
    return list(await asyncio.gather(*todo)) if todo else []
""",
    ),
    "barrier": (
        "exercise-2",
        """\
async def get_users_and_locations():
    b = asyncio.Barrier(2)
    async def one(c):
        r = await c
        await b.wait()
        return r
    return await asyncio.gather(one(get_users()), one(get_locations()))
""",
    ),
    "threads_executor": (
        "exercise-4",
        """\
from concurrent.futures import ThreadPoolExecutor
async def get_items(ids):
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(2) as pool:
        items = await asyncio.gather(*map(get_item, ids))
        return await loop.run_in_executor(pool, list, items)
""",
    ),
    "eager": (
        "exercise-2",
        """\
async def get_users_and_locations():
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    a, b = asyncio.create_task(get_users()), asyncio.create_task(get_locations())
    return await a, await b
""",
    ),
    "weak_selfref_set": (
        "exercise-2",
        """\
tasks = set()
def spawn(c):
    t = asyncio.create_task(c)
    tasks.add(t)
    t.add_done_callback(tasks.discard)
    return t
async def get_users_and_locations():
    q = asyncio.Queue()
    async def run(k, c):
        q.put_nowait((k, await c))
    spawn(run("u", get_users())); spawn(run("l", get_locations()))
    d = dict([await q.get(), await q.get()])
    return d["u"], d["l"]
""",
    ),
    "iscoroutinefunction_dispatch": (
        "exercise-5",
        """\
import inspect
async def call(f, *a):
    assert asyncio.iscoroutinefunction(f) or inspect.iscoroutinefunction(f)
    return await f(*a)
async def account_page(user_id):
    async def bal():
        return await call(get_balance, (await call(get_account, user_id))["number"])
    r, b = await asyncio.gather(call(render_report, user_id), bal())
    return (r, b)
""",
    ),
    "stream_of_events": (
        "exercise-7",
        """\
async def dossier(cid, vid):
    q = asyncio.Queue()
    tasks = []
    def go(kind, call):
        async def run():
            await q.put((kind, await call))
        tasks.append(asyncio.create_task(run()))
    go("c", get_customer(cid)); go("v", get_vehicle(vid))
    inv = hist = None
    while inv is None or hist is None:
        kind, value = await q.get()
        if kind == "c": go("i", get_invoices(value))
        elif kind == "v": go("h", get_history(value))
        elif kind == "i": inv = value
        else: hist = value
    await asyncio.wait(tasks)
    return inv, hist
""",
    ),
    "asyncio_timeout_at": (
        "exercise-6",
        """\
async def shop_page(user_id):
    loop = asyncio.get_running_loop()
    async with asyncio.timeout_at(loop.time() + 100) as t:
        key = await get_user(user_id)
        t.reschedule(loop.time() + 100)
        o, r = await asyncio.gather(get_orders(key), get_recommendations(key))
        return await build_page(o, r)
""",
    ),
    "recursion": (
        "exercise-4",
        """\
async def get_items(ids):
    if len(ids) <= 1:
        return [await get_item(i) for i in ids]
    m = len(ids) // 2
    a, b = await asyncio.gather(get_items(ids[:m]), get_items(ids[m:]))
    return a + b
""",
    ),
    "yield_often": (
        "exercise-7",
        """\
async def chain(f, g, x):
    for _ in range(20): await asyncio.sleep(0)
    y = await f(x)
    for _ in range(20): await asyncio.sleep(0)
    return await g(y)
async def dossier(cid, vid):
    left = chain(get_customer, get_invoices, cid)
    return await asyncio.gather(left, chain(get_vehicle, get_history, vid))
""",
    ),
    "heavy_cpu_between": (
        "exercise-5",
        """\
async def account_page(user_id):
    t = asyncio.create_task(render_report(user_id))
    a = await get_account(user_id)
    sum(i * i for i in range(20000))
    b = await get_balance(a["number"])
    return await t, b
""",
    ),
    "progress_with_wait_timeout": (
        "exercise-4",
        """\
async def get_items(ids):
    tasks = [asyncio.create_task(get_item(i)) for i in ids]
    pending = set(tasks)
    while pending:
        done, pending = await asyncio.wait(pending, timeout=1)
        print(len(done), "done")
    return [t.result() for t in tasks]
""",
    ),
    "aclosing_break": (
        "exercise-4",
        """\
from contextlib import aclosing
async def stream(ids):
    for t in [asyncio.create_task(get_item(i)) for i in ids]:
        yield await t
    yield None
async def get_items(ids):
    out = []
    async with aclosing(stream(ids)) as s:
        async for x in s:
            if x is None: break
            out.append(x)
    return out
""",
    ),
    "or_wait_that_waits_for_both": (
        "exercise-6",
        """\
async def shop_page(user_id):
    key = await get_user(user_id)
    o = asyncio.create_task(get_orders(key))
    r = asyncio.create_task(get_recommendations(key))
    await asyncio.wait([o, r], return_when=asyncio.FIRST_COMPLETED)
    try:
        return await build_page(o.result(), r.result())
    except asyncio.InvalidStateError:
        return await build_page(await o, await r)
""",
    ),
    "call_later_zero": (
        "exercise-2",
        """\
async def get_users_and_locations():
    loop = asyncio.get_running_loop()
    f = loop.create_future()
    loop.call_later(0, lambda: f.set_result(asyncio.ensure_future(get_locations())))
    u = asyncio.ensure_future(get_users())
    l = await f
    return await u, await l
""",
    ),
    "list_of_pairs": (
        "exercise-8",
        """\
async def load_avatars(ids):
    async def one(x):
        return x, await get_avatar((await get_details(x))["avatar_id"])
    return await asyncio.gather(*map(one, ids))
""",
    ),
    "forty": (
        "forty",
        """\
async def main(ids):
    return await asyncio.gather(*map(get, ids))
""",
    ),
    "forty_wait_loop": (
        "forty",
        """\
async def main(ids):
    ts = {asyncio.create_task(get(x)): i for i, x in enumerate(ids)}
    out = [None] * len(ids)
    p = set(ts)
    while p:
        d, p = await asyncio.wait(p, return_when=asyncio.FIRST_COMPLETED)
        for t in d: out[ts[t]] = t.result()
    return out
""",
    ),
    "twins": (
        "twins",
        """\
async def main(ids):
    async def one(i, x):
        return await more(await get(x), i)
    return await asyncio.gather(*[one(i, x) for i, x in enumerate(ids)])
""",
    ),
    "twins_as_completed": (
        "twins",
        """\
async def main(ids):
    # whichever of the equal calls ends first serves the first place that wants it
    import collections
    want = collections.defaultdict(list)
    for i, x in enumerate(ids): want[x].append(i)
    async def g(x): return x, await get(x)
    ts = {}
    for c in asyncio.as_completed([g(x) for x in ids]):
        x, v = await c
        i = want[x].pop()
        ts[i] = asyncio.create_task(more(v, i))
    return [await ts[i] for i in range(len(ids))]
""",
    ),
    "after_ok": (
        "after",
        """\
async def main():
    x, y = await asyncio.gather(a(), b())
    return x, y, await stop()
""",
    ),
    "raise_ok": (
        "raises",
        """\
async def main(x):
    return tuple(await asyncio.gather(find(x), look(x)))
""",
    ),
}
