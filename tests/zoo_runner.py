"""Grades the hostile and broken programs of tests/zoo/attacks, one JSON line each.

Run it only inside a pid namespace (``tests/test_zoo.py`` does), because some of them signal
every process that they may. After each one a right program is graded: it must still pass.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from grader.executors.forked import Zygote, forked_executor
from grader.exercise.loader import load_exercise
from grader.grade import grade, read_submission
from tests.helpers import ZOO

RIGHT = b"""
from services import get_user_details, get_profile_details
async def display_user():
    user = await get_user_details()
    return user, await get_profile_details(username=user["username"])
"""


def verdict_class(ending: str, passed: bool) -> str:
    """``pass``, ``fail`` or ``killed``: any ending other than returned or raised."""
    if ending not in ("returned", "raised"):
        return "killed"
    return "pass" if passed else "fail"


def child_pids(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in children.split()]


def main(names: list[str]) -> None:
    exercise = load_exercise(ZOO / "display-user.yaml")
    zygote = Zygote()
    executor = forked_executor(zygote)
    for path in sorted((ZOO / "attacks").glob("*.py")):
        if names and path.stem not in names:
            continue
        begun = time.perf_counter()
        submission = read_submission(path.name, path.name, path.read_bytes())
        verdict = grade(exercise, submission, executor, "zoo")
        took_s = time.perf_counter() - begun
        right = grade(exercise, read_submission("r.py", "r.py", RIGHT), executor, "zoo")
        report = {
            "name": path.stem,
            "class": verdict_class(verdict.ending, verdict.passed),
            "ending": verdict.ending,
            "score": verdict.score,
            "error": verdict.error.text if verdict.error else "",
            "canary": "CANARY-" in verdict.output,
            "seconds": round(took_s, 2),
            "right_passes": right.passed,
            "left_over": len(child_pids(zygote.pid)),
        }
        sys.stdout.write(json.dumps(report) + "\n")
        sys.stdout.flush()
    zygote.close()


if __name__ == "__main__":
    os.environ["ASYNCGRADE_CANARY"] = "CANARY-environment"
    main(sys.argv[1:])
