"""Times of grading: `python benchmarks/grading.py [command] [warm] [growth]` prints one table each.

Needs the package installed (`pip install -e .`).

Ratios and medians are what counts: machines differ, and shared ones are noisy.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from grader.engine.core import Engine
from grader.engine.schedules import plain_run, schedule_runs
from grader.executors.forked import Zygote, forked_executor
from grader.exercise.loader import load_exercise
from grader.exercise.model import Exercise, Limits
from grader.exercise.plan import build_plan
from grader.grade import grade, read_submission

ROOT = Path(__file__).parent.parent
BASE = "import asyncio, click, rich, yaml, msgspec"
PAIRS = 21
RIGHT = ROOT / "solutions" / "exercise-2" / "right" / "gather.py"

FAN_OUT = """
format: asyncgrade/exercise/1
id: fan-out
title: Fan out
goal: fan out
difficulty: easy
text: Fan out.
hints: [Gather.]
entry: fan_out
params: [n]
services:
  fetch: {args: [i], duration: 1, returns: "f'{i}-{nonce}'"}
plan:
  item: {call: fetch(i), each: i in range(n)}
result: "[item[i] for i in range(n)]"
cases: {one: {call: [COUNT]}}
rubric:
  - {id: result, points: 10, check: result, title: the result is right, goal: true}
limits: {cpu_s: 120, wall_s: 300, memory_mib: 4096}
"""
FAN_OUT_PROGRAM = b"""
import asyncio
from services import fetch
async def fan_out(n):
    return await asyncio.gather(*(fetch(i) for i in range(n)))
"""


def timed(run: Callable[[], object]) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


def clean_environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}


def command() -> None:
    """The whole command beside the import of the libraries that it needs, in turn."""
    python, environment = sys.executable, clean_environment()
    check = [python, "-m", "grader", "check", "exercise-2", str(RIGHT)]

    def spawn(args: list[str]) -> float:
        return timed(
            lambda: subprocess.run(
                args, check=True, stdout=subprocess.DEVNULL, cwd=ROOT, env=environment
            )
        )

    spawn(check)
    rows = [(spawn([python, "-c", BASE]), spawn(check)) for _ in range(PAIRS)]
    base_s, check_s = (statistics.median(column) for column in zip(*rows, strict=True))
    ratio = statistics.median(check / base for base, check in rows)
    print(f"whole command, {PAIRS} pairs, medians (two free cores: at most 2.0)")
    print(f"  python -c '{BASE}'   {base_s * 1e3:7.1f} ms")
    print(f"  asyncgrade check exercise-2                          {check_s * 1e3:7.1f} ms")
    print(f"  ratio, pair by pair                                  {ratio:7.2f}")


def warm() -> None:
    """A grade in a warm grader, pinned to one core with its zygote."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[0]})
    exercise = load_exercise(ROOT / "exercises" / "exercise-2.yaml")
    runs = len(
        schedule_runs([build_plan(exercise, c) for c in exercise.cases], b"warm", hostile=True)
    )
    submission = read_submission("s.py", "s.py", RIGHT.read_bytes())
    zygote = Zygote()
    executor = forked_executor(zygote)
    for _ in range(10):
        grade(exercise, submission, executor, "warm")
    times = [timed(lambda: grade(exercise, submission, executor, "warm")) for _ in range(200)]
    zygote.close()
    target = 4 + 0.5 * runs
    print(f"warm grade of exercise-2, {runs} runs, one core, 200 grades")
    print(f"  median {statistics.median(times) * 1e3:6.2f} ms   min {min(times) * 1e3:6.2f} ms")
    print(f"  target 4 ms + 0.5 ms a run = {target:.1f} ms")
    print(f"  ratio to the target {statistics.median(times) * 1e3 / target:.2f}")


def fan_out_exercise(count: int) -> Exercise:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fan-out.yaml"
        path.write_text(FAN_OUT.replace("COUNT", str(count)), encoding="utf-8")
        return load_exercise(path)


def growth() -> None:
    """One timed run that fans out over n ids: what ten times as many calls cost."""
    zygote = Zygote()
    executor = forked_executor(zygote)
    submission = read_submission("s.py", "s.py", FAN_OUT_PROGRAM)
    print("one timed run that fans out over n ids (ten times n: at most 12 times)")
    before = 0.0
    for count in (1_000, 10_000, 100_000):
        exercise = replace(fan_out_exercise(count), limits=Limits(120, 300, 4096))
        plan = build_plan(exercise, exercise.cases[0])

        def play(exercise: Exercise = exercise, plan=plan) -> None:
            with executor(exercise.limits) as session:
                engine = Engine(exercise, plan, plain_run(plan), submission, b"growth")
                session.play(engine)
                assert engine.ending.value == "returned", engine.run("").detail
                assert len(engine.run("").calls) == len(plan.nodes)

        rounds = 5 if count < 100_000 else 3
        best_s = statistics.median([timed(play) for _ in range(rounds)])
        shown = f"{best_s / before:8.1f} times" if before else ""
        print(f"  n = {count:7,}   {best_s:8.3f} s   {best_s / count * 1e6:6.1f} us a call {shown}")
        before = best_s
    zygote.close()


TABLES = {"command": command, "warm": warm, "growth": growth}

if __name__ == "__main__":
    for name in sys.argv[1:] or TABLES:
        TABLES[name]()
