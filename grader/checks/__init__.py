"""Facts of the runs to passed, failed or not assessed: one function a check, one signature."""

from __future__ import annotations

from grader.checks.evidence import Check
from grader.checks.outcome import calls, result
from grader.checks.tidiness import clean, references
from grader.checks.timing import concurrency, makespan

CHECKS: dict[str, Check] = {
    "result": result,
    "calls": calls,
    "concurrency": concurrency,
    "makespan": makespan,
    "clean": clean,
    "references": references,
}
