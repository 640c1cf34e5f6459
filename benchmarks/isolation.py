"""What the lock-down costs: `python benchmarks/isolation.py [cost] [warm] [leaks]`, a table each.

Needs the package installed (`pip install -e .`) and Linux; the row of bwrap needs bubblewrap.
Rows of a table are measured in turn, so that a busy machine is busy for all of them.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

from grader.executors.forked import Zygote, forked_executor
from grader.executors.lockdown.layers import ALL_LAYERS, NAMESPACES
from grader.executors.zygote import SPARE_CHILD
from grader.exercise.loader import load_exercise
from grader.grade import grade, read_submission

ROOT = Path(__file__).parent.parent
EXERCISE = load_exercise(ROOT / "exercises" / "exercise-2.yaml")
RIGHT = (ROOT / "solutions" / "exercise-2" / "right" / "gather.py").read_bytes()
ROUNDS = 101
RUNS = 8  # of exercise-2
GRADES = 1_000

# What an interpreter of its own has to do at least: import asyncio, run a coroutine.
WORKER = "import asyncio\nasync def main(): await asyncio.sleep(0)\nasyncio.run(main())"
PYTHON = [sys.executable, "-I", "-S", "-c", WORKER]
BWRAP = ["bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/"]


def milliseconds(run: Callable[[], object]) -> float:
    begun = time.perf_counter()
    run()
    return (time.perf_counter() - begun) * 1e3


def grader_with(stack: ExitStack, *without: str) -> Callable[[], None]:
    zygote = stack.enter_context(closing(Zygote(without)))
    executor = forked_executor(zygote)

    def one_grade() -> None:
        submission = read_submission("s.py", "s.py", RIGHT)
        assert grade(EXERCISE, submission, executor, "cost").passed

    for _ in range(10):
        one_grade()
    return one_grade


def cost() -> None:
    """The same grade with and without the lock-down, beside a plain and a sandboxed interpreter."""
    with ExitStack() as stack:
        rows = {
            "locked down, no spare child": grader_with(stack, SPARE_CHILD),
            "without namespaces, no spare child": grader_with(stack, NAMESPACES, SPARE_CHILD),
            "no lock-down, no spare child": grader_with(stack, *ALL_LAYERS, SPARE_CHILD),
            "locked down": grader_with(stack),
            "interpreter alone: import asyncio": lambda: subprocess.run(PYTHON, check=True),
        }
        if shutil.which("bwrap"):
            rows["the same in bwrap"] = lambda: subprocess.run([*BWRAP, *PYTHON], check=True)
        times = in_turn(rows)
    show(f"one grade of exercise-2 ({RUNS} runs), {ROUNDS} rounds in turn", times)
    locked, bare = (times[f"{name}, no spare child"] for name in ("locked down", "no lock-down"))
    added = statistics.median(a - b for a, b in zip(locked, bare, strict=True))
    print(f"  the lock-down adds, round by round, at the median  {added:6.2f} ms (at most 1.5)")


def warm() -> None:
    """A grade in a warm grader: at leisure, in a lane with a core of its own, and on one core."""
    with ExitStack() as stack:
        one_grade = grader_with(stack)
        times = {"free to move": rounds_of(one_grade)}
        if hasattr(os, "sched_setaffinity"):
            all_cores = os.sched_getaffinity(0)
            one_core = {min(all_cores)}
            os.sched_setaffinity(0, one_core)  # its zygote stays free to prepare the next child
            times["a lane pinned to a core"] = rounds_of(one_grade)
            pinned = grader_with(stack)
            times["the same, its zygote too"] = rounds_of(pinned)
            os.sched_setaffinity(0, all_cores)
    show(f"a warm grade (at most 6 + 0.5 * {RUNS} = {6 + 0.5 * RUNS:.1f} ms)", times)


def rounds_of(run: Callable[[], object]) -> list[float]:
    return [milliseconds(run) for _ in range(ROUNDS)]


def in_turn(rows: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in rows}
    for _ in range(ROUNDS):
        for name, run in rows.items():
            times[name].append(milliseconds(run))
    return times


def show(title: str, times: dict[str, list[float]]) -> None:
    print(title)
    for name, found in times.items():
        tenth = statistics.quantiles(found, n=10)[0]
        print(f"  {name:40} median {statistics.median(found):7.2f} ms   best tenth {tenth:7.2f} ms")


def leaks() -> None:
    """What a thousand grades leave behind, every tenth of them a program that is killed."""
    endless = b"async def get_users_and_locations():\n    import os; os._exit(1)\n"
    with closing(Zygote()) as zygote:
        executor = forked_executor(zygote)

        def some_grades(count: int) -> None:
            for number in range(count):
                source = endless if number % 10 == 0 else RIGHT
                grade(EXERCISE, read_submission("s.py", "s.py", source), executor, "leaks")

        some_grades(100)
        before = census()
        some_grades(GRADES)
        after = census()
    print(f"{GRADES} grades in a row")
    for name, count in before.items():
        print(f"  {name:40} {count:8} → {after[name]:8}")


def census() -> dict[str, int]:
    """Counts for this process and all below it, when the last child has gone."""
    time.sleep(0.5)
    tree = [os.getpid()]
    for pid in tree:
        tree += children_of(pid)
    states = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] for pid in tree]
    folders = ("/tmp", "/dev/shm", ".")
    return {
        "processes": len(tree),
        "zombies": states.count("Z"),
        "descriptors": sum(count_entries(f"/proc/{pid}/fd") for pid in tree),
        "memory of grader and zygote, KiB": sum(resident_kib(pid) for pid in tree[:3]),
        "files in /tmp, /dev/shm and here": sum(
            len([*Path(folder).iterdir()]) for folder in folders
        ),
        "largest memory of the grader, KiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }


def count_entries(folder: str) -> int:
    return sum(1 for _ in Path(folder).iterdir())


def children_of(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


def resident_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


TABLES = {"cost": cost, "warm": warm, "leaks": leaks}

if __name__ == "__main__":
    for name in sys.argv[1:] or TABLES:
        TABLES[name]()
