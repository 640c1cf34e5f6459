"""A call while the engine still writes to it."""

from __future__ import annotations

from dataclasses import dataclass

from grader.engine.services import Answer
from grader.engine.trace import CallRecord, Outcome
from grader.exercise.model import Operation
from grader.values import Value, describe


@dataclass(slots=True)
class OpenCall:
    """One call from its start to the delivery of its reply."""

    id: int
    operation: Operation
    args: tuple[Value, ...]
    context: int | None
    node: int | None
    early: bool
    start_us: int
    start_seq: int
    answer: Answer
    duration_us: int
    line: int | None
    created_line: int | None
    outcome: Outcome = Outcome.OPEN
    end_us: int | None = None
    end_seq: int | None = None
    delivered: bool = False  # the worker knows the outcome

    def record(self) -> CallRecord:
        """The same as a frozen fact."""
        shown = ", ".join(describe(arg, 200) for arg in self.answer.error_args)
        return CallRecord(
            id=self.id,
            operation=self.operation.name,
            args=self.args,
            node=self.node,
            early=self.early,
            start_us=self.start_us,
            end_us=self.end_us,
            start_seq=self.start_seq,
            end_seq=self.end_seq,
            outcome=self.outcome,
            value=self.answer.value if self.outcome is Outcome.OK else None,
            error="" if self.answer.ok else f"{self.answer.error_type}({shown})",
            line=self.line,
            created_line=self.created_line,
        )
