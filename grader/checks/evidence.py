"""What checks look at: the runs of a submission, and helpers to pick and describe them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from grader.engine.schedules import Kind
from grader.engine.trace import CallRecord, Ending, Outcome, Run
from grader.exercise.model import Exercise, ExpressionError, Item
from grader.exercise.plan import Plan
from grader.values import describe
from grader.verdict import Status


@dataclass(frozen=True, slots=True)
class Evidence:
    """All timed and gated runs (not the held ones), the easiest to explain first."""

    exercise: Exercise
    runs: tuple[Run, ...]

    @property
    def ending(self) -> Ending:
        """The submission's ending: the worst of its runs, those a case expects left out."""
        endings = [run.ending for run in self.runs if not ended_as_expected(run)]
        return min(endings, key=lambda ending: ending.severity, default=Ending.RETURNED)

    def of(self, item: Item, kind: Kind | None = None) -> Iterator[Run]:
        """The runs that an item looks at."""
        for run in self.runs:
            if item.case in (None, run.spec.case) and kind in (None, run.spec.kind):
                yield run

    @property
    def did_something(self) -> bool:
        return any(run.calls for run in self.runs)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a check says of one item. ``run`` is the run that shows it best."""

    status: Status
    message: str = ""
    wanted: str = ""
    line: int | None = None
    run: Run | None = None
    kind: str = ""  # a word for the advice: "value", "raised", "missing_call", …


Check = Callable[[Evidence, Item], Judgement]

PASSED = Judgement(Status.PASSED)


def failed(
    message: str, wanted: str, *, run: Run, kind: str = "", line: int | None = None
) -> Judgement:
    return Judgement(Status.FAILED, message, wanted, line, run, kind)


def not_assessed(message: str) -> Judgement:
    return Judgement(Status.NOT_ASSESSED, message)


NO_CALLS = not_assessed("nothing to judge: no service was called")


def ended_as_expected(run: Run) -> bool:
    """The run ended with the error that its case expects."""
    wanted = run.plan.case.raises
    return (
        wanted is not None
        and run.ending is Ending.RAISED
        and run.error is not None
        and (run.error.kind == wanted)
    )


def could_not_run(run: Run) -> bool:
    """The run was stopped from outside, or the module could not even be loaded."""
    return run.ending.killed or run.ending is Ending.LOAD_ERROR


def order_of_runs(run: Run) -> tuple[object, ...]:
    """The plainest run first: the exercise's own durations, then others, then gates."""
    spec = run.spec
    kinds = [Kind.TIMED, Kind.GATED, Kind.HELD]
    return (
        spec.repeat,
        spec.hostile,
        kinds.index(spec.kind),
        not spec.nominal,
        [case.name for case in run.plan.exercise.cases].index(spec.case),
        spec.durations_us,
        spec.order,
    )


def circumstances(run: Run) -> str:
    """In which run something was seen, as words to end a sentence with; empty for the plain one."""
    if run.ending.killed:
        return ""  # it was merely the first run that came to be played
    if run.spec.kind is Kind.GATED:
        return " when the calls finish in another order"
    if not run.spec.nominal:
        return " when the calls take other times"
    return ""


def how_it_ended(run: Run) -> str:
    """One clause on an ending that is not a return."""
    texts = {
        Ending.DEADLOCK: "it waits for ever: nothing is running that could wake it up",
        Ending.LIVELOCK: "it goes round and round without ever waiting for anything",
        Ending.VIRTUAL_TIME_LIMIT: "it was still waiting after a very long (virtual) time",
        Ending.CANCELLED: "it was cancelled",
        Ending.VIOLATION: "it broke the rules of the conversation with the grader",
    }
    if run.ending is Ending.RAISED and run.error is not None:
        return f"it raised {run.error.text or run.error.kind}"
    if run.ending.killed:
        return f"it was stopped: {run.detail or run.ending.value.replace('_', ' ')}"
    return texts.get(run.ending, run.detail)


def show_call(call: CallRecord) -> str:
    """``get_item(2)``."""
    return f"{call.operation}({', '.join(describe(arg, 40) for arg in call.args)})"


def refusal(call: CallRecord) -> str:
    """Why a service could not be used in this way, in one clause."""
    return f"{call.operation}() was refused: {call.error}"


def show_node(plan: Plan, node: int, run: Run) -> str:
    """The call that a plan's node stands for, as far as its arguments are known."""
    call = run.call_of(node)
    if call is not None:
        return show_call(call)
    facts = plan.nodes[node]
    try:
        args = plan.arguments(node, run.node_values)
    except ExpressionError:
        return f"{facts.operation}(…)"
    return f"{facts.operation}({', '.join(describe(arg, 40) for arg in args)})"


def seconds(time_us: int, digits: int = 3) -> str:
    """``3 s``, ``0.5 s``, ``5.208 s``."""
    return f"{time_us / 1e6:.{digits}f}".rstrip("0").rstrip(".") + " s"


def times(number: int) -> str:
    """``once``, ``twice``, ``3 times``."""
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def started_calls(run: Run) -> list[CallRecord]:
    return [call for call in run.calls if call.outcome is not Outcome.REFUSED]


def was_made_again(run: Run, call: CallRecord) -> bool:
    """The call was cancelled, and then another one was made in its place."""
    return call.outcome is Outcome.CANCELLED and any(
        other.node == call.node and other is not call for other in run.calls
    )
