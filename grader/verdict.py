"""What a grade is: plain frozen data that every reporter reads and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Status(str, Enum):
    """What became of one rubric item."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_ASSESSED = "not_assessed"


@dataclass(frozen=True, slots=True)
class ItemResult:
    """One rubric item. Texts may hold student text: reporters pass them through ``escape``."""

    id: str
    title: str  # what must hold, in words: "the two calls overlap"
    status: Status
    points: int
    max_points: int
    message: str  # what was seen; one line ("" when passed)
    wanted: str = ""  # what was wanted; one line
    hint: str = ""  # the next step; one line
    misconception: str = ""  # its name in docs/misconceptions.md, "" when none was recognised
    line: int | None = None  # of the submission, 1-based
    source_line: str = ""
    case: str | None = None  # the case it failed in


@dataclass(frozen=True, slots=True)
class TimelineCall:
    """One call of a service on the virtual clock. ``args`` are texts as a learner writes them."""

    service: str
    args: tuple[str, ...]
    start_us: int
    end_us: int | None  # None: still running when the run ended
    line: int | None
    outcome: str  # "ok", "raised", "cancelled", "open", "refused"
    critical: bool = False  # on the critical path (of the best schedule only)


@dataclass(frozen=True, slots=True)
class Timeline:
    """A run over virtual time: calls in plan order."""

    makespan_us: int
    ideal_us: int | None
    calls: tuple[TimelineCall, ...]


@dataclass(frozen=True, slots=True)
class StudentError:
    """The student's own error: never a traceback of ours."""

    kind: str  # "TypeError", "SyntaxError", "cpu_limit", …
    text: str
    traceback: str = ""
    line: int | None = None
    hint: str = ""  # the next step; one line


@dataclass(frozen=True, slots=True)
class Verdict:
    """A whole grade."""

    exercise: str
    title: str
    path: str  # as the user gave it; "-" for standard input
    sha256: str  # of the submitted bytes
    items: tuple[ItemResult, ...]
    ending: str
    isolation: str
    isolation_note: str
    seed: str
    case: str | None  # the case that output, error and timeline show
    output: str
    error: StudentError | None
    timeline: Timeline | None
    best: Timeline | None
    replay: str  # the command that grades this again in the same way
    exercises_option: str = ""  # what commands on this exercise need: " --exercises DIR" or ""
    notes: tuple[str, ...] = ()  # remarks on the submission that cost no points
    grader_version: str = ""
    python_version: str = ""
    tree: str = ""  # digest of the syntax tree, in a batch

    @property
    def score(self) -> int:
        return sum(item.points for item in self.items)

    @property
    def max_score(self) -> int:
        return sum(item.max_points for item in self.items)

    @property
    def passed(self) -> bool:
        return all(item.status is Status.PASSED for item in self.items)
