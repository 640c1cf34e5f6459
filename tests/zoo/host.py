"""Grades the programs it is told to, one line of JSON each: the grader's side of the suite.

It runs under ``stage``, which restarts it when a program has killed it. Arguments: the
configuration, and the descriptors of the requests, the reports.
"""

from __future__ import annotations

import base64
import gc
import json
import os
import sys
import time
import unicodedata
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from grader.executors.base import ExecutorFailed
from grader.executors.forked import Zygote, forked_executor
from grader.executors.spawned import spawned_executor
from grader.exercise.loader import load_exercise
from grader.exercise.model import Exercise, Limits
from grader.grade import grade, read_submission
from grader.reporters import classroom, json_report, terminal
from grader.verdict import Verdict
from tests.zoo.configurations import Configuration, configuration
from tests.zoo.programs import ZOO, Program, programs

LIMITS = Limits(cpu_s=1, wall_s=2)
EXERCISES = ("display-user", "fetch-page")
RIGHT = {
    "display-user": """
from services import get_user_details, get_profile_details
REMARK = "CANARY-PREV"
async def display_user():
    user = await get_user_details()
    return user, await get_profile_details(username=user["username"])
""",
    "fetch-page": """
import asyncio
from services import get_user, get_news, get_feed
async def fetch_page():
    news = asyncio.create_task(get_news())
    user = await get_user()
    feed = await get_feed(user["name"])
    return await news, feed
""",
}


class Host:
    """One executor, and the exercises."""

    def __init__(self, config: Configuration) -> None:
        self._config = config
        self._zygote: Zygote | None = None
        self._exercises: dict[str, Exercise] = {
            name: replace(load_exercise(ZOO / f"{name}.yaml"), limits=LIMITS) for name in EXERCISES
        }
        self.open()

    def open(self) -> None:
        if self._config.spawned:
            self._executor = spawned_executor()
            return
        if self._zygote is not None:
            self._zygote.close()
        self._zygote = Zygote(without=self._config.without)
        self._executor = forked_executor(self._zygote)

    def about(self) -> dict[str, Any]:
        """What isolates programs here."""
        with self._executor(LIMITS) as session:
            isolation = session.isolation
        return {
            "level": isolation.level,
            "layers": list(isolation.layers),
            "reachable": list(isolation.reachable),
            "missing": dict(isolation.missing),
        }

    def grade(self, program: Program) -> dict[str, Any]:
        """Grade a program, then a right one."""
        path = f"{program.name}.py"
        problems: list[tuple[str, str]] = []
        submission = read_submission(path, path, program.path.read_bytes())
        begun, cpu_begun = time.perf_counter(), time.process_time()
        mib_begun = _forget_peak()
        verdict: Verdict | None = None
        try:
            verdict = grade(self._exercises[program.exercise], submission, self._executor, "zoo")
        except ExecutorFailed as error:
            problems.append(("ours was hit", str(error)))
        except Exception as error:
            problems.append(("crashed ours", f"grade() raised {error!r}"))
        report: dict[str, Any] = {
            "seconds": round(time.perf_counter() - begun, 3),
            "host_cpu_s": round(time.process_time() - cpu_begun, 3),
            "host_mib": max(0, _memory_mib("VmHWM") - mib_begun),
            "problems": problems,
        }
        if verdict is None:
            self.open()
        else:
            report |= _told(verdict)
            begun = time.perf_counter()
            problems += _judge_reports(verdict)
            report["report_seconds"] = round(time.perf_counter() - begun, 3)
        problems += self._grade_right(program.exercise)
        return report

    def _grade_right(self, exercise: str) -> list[tuple[str, str]]:
        right = read_submission("right.py", "right.py", RIGHT[exercise].encode())
        try:
            verdict = grade(self._exercises[exercise], right, self._executor, "zoo")
        except ExecutorFailed as error:
            self.open()
            return [("right one fails", str(error))]
        if verdict.passed:
            return []
        why = next(item.message for item in verdict.items if item.message)
        return [("right one fails", f"{verdict.ending}: {why}")]


def _forget_peak() -> int:
    """Begin to count the peak of this process's memory anew; the memory that it has now, in MiB."""
    gc.collect()
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _memory_mib("VmRSS")


def _memory_mib(field: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) // 1024


def _told(verdict: Verdict) -> dict[str, Any]:
    error = verdict.error
    killed = verdict.ending not in ("returned", "raised")
    return {
        "class": "pass" if verdict.passed else "killed" if killed else "fail",
        "ending": verdict.ending,
        "score": verdict.score,
        "error": f"{error.kind}: {error.text}"[:300] if error else "",
        "output": verdict.output,
        "told": f"{verdict!r}",
    }


# --- what reporters make of it ---------------------------------------------------------------


def _judge_reports(verdict: Verdict) -> list[tuple[str, str]]:
    try:
        return [("report", what) for what in _wrong_in_reports(verdict)]
    except Exception as error:
        return [("crashed ours", f"a reporter raised {error!r}")]


def _wrong_in_reports(verdict: Verdict) -> list[str]:
    wrong: list[str] = []
    pages = {
        "terminal": terminal.render(verdict, width=80, color=False, unicode=True),
        "ascii terminal": terminal.render(verdict, width=60, color=False, unicode=False),
        "job log": classroom.job_log(verdict),
    }
    for name, page in pages.items():
        page.encode("utf-8")
        bad = {c for c in page if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")}
        if bad:
            wrong.append(f"{name} shows {sorted(bad)!r}")
    commands = [line for line in pages["job log"].splitlines() if _is_command(line)]
    if commands:
        wrong.append(f"job log holds a workflow command: {commands[0][:80]!r}")
    data = json.loads(json_report.render(verdict))
    if (data["passed"], data["score"]) != (verdict.passed, verdict.score):
        wrong.append("the JSON report says another result")
    for line in classroom.github_output(verdict).splitlines():
        name, _, encoded = line.partition("=")
        result = json.loads(base64.b64decode(encoded, validate=True))
        points = sum(test["score"] for test in result["tests"])
        if name == "result" and points != verdict.score:
            wrong.append("the classroom result says another score")
    return wrong


def _is_command(line: str) -> bool:
    return line.lstrip().startswith("::") or "##[" in line


def main() -> None:
    name, requests_fd, reports_fd = sys.argv[1:]
    with (
        os.fdopen(int(requests_fd), encoding="utf-8") as requests,
        os.fdopen(int(reports_fd), "w", encoding="utf-8") as reports,
    ):
        for stream in (requests, reports):
            os.set_inheritable(stream.fileno(), False)

        def tell(report: dict[str, Any]) -> None:
            reports.write(json.dumps(report) + "\n")
            reports.flush()

        host = Host(configuration(name))
        for exercise in EXERCISES:
            host._grade_right(exercise)
        tell(host.about())
        for request in requests:
            tell(host.grade(programs([request.strip()])[0]))


if __name__ == "__main__":
    main()
