"""CPU time of the virtual-time loop beside stock asyncio and other loops with a virtual clock.

Run ``python benchmarks/loops.py``. Medians of interleaved rounds, garbage settled before each
measurement; a ratio below 1 is faster than stock. A peer that is not installed is left out.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import importlib
import random
import statistics
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from grader.worker.loop import VirtualLoop

Loop = asyncio.AbstractEventLoop
Workload = Callable[["Contender", float], None]


class Contender:
    """One loop: how to make it, and what must surround the coroutine that runs on it."""

    def __init__(
        self,
        name: str,
        factory: Callable[[], Loop],
        around: Callable[[], contextlib.AbstractContextManager[Any]] | None = None,
        *,
        real_time: bool = False,
    ) -> None:
        self.name, self.factory, self.around, self.real_time = name, factory, around, real_time

    def run(self, main: Coroutine[Any, Any, Any]) -> None:
        loop = self.factory()
        try:
            loop.run_until_complete(main if self.around is None else inside(self.around, main))
        finally:
            loop.close()


async def inside(
    around: Callable[[], contextlib.AbstractContextManager[Any]], main: Coroutine[Any, Any, Any]
) -> None:
    with around():
        await main


# --- workloads -------------------------------------------------------------------------------


def sleeps_at_once(contender: Contender, scale: float) -> None:
    delays = random.Random(1)
    longest = 0.05 if contender.real_time else 1000.0

    async def main() -> None:
        sleeps = [asyncio.sleep(delays.random() * longest) for _ in range(int(100_000 * scale))]
        await asyncio.gather(*sleeps)

    contender.run(main())


def sleeps_in_series(contender: Contender, scale: float) -> None:
    delay = 1e-9 if contender.real_time else 1.0  # stock: the path of a timer, without waiting

    async def main() -> None:
        for _ in range(int(100_000 * scale)):
            await asyncio.sleep(delay)

    contender.run(main())


def queues(contender: Contender, scale: float) -> None:
    async def echo(inbox: asyncio.Queue[int], outbox: asyncio.Queue[int], items: int) -> None:
        for _ in range(items):
            outbox.put_nowait(await inbox.get())

    async def play(items: int) -> None:
        there: asyncio.Queue[int] = asyncio.Queue()
        back: asyncio.Queue[int] = asyncio.Queue()
        partner = asyncio.ensure_future(echo(there, back, items))
        for item in range(items):
            there.put_nowait(item)
            await back.get()
        await partner

    async def main() -> None:
        pairs = 500  # 1,000 tasks and 1,000 queues
        await asyncio.gather(*[play(int(100_000 * scale) // pairs) for _ in range(pairs)])

    contender.run(main())


def callbacks_in_flight(contender: Contender, scale: float) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        left = int(200_000 * scale)

        def step() -> None:
            nonlocal left
            left -= 1
            if left > 0:
                loop.call_soon(step)
            elif not done.done():
                done.set_result(None)

        for _ in range(10):
            loop.call_soon(step)
        await done

    contender.run(main())


def callbacks_queued(contender: Contender, scale: float) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        done = loop.create_future()

        def nothing() -> None:
            pass

        for _ in range(int(200_000 * scale)):
            loop.call_soon(nothing)
        loop.call_soon(done.set_result, None)
        await done

    contender.run(main())


def fresh_loops(contender: Contender, scale: float) -> None:
    async def trivial() -> None:
        pass

    for _ in range(int(1000 * scale)):
        contender.run(trivial())


# Each with the ratio to stock that this project holds itself to.
WORKLOADS: list[tuple[str, str, Workload, float]] = [
    ("a", "100k sleeps under one gather", sleeps_at_once, 1.1),
    ("b", "100k sleeps in series", sleeps_in_series, 0.6),
    ("c", "1,000 tasks pass 100k items through queues", queues, 1.0),
    ("d", "200k call_soon, 10 in flight", callbacks_in_flight, 1.0),
    ("d2", "200k call_soon, queued at once", callbacks_queued, 1.0),
    ("e", "1,000 x make a loop, run a coroutine, close", fresh_loops, 0.3),
]


# --- contenders ------------------------------------------------------------------------------


def contenders(skipped: list[str]) -> Iterator[Contender]:
    """Yield stock, the loop of this project, and the peers that are installed."""
    yield Contender("stock", asyncio.SelectorEventLoop, real_time=True)
    yield Contender("VirtualLoop", VirtualLoop)
    for name, make in (
        ("looptime", _looptime),
        ("async_solipsism", lambda module: Contender("solipsism", module.EventLoop)),
        ("aiotools", _aiotools),
    ):
        try:
            module = importlib.import_module(name)
        except ImportError:
            skipped.append(name)
            continue
        yield make(module)


def _looptime(module: Any) -> Contender:
    loop_class = module.make_event_loop_class(asyncio.SelectorEventLoop)
    return Contender("looptime", lambda: loop_class(noop_cycles=42))


def _aiotools(module: Any) -> Contender:
    return Contender(
        "aiotools", asyncio.SelectorEventLoop, lambda: module.VirtualClock().patch_loop()
    )


# --- measuring -------------------------------------------------------------------------------


def measure(workload: Workload, contender: Contender, scale: float) -> float:
    """Return the CPU seconds of one run."""
    gc.collect()
    started = time.process_time()
    workload(contender, scale)
    return time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the work to do")
    parser.add_argument("--only", default="", help="workloads, separated by commas")
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    skipped: list[str] = []
    loops = list(contenders(skipped))[: 2 if options.no_peers else None]
    wanted = options.only.split(",") if options.only else [key for key, *_ in WORKLOADS]
    version = ".".join(map(str, sys.version_info[:3]))
    print(f"Python {version}, median of {options.rounds} rounds, CPU seconds (ratio to stock)\n")
    print("| workload | goal |" + "".join(f" {loop.name} |" for loop in loops))
    print("|---|---|" + "---|" * len(loops))
    for key, title, workload, goal in WORKLOADS:
        if key not in wanted:
            continue
        times: dict[str, list[float]] = {loop.name: [] for loop in loops}
        for _ in range(options.rounds):
            for loop in loops:
                times[loop.name].append(measure(workload, loop, options.scale))
        medians = [statistics.median(seconds) for seconds in times.values()]
        cells = [f" {seconds:.3f} ({seconds / medians[0]:.2f}x) |" for seconds in medians]
        print(f"| {key}: {title} | {goal}x |" + "".join(cells), flush=True)
    if skipped:
        print(f"\nskipped, not installed: {', '.join(skipped)} (pip install 'asyncgrade[bench]')")


if __name__ == "__main__":
    main()
