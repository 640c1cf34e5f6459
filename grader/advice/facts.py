"""What the rules of advice may look at: the failed item, its run, and what a held run showed.

The names of all misconceptions are here; docs/misconceptions.md has an entry for each.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from grader.checks.evidence import Evidence, Judgement, show_call, show_node
from grader.engine.trace import CallRecord, Ending, Finding, Place, Run
from grader.exercise.model import Item

Misconception = Literal[
    "",  # none was recognised
    # serial where it should overlap
    "serial_awaits",
    "await_in_loop",
    "await_in_comprehension",
    "task_awaited_at_once",
    "gather_of_awaited",
    "gather_half_awaited",
    "task_of_awaited",
    "coroutine_not_started",
    "started_too_late",
    "barrier",
    "await_between_new_tasks",
    "batches",
    # too early, or not at all
    "coroutine_used_as_value",
    "task_used_as_value",
    "never_awaited",
    "returned_awaitable",
    "task_passed_as_value",
    "dependency_ignored",
    "started_with_a_guess",
    "sleep_instead_of_await",
    "polling",
    "late_binding",
    "same_call_again",
    "call_too_many",
    "coroutine_awaited_twice",
    "nested_run",
    "gather_of_list",
    "wait_of_coroutines",
    # order and results
    "as_completed_order",
    "append_order",
    "done_is_a_set",
    "swapped_results",
    "no_return",
    # contexts
    "shared_context",
    "used_after_exit",
    "never_exited",
]

_DEF = re.compile(r"(?:async\s+)?def\s+(\w+)")
_MAX_CALLERS = 5


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

    @property
    def kind(self) -> str:
        return self.judgement.kind

    def finding(self, kind: str) -> Finding | None:
        """The first finding of this kind in the run that failed."""
        return next((finding for finding in self.run.findings if finding.kind == kind), None)

    # --- the source ---------------------------------------------------------------------------

    def text(self, line: int | None) -> str:
        """A line of the source, stripped; empty when there is no such line."""
        return self._raw(line).strip()

    def _raw(self, line: int | None) -> str:
        if line is None or not 0 < line <= len(self.source_lines):
            return ""
        return self.source_lines[line - 1]

    def indent(self, line: int | None) -> int:
        """How far a line is indented, in characters."""
        raw = self._raw(line)
        return len(raw) - len(raw.lstrip())

    def lines_of(self, shape: str) -> list[int]:
        return [line for line, name in self.shapes if name == shape]

    def has(self, shape: str, line: int | None) -> bool:
        """Whether the source has this shape on that line."""
        return line is not None and (line, shape) in self.shapes

    def function_of(self, line: int | None) -> str:
        """The name of the function that a line belongs to; empty for none."""
        indent = self.indent(line)
        for above in range(line or 0, 0, -1):
            found = _DEF.match(self.text(above))
            if found and (above == line or self.indent(above) < indent):
                return found[1]
            if self.text(above):
                indent = min(indent, self.indent(above))
        return ""

    # --- where the program stood --------------------------------------------------------------

    @property
    def stuck_line(self) -> int | None:
        """Where the program stood while the stuck call was running."""
        if self.held is None:
            return None
        places = [place for place in self.held.run.places if place.line is not None]
        if not places:
            return self.held.stuck.line
        return next(filter(self._leads_to_waiting, places[1:]), places[0]).line

    def _leads_to_waiting(self, place: Place) -> bool:
        """Whether a task of the student's stands in the function that makes the waiting call."""
        assert self.held is not None
        call = self.call_of_waiting()
        if call is None or call.line is None or place.line != self.held.stuck.line:
            return False
        again = self.has("await_in_loop", place.line) or self.has(
            "await_in_comprehension", place.line
        )
        if call.line == place.line and not again:
            return False
        function = self.function_of(place.line)
        return function == self.function_of(call.line) and function != self.function_of(
            self.held.run.places[0].line
        )

    @property
    def await_lines(self) -> list[int]:
        """The await at which the program stood, and those of the helpers around it."""
        lines = [self.stuck_line] if self.stuck_line else []
        while lines and len(lines) < _MAX_CALLERS:
            name = self.function_of(lines[-1])
            called = re.compile(rf"\bawait\s+{re.escape(name)}\(")
            outer = {line for line in self.lines_of("await") if called.search(self.text(line))}
            if not name or len(outer) != 1 or not outer.isdisjoint(lines):
                break
            lines += outer
        return lines

    def call_of_waiting(self) -> CallRecord | None:
        """The call that waited, as it was made later in the run that failed."""
        return self.run.call_of(self.held.waiting) if self.held else None

    def waits_on_another_chain(self) -> bool:
        """Whether what waited had got something already that the stuck call does not need."""
        assert self.held is not None
        nodes = self.held.run.plan.nodes
        stuck = self.held.stuck.node
        needed = nodes[stuck].deps if stuck is not None else ()
        return any(dep not in needed for dep in nodes[self.held.waiting].deps)

    def name_of_waiting(self) -> str:
        assert self.held is not None
        name = show_node(self.held.run.plan, self.held.waiting, self.held.run)
        return f"another {name}" if name == show_call(self.held.stuck) else name

    def name_of_stuck(self) -> str:
        assert self.held is not None
        return show_call(self.held.stuck)


@dataclass(frozen=True, slots=True)
class Advice:
    """A named misconception, the sentence on it, the next step."""

    misconception: Misconception
    message: str  # replaces the check's own words; "" keeps them
    hint: str
    line: int | None = None


Rule = Callable[[Facts], Advice | None]


def error_text(facts: Facts) -> str:
    """The student's error of the run that failed, as ``TypeError: text``."""
    error = facts.run.error
    return error.text if error is not None and facts.run.ending is Ending.RAISED else ""


def error_line(facts: Facts) -> int | None:
    return facts.run.error.line if facts.run.error is not None else None


def at_line(line: int | None) -> str:
    """``line 4: ``, or nothing when the line is not known."""
    return f"line {line}: " if line else ""


def on_line(line: int | None) -> str:
    """`` on line 4``, or nothing when the line is not known."""
    return f" on line {line}" if line else ""
