"""Throughput of a class: `python benchmarks/batch.py [throughput] [growth]`, a table each.

Needs the package installed (`pip install -e '.[dev,bench]'`). The rows of a table are measured in
turn. What is beside ours is what an instructor would build by hand: pytest with pytest-asyncio, one
process a submission, on looptime's clock and with real sleeps.
"""

from __future__ import annotations

import hashlib
import platform
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from grader.batch.evidence import VerdictKey
from grader.batch.lanes import Setup, isolation_of, open_pool
from grader.batch.records import Handin, Student
from grader.batch.run import Batch
from grader.batch.store import Store

ROOT = Path(__file__).parent.parent
EXERCISE = ROOT / "exercises" / "exercise-2.yaml"
RIGHT = (ROOT / "solutions" / "exercise-2" / "right" / "gather.py").read_text("utf-8")
ROUNDS = 3
CORES = 2
BY_HAND = 24  # submissions of a row that is slow

# The same exercise by hand: fake services, the result, and that the two calls overlap.
CONFTEST = """
import asyncio, sys, types, pytest
services = types.ModuleType("services")
async def get_users():
    await asyncio.sleep(3 * SCALE)
    return ["Ann", "Bob"]
async def get_locations():
    await asyncio.sleep(2 * SCALE)
    return ["Rome", "Oslo"]
services.get_users, services.get_locations = get_users, get_locations
sys.modules["services"] = services
"""
TEST = """
import asyncio, pytest, submission
@pytest.mark.asyncio
MARK
async def test_overlap():
    loop = asyncio.get_running_loop()
    begun = loop.time()
    users, locations = await submission.get_users_and_locations()
    assert list(users) == ["Ann", "Bob"] and list(locations) == ["Rome", "Oslo"]
    assert loop.time() - begun < 3.5 * SCALE
"""


def source(number: int) -> str:
    """A right program whose syntax tree no other number has."""
    return f"{RIGHT}\nnumber = {number}\n"


def grade_class(count: int, lanes: int) -> float:
    """Grade a made-up class; submissions a second, not counting the start of the lanes."""
    handins = [Handin(Student(f"s{n:06}"), f"s{n:06}.py") for n in range(count)]
    exercise_hash = hashlib.sha256(EXERCISE.read_bytes()).hexdigest()

    def read(path: str) -> bytes:
        return source(int(path[1:7])).encode()

    def key_of(sha256: str) -> VerdictKey:
        return VerdictKey(sha256, exercise_hash, "seed", "1", platform.python_version())

    setup = Setup(str(EXERCISE), exercise_hash, "seed")
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.open(Path(folder, "gradebook.sqlite")) as store,
        open_pool(lanes) as pool,
    ):
        store.secret("seed")
        store.begin_run("exercise-2", "Side by side", exercise_hash, 10, "1")
        for future in [pool.submit(isolation_of, setup) for _ in range(4 * lanes)]:
            future.result()
        begun = time.perf_counter()
        batch = Batch(store, read, key_of, again=False)
        batch.sort_out(handins, lambda progress: None)
        batch.grade(setup, pool, lanes, lambda progress: None)
        took_s = time.perf_counter() - begun
    assert batch.progress.passed == count, batch.progress
    return count / took_s


def by_hand(scale: float, *, virtual: bool) -> float:
    """pytest in a process of its own for each submission, as many at once as there are cores."""
    mark = "@pytest.mark.looptime" if virtual else ""
    plugins = [] if virtual else ["-p", "no:looptime"]
    with tempfile.TemporaryDirectory() as folder:
        for number in range(BY_HAND):
            home = Path(folder, str(number))
            home.mkdir()
            (home / "conftest.py").write_text(CONFTEST.replace("SCALE", str(scale)), "utf-8")
            test = TEST.replace("MARK", mark).replace("SCALE", str(scale))
            (home / "test_it.py").write_text(test, "utf-8")
            (home / "submission.py").write_text(source(number), "utf-8")

        def one(number: int) -> None:
            command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugins]
            subprocess.run(
                [*command, "test_it.py"],
                cwd=Path(folder, str(number)),
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

        begun = time.perf_counter()
        with ThreadPoolExecutor(CORES) as pool:
            list(pool.map(one, range(BY_HAND)))
        return BY_HAND / (time.perf_counter() - begun)


def throughput() -> None:
    """Submissions a second on two cores, beside what one builds by hand."""
    rows = {
        "asyncgrade, two lanes": lambda: grade_class(400, 2),
        "asyncgrade, one lane": lambda: grade_class(200, 1),
        "pytest, pytest-asyncio, looptime": lambda: by_hand(1, virtual=True),
        "the same, real sleeps, a tenth of the time": lambda: by_hand(0.1, virtual=False),
    }
    best = dict.fromkeys(rows, 0.0)
    for _ in range(ROUNDS):
        for name, run in rows.items():
            best[name] = max(best[name], run())
    print(f"submissions a second, best of {ROUNDS} rounds in turn (at least 100; 20 times by hand)")
    for name, rate in best.items():
        print(f"  {name:44} {rate:8.1f}")
    two, one, hand, real = best.values()
    print(f"  two lanes to one {two / one:.2f} (at least 1.8)")
    print(f"  to pytest with looptime {two / hand:.1f}, with real sleeps {two / real:.1f}")


def growth() -> None:
    """Cost of one grade and memory of the parent as the class grows."""
    print("a class of n, two lanes (memory of the parent at most 200 MB)")
    for count in (1_000, 20_000):
        rate = grade_class(count, 2)
        memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        print(f"  n = {count:6,}   {1e3 / rate:6.2f} ms a grade   parent {memory_mb:6.1f} MB")


TABLES = {"throughput": throughput, "growth": growth}

if __name__ == "__main__":
    for name in sys.argv[1:] or TABLES:
        TABLES[name]()
