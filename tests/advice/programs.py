"""Wrong programs that show a misconception, each with its exercise. Line 3 is their first line."""

from __future__ import annotations

HEAD = "import asyncio\nfrom services import *\n"

# name -> (exercise, what follows HEAD)
PROGRAMS = {
    "batches": (
        "exercise-4",
        """\
async def get_items(ids):
    out = []
    for k in range(0, len(ids), 2):
        out += await asyncio.gather(*[get_item(i) for i in ids[k:k + 2]])
    return out
""",
    ),
    "loop_helper": (
        "exercise-4",
        """\
async def one(i):
    return await get_item(i)
async def get_items(ids):
    out = []
    for i in ids:
        out.append(await one(i))
    return out
""",
    ),
    "comp_helper_oneline": (
        "exercise-4",
        """\
async def one(i): return await get_item(i)
async def get_items(ids):
    return [await one(i) for i in ids]
""",
    ),
    "loop_in_task": (
        "exercise-4",
        """\
async def everything(ids):
    return [await get_item(i) for i in ids]
async def get_items(ids):
    task = asyncio.create_task(everything(ids))
    return await task
""",
    ),
    "both_in_task": (
        "exercise-6",
        """\
async def both(key):
    orders = await get_orders(key)
    recs = await get_recommendations(key)
    return orders, recs
async def shop_page(user_id):
    key = await get_user(user_id)
    task = asyncio.create_task(both(key))
    return await build_page(*await task)
""",
    ),
    "wait_for_loop": (
        "exercise-4",
        """\
async def get_items(ids):
    return [await asyncio.wait_for(get_item(i), 60) for i in ids]
""",
    ),
    "task_in_loop_then_print": (
        "exercise-4",
        """\
async def get_items(ids):
    out = []
    for i in ids:
        task = asyncio.create_task(get_item(i))
        print("started", i)

        out.append(await task)
    return out
""",
    ),
    "await_create_in_loop": (
        "exercise-4",
        """\
async def get_items(ids):
    out = []
    for i in ids:
        out.append(await asyncio.create_task(get_item(i)))
    return out
""",
    ),
    "ensure_future_at_once": (
        "exercise-2",
        """\
async def get_users_and_locations():
    users = await asyncio.ensure_future(get_users())
    return users, await asyncio.ensure_future(get_locations())
""",
    ),
    "lazy_coros": (
        "exercise-4",
        """\
async def get_items(ids):
    coroutines = [get_item(i) for i in ids]
    return [await coroutine for coroutine in coroutines]
""",
    ),
    "lazy_coros_loop": (
        "exercise-4",
        """\
async def get_items(ids):
    coroutines = [get_item(i) for i in ids]
    out = []
    for coroutine in coroutines:
        out.append(await coroutine)
    return out
""",
    ),
    "coro_in_round": (
        "exercise-4",
        """\
async def get_items(ids):
    out = []
    for i in ids:
        coroutine = get_item(i)
        out.append(await coroutine)
    return out
""",
    ),
    "gather_multiline_awaited": (
        "exercise-6",
        """\
async def shop_page(user_id):
    key = await get_user(user_id)
    orders, recs = await asyncio.gather(
        await get_orders(key),
        await get_recommendations(key),
    )
    return await build_page(orders, recs)
""",
    ),
    "gather_half": (
        "exercise-2",
        """\
async def get_users_and_locations():
    return await asyncio.gather(await get_users(), get_locations())
""",
    ),
    "gather_wrapped": (
        "exercise-4",
        """\
async def wrap(x):
    return x
async def get_items(ids):
    return await asyncio.gather(*[wrap(await get_item(i)) for i in ids])
""",
    ),
    "task_of_awaited": (
        "exercise-2",
        """\
async def get_users_and_locations():
    users = asyncio.create_task(await get_users())
    locations = asyncio.create_task(await get_locations())
    return await users, await locations
""",
    ),
    "barrier_multiline": (
        "exercise-7",
        """\
async def dossier(cid, vid):
    account, vin = await asyncio.gather(
        get_customer(cid),
        get_vehicle(vid),
    )
    return await asyncio.gather(
        get_invoices(account),
        get_history(vin),
    )
""",
    ),
    "barrier_tasks": (
        "exercise-7",
        """\
async def dossier(cid, vid):
    c = asyncio.create_task(get_customer(cid))
    v = asyncio.create_task(get_vehicle(vid))
    account = await c
    vin = await v
    return await asyncio.gather(get_invoices(account), get_history(vin))
""",
    ),
    "barrier_tg": (
        "exercise-8",
        """\
async def load_avatars(ids):
    async with asyncio.TaskGroup() as group:
        details = [group.create_task(get_details(i)) for i in ids]
    async with asyncio.TaskGroup() as group:
        avatars = [group.create_task(get_avatar(d.result()["avatar_id"])) for d in details]
    return {i: a.result() for i, a in zip(ids, avatars)}
""",
    ),
    "barrier_wait": (
        "exercise-8",
        """\
async def load_avatars(ids):
    tasks = [asyncio.create_task(get_details(i)) for i in ids]
    await asyncio.wait(tasks)
    avatars = await asyncio.gather(*[get_avatar(t.result()["avatar_id"]) for t in tasks])
    return dict(zip(ids, avatars))
""",
    ),
    "chain_awaited_early": (
        "exercise-5",
        """\
async def account_page(user_id):
    report_task = asyncio.create_task(render_report(user_id))
    account = await get_account(user_id)
    report = await report_task
    return report, await get_balance(account["number"])
""",
    ),
    "late_chain": (
        "exercise-7",
        """\
async def vehicle(vid):
    return await get_history(await get_vehicle(vid))
async def dossier(cid, vid):
    account = await get_customer(cid)
    return await asyncio.gather(get_invoices(account), vehicle(vid))
""",
    ),
    "statement_without_await": (
        "exercise-1",
        """\
async def get_user_profile(user_id):
    details = await get_user_details(user_id)
    asyncio.sleep(1)
    return await get_profile_details(details["username"])
""",
    ),
    "own_coroutine_not_awaited": (
        "exercise-4",
        """\
async def get_items(ids):
    out = []
    async def one(i):
        out.append(await get_item(i))
    for i in ids:
        one(i)
    return out
""",
    ),
    "returned_gather": (
        "exercise-2",
        """\
async def get_users_and_locations():
    return asyncio.gather(get_users(), get_locations())
""",
    ),
    "task_subscript": (
        "exercise-1",
        """\
async def get_user_profile(user_id):
    task = asyncio.create_task(get_user_details(user_id))
    return await get_profile_details(task["username"])
""",
    ),
    "coroutine_attr": (
        "exercise-1",
        """\
async def get_user_profile(user_id):
    return await get_profile_details(get_user_details(user_id).get("username"))
""",
    ),
    "coroutine_passed": (
        "exercise-6",
        """\
async def shop_page(user_id):
    key = await get_user(user_id)
    return await build_page(get_orders(key), get_recommendations(key))
""",
    ),
    "dependency_ignored": (
        "exercise-1",
        """\
async def get_user_profile(user_id):
    await get_user_details(user_id)
    return await get_profile_details(str(user_id))
""",
    ),
    "wrong_field": (
        "exercise-1",
        """\
async def get_user_profile(user_id):
    details = await get_user_details(user_id)
    return await get_profile_details(details["id"])
""",
    ),
    "polling": (
        "exercise-1",
        """\
async def get_user_profile(user_id):
    task = asyncio.create_task(get_user_details(user_id))
    while not task.done():
        await asyncio.sleep(1)
    return await get_profile_details(task.result()["username"])
""",
    ),
    "polling2": (
        "exercise-2",
        """\
async def get_users_and_locations():
    users = asyncio.create_task(get_users())
    locations = asyncio.create_task(get_locations())
    while not (users.done() and locations.done()):
        await asyncio.sleep(2)
    return users.result(), locations.result()
""",
    ),
    "sleep_extra": (
        "exercise-2",
        """\
async def get_users_and_locations():
    users = asyncio.create_task(get_users())
    locations = asyncio.create_task(get_locations())
    await asyncio.sleep(4)
    return users.result(), locations.result()
""",
    ),
    "sleep_plain": (
        "exercise-2",
        """\
async def get_users_and_locations():
    await asyncio.sleep(1)
    return await asyncio.gather(get_users(), get_locations())
""",
    ),
    "sleep0_serial": (
        "exercise-2",
        """\
async def get_users_and_locations():
    await asyncio.sleep(0)
    return await get_users(), await get_locations()
""",
    ),
    "late_lambda": (
        "exercise-4",
        """\
async def get_items(ids):
    calls = []
    for i in ids:
        calls.append(lambda: get_item(i))
    return await asyncio.gather(*(call() for call in calls))
""",
    ),
    "always_first": (
        "exercise-4",
        """\
async def get_items(ids):
    return await asyncio.gather(*(get_item(ids[0]) for i in ids))
""",
    ),
    "one_too_many": (
        "exercise-4",
        """\
async def get_items(ids):
    got = await asyncio.gather(*(get_item(i) for i in [0, *ids]))
    return got[1:]
""",
    ),
    "twice_diamond_serial": (
        "exercise-5",
        """\
async def account_page(user_id):
    async def balance():
        return await get_balance((await get_account(user_id))["number"])
    calls = render_report(user_id), get_account(user_id), balance()
    report, _, amount = await asyncio.gather(*calls)
    return report, amount
""",
    ),
    "awaited_twice": (
        "exercise-2",
        """\
async def get_users_and_locations():
    users = get_users()
    await users
    return await users, await get_locations()
""",
    ),
    "awaited_already": (
        "exercise-6",
        """\
async def orders_of(key):
    return await get_orders(await key)
async def recs_of(key):
    return await get_recommendations(await key)
async def shop_page(user_id):
    key = get_user(user_id)
    return await build_page(*await asyncio.gather(orders_of(key), recs_of(key)))
""",
    ),
    "run_until_complete": (
        "exercise-1",
        """\
async def get_user_profile(user_id):
    loop = asyncio.get_running_loop()
    details = loop.run_until_complete(get_user_details(user_id))
    return await get_profile_details(details["username"])
""",
    ),
    "gather_variable": (
        "exercise-4",
        """\
async def get_items(ids):
    coroutines = [get_item(i) for i in ids]
    return await asyncio.gather(coroutines)
""",
    ),
    "gather_generator": (
        "exercise-4",
        """\
async def get_items(ids):
    return await asyncio.gather(get_item(i) for i in ids)
""",
    ),
    "wait_coroutines": (
        "exercise-4",
        """\
async def get_items(ids):
    if not ids:
        return []
    done, _ = await asyncio.wait([get_item(i) for i in ids])
    return [task.result() for task in done]
""",
    ),
    "as_completed_unawaited": (
        "exercise-4",
        """\
async def get_items(ids):
    return [f for f in asyncio.as_completed([get_item(i) for i in ids])]
""",
    ),
    "result_early": (
        "exercise-1",
        """\
async def get_user_profile(user_id):
    task = asyncio.create_task(get_user_details(user_id))
    details = task.result()
    return await get_profile_details(details["username"])
""",
    ),
    "unpacked_gather": (
        "exercise-2",
        """\
async def get_users_and_locations():
    users, locations = asyncio.gather(get_users(), get_locations())
    return users, locations
""",
    ),
    "swapped_list": (
        "exercise-2",
        """\
async def get_users_and_locations():
    return await asyncio.gather(get_locations(), get_users())
""",
    ),
    "wait_set": (
        "exercise-4",
        """\
async def get_items(ids):
    if not ids:
        return []
    done, _ = await asyncio.wait([asyncio.create_task(get_item(i)) for i in ids])
    return [task.result() for task in done]
""",
    ),
    "append_reversed": (
        "exercise-4",
        """\
async def get_items(ids):
    tasks = []
    for i in ids:
        tasks.append(asyncio.create_task(get_item(i)))
    return [await t for t in reversed(tasks)]
""",
    ),
    "no_return": (
        "exercise-2",
        """\
async def get_users_and_locations():
    users, locations = await asyncio.gather(get_users(), get_locations())
    print(users, locations)
""",
    ),
    "two_sessions_serial": (
        "exercise-3",
        """\
async def load_dashboard():
    async with Session() as one:
        users = await one.execute("SELECT * FROM users")
    async with Session() as other:
        locations = await other.execute("SELECT * FROM locations")
    return {"users": users, "locations": locations}
""",
    ),
    "opened_serially": (
        "exercise-3",
        """\
async def load_dashboard():
    async with Session() as one, Session() as other:
        users, locations = await asyncio.gather(
            one.execute("SELECT * FROM users"), other.execute("SELECT * FROM locations"))
    return {"users": users, "locations": locations}
""",
    ),
    "no_async_with": (
        "exercise-3",
        """\
async def load_dashboard():
    a, b = Session(), Session()
    users, locations = await asyncio.gather(
        a.execute("SELECT * FROM users"), b.execute("SELECT * FROM locations"))
    return {"users": users, "locations": locations}
""",
    ),
    "tg_in_loop": (
        "exercise-4",
        """\
async def get_items(ids):
    out = []
    for i in ids:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(get_item(i))
        out.append(task.result())
    return out
""",
    ),
    "serial_by_helper": (
        "exercise-2",
        """\
async def users():
    return await get_users()
async def locations():
    return await get_locations()
async def get_users_and_locations():
    return await users(), await locations()
""",
    ),
    "dict_comp_serial": (
        "exercise-8",
        """\
async def one(i):
    return await get_avatar((await get_details(i))["avatar_id"])
async def load_avatars(ids):
    return {i: await one(i) for i in ids}
""",
    ),
    "sum_expr": (
        "exercise-8",
        """\
async def load_avatars(ids):
    details = []
    for done in asyncio.as_completed([get_details(i) for i in ids]):
        details.append(await done)
    avatars = await asyncio.gather(*[get_avatar(d["avatar_id"]) for d in details])
    return dict(zip(ids, avatars))
""",
    ),
}
