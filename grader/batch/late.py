"""What a late submission loses: the policy of a small YAML file, and the points taken by it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from grader.batch.records import BatchError, rounded
from grader.exercise.model import ExerciseError
from grader.exercise.problems import Problems
from grader.exercise.section import Section, show
from grader.exercise.yaml_reader import Scalar, read_yaml

KEYS = ("grace_minutes", "percent_a_day", "cut_off_days", "deadline")
MAX_DAYS = 366
_DAY_S = 24 * 60 * 60
_EXAMPLE = "deadline: 2026-03-31T23:59+02:00"

# ISO 8601 as layouts and people write it. `fromisoformat` reads less of it on Python 3.10.
_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?"
    r" ?(?:([Zz])|([+-])(\d\d):?(\d\d))",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class LatePolicy:
    """How lateness costs points. Days are counted from the deadline and the grace together."""

    grace_minutes: int = 0
    percent_a_day: float = 0.0  # of the points of the exercise, for each day begun
    cut_off_days: int | None = None  # later than this, nothing counts; None: no cut-off
    deadline: datetime | None = None  # with offset; None: only marks of the layout count


def load_policy(path: Path) -> LatePolicy:
    """Read a late policy. Raises BatchError with one line ``file:line: key: …`` a problem."""
    problems = Problems(path)
    if not path.is_file():
        raise BatchError(f"{path}: there is no such file; wanted a late policy: {_EXAMPLE}")
    try:
        tree = read_yaml(path, problems)
    except ExerciseError as error:
        seen = [problem.rpartition("; ")[0] or problem for problem in error.problems]
        raise BatchError(*[f"{line}; wanted keys such as {_EXAMPLE}" for line in seen]) from None
    section = Section(tree, "", problems, optional=KEYS)
    policy = LatePolicy(
        grace_minutes=section.whole("grace_minutes", 0, 0, MAX_DAYS * 24 * 60),
        percent_a_day=_percent(section),
        cut_off_days=section.whole("cut_off_days", 0, 0, MAX_DAYS)
        if "cut_off_days" in section
        else None,
        deadline=_deadline(section),
    )
    try:
        problems.raise_if_any()
    except ExerciseError as error:
        raise BatchError(*error.problems) from None
    return policy


def _percent(section: Section) -> float:
    tree = section.tree("percent_a_day")
    if tree is None:
        return 0.0
    value = tree.value if isinstance(tree, Scalar) else None
    if isinstance(value, int | float) and type(value) is not bool and 0 <= value <= 100:
        return float(value)  # not before it is compared: 400 digits are too many for a float
    section.problem("percent_a_day", f"seen {show(tree)}", "wanted a number from 0 to 100")
    return 0.0


def _deadline(section: Section) -> datetime | None:
    text = section.text("deadline")
    moment = parse_moment(text)
    if text.strip() and moment is None:
        wanted = f"wanted date, time and the offset from UTC: {_EXAMPLE}"
        section.problem("deadline", f"seen {text!r}", wanted)
    return moment


def parse_moment(text: str) -> datetime | None:
    """Read a moment in ISO 8601 with its offset; None when it is not one."""
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, hour, minute = (int(part) for part in match.groups()[:5])
    offset = timedelta()
    if not match[7]:
        offset = timedelta(hours=int(match[9]), minutes=int(match[10]))
    try:
        zone = timezone(-offset if match[8] == "-" else offset)
        moment = datetime(year, month, day, hour, minute, int(match[6] or 0), tzinfo=zone)
        return moment.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def penalty(
    policy: LatePolicy | None,
    submitted_at: str,
    is_late: bool | None,
    score: float,
    max_score: float,
) -> float:
    """The points that lateness takes from a score: at least 0, at most the score.

    When deadline and time are known, they decide, whatever the layout says: later than the
    cut-off all points are lost, else each day begun costs its part of ``max_score``. When they
    are not, a mark of the layout counts as one day.
    """
    if policy is None:
        return 0.0
    late_s = _late_s(policy, submitted_at)
    if late_s is None:
        days = 1 if is_late else 0
        cut_off = days > 0 and policy.cut_off_days == 0
    else:
        days = math.ceil(late_s / _DAY_S)
        cut_off = policy.cut_off_days is not None and late_s > policy.cut_off_days * _DAY_S
    if cut_off:
        return rounded(score)
    return rounded(min(score, days * policy.percent_a_day / 100 * max_score))


def _late_s(policy: LatePolicy, submitted_at: str) -> float | None:
    """Seconds after deadline and grace, 0 when in time; None when it can't be known."""
    moment = parse_moment(submitted_at)
    if moment is None or policy.deadline is None:
        return None
    late = moment - policy.deadline - timedelta(minutes=policy.grace_minutes)
    return max(0.0, late.total_seconds())
