"""What a run leaves behind: frozen facts, each with its source. Nothing here decides anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from grader.engine.draws import canonical
from grader.engine.schedules import RunSpec
from grader.exercise.plan import Plan
from grader.values import Value, fingerprint


class Ending(Enum):
    """How a run ended, the worst first. The order is the order of severity."""

    VIOLATION = "violation"
    CRASHED = "crashed"
    MEMORY_LIMIT = "memory_limit"
    CPU_LIMIT = "cpu_limit"
    WALL_LIMIT = "wall_limit"
    OUTPUT_LIMIT = "output_limit"
    LOAD_ERROR = "load_error"
    DEADLOCK = "deadlock"
    LIVELOCK = "livelock"
    VIRTUAL_TIME_LIMIT = "virtual_time_limit"
    RAISED = "raised"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    HELD = "held"  # a held run, stopped on purpose; never a submission's ending

    @property
    def severity(self) -> int:
        """0 for the worst."""
        return _ORDER.index(self)

    @property
    def killed(self) -> bool:
        """Whether the host had to end the process."""
        return self.severity < _ORDER.index(Ending.LOAD_ERROR)


_ORDER = list(Ending)


class Outcome(str, Enum):
    """What became of a call."""

    OK = "ok"
    RAISED = "raised"  # the service raised, as the exercise says
    CANCELLED = "cancelled"
    OPEN = "open"  # still running when the run ended
    REFUSED = "refused"  # the service could not be used in this way


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call that was started. Order is decided by the sequence numbers, never by times."""

    id: int
    operation: str
    args: tuple[Value, ...]  # in parameter order
    node: int | None  # of the plan; None: the plan has no such call
    early: bool  # started before all that it depends on had finished
    start_us: int
    end_us: int | None
    start_seq: int
    end_seq: int | None
    outcome: Outcome
    value: Value
    error: str  # what was raised, "" for none
    line: int | None  # a claim
    created_line: int | None  # a claim


@dataclass(frozen=True, slots=True)
class Finding:
    """Something unclean. ``witnessed``: the engine saw it; otherwise the worker says so."""

    kind: str
    line: int | None
    detail: str
    witnessed: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where a task was suspended: a claim. ``waits_for`` is an operation's name or a word."""

    task: str
    line: int | None
    waits_for: str


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The first rest of a gated run at which started and ready calls differed."""

    missing: tuple[int, ...]  # nodes that were ready and not started
    extra: tuple[int, ...]  # ids of calls that were started too early or are not in the plan
    in_flight: tuple[int, ...]  # nodes whose gates were closed at that moment
    at_end: bool  # the run was over: nothing could start any more


@dataclass(frozen=True, slots=True)
class Raised:
    """The student's error, or why the module could not be loaded."""

    kind: str
    text: str
    traceback: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Run:
    """The trace of one run."""

    spec: RunSpec
    plan: Plan
    ending: Ending
    detail: str
    end_us: int
    value: Value
    error: Raised | None
    calls: tuple[CallRecord, ...]
    node_values: Mapping[int, Value]
    aliases: Mapping[str, str]  # nonce of a repeated call -> nonce of the first like it
    findings: tuple[Finding, ...]
    mismatch: Mismatch | None
    places: tuple[Place, ...]
    shapes: tuple[tuple[int, str], ...]
    notes: tuple[tuple[str, int | None], ...]
    tree: str = ""  # digest of the syntax tree, when it was asked for
    output: str = field(default="")

    def canonical(self, value: Value) -> str:
        """A fingerprint in which equal calls give equal values."""
        return canonical(fingerprint(value), self.aliases)

    def call_of(self, node: int) -> CallRecord | None:
        return next((call for call in self.calls if call.node == node), None)
