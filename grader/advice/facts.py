"""What the rules of advice may look at: the failed item, its run, and what a held run showed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from grader.checks.evidence import Evidence, Judgement, show_call, show_node
from grader.engine.trace import CallRecord, Place, Run
from grader.exercise.model import Item


@dataclass(frozen=True, slots=True)
class Held:
    """One run in which ``stuck`` never finished: what waited for it without need."""

    run: Run
    stuck: CallRecord
    waiting: int  # the first node that should have started
    suspended: Place | None  # where the program stood


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything known about one failed item. Line numbers and shapes are claims."""

    item: Item
    judgement: Judgement
    evidence: Evidence
    held: Held | None
    source_lines: tuple[str, ...]
    shapes: tuple[tuple[int, str], ...]

    @property
    def run(self) -> Run:
        assert self.judgement.run is not None
        return self.judgement.run

    def text(self, line: int | None) -> str:
        """A line of the source, stripped; empty when there is no such line."""
        if line is None or not 0 < line <= len(self.source_lines):
            return ""
        return self.source_lines[line - 1].strip()

    def lines_of(self, shape: str) -> list[int]:
        return [line for line, name in self.shapes if name == shape]

    def has(self, shape: str, line: int | None) -> bool:
        """Whether the source has this shape on that line."""
        return line is not None and (line, shape) in self.shapes

    @property
    def stuck_line(self) -> int | None:
        """Where the program stood while the stuck call was running."""
        if self.held is None:
            return None
        place = self.held.suspended
        return place.line if place is not None and place.line else self.held.stuck.line

    def name_of_waiting(self) -> str:
        assert self.held is not None
        return show_node(self.held.run.plan, self.held.waiting, self.held.run)

    def name_of_stuck(self) -> str:
        assert self.held is not None
        return show_call(self.held.stuck)


@dataclass(frozen=True, slots=True)
class Advice:
    """A named misconception, the sentence on it, the next step."""

    misconception: str
    message: str  # replaces the check's own words; "" keeps them
    hint: str
    line: int | None = None


Rule = Callable[[Facts], Advice | None]


def error_text(facts: Facts) -> str:
    """The student's error of the run that failed, as ``TypeError: text``."""
    error = facts.run.error
    return error.text if error is not None else ""
