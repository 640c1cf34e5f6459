"""The engine of one run: messages in, messages out.

Rule 1: the engine decides what happens; the worker asks. The clock, the services, their values,
        the trace and the ending are made here and nowhere else.
Rule 2: no I/O, no clock, no randomness: the same messages and the same seed give the same trace.
Rule 3: ``STATES`` says which message is legal when. Whatever else arrives ends the run as a
        violation. ``handle`` never raises.
Rule 4: time is an integer number of microseconds; order is decided by sequence numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from grader import protocol
from grader.engine import claims
from grader.engine.clock import GatedClock, HeldClock, TimedClock
from grader.engine.ledger import BadCall, Ledger
from grader.engine.matching import Matcher
from grader.engine.schedules import Kind, RunSpec
from grader.engine.trace import Ending, Finding, Mismatch, Outcome, Place, Raised, Run
from grader.exercise.model import Exercise
from grader.exercise.plan import Plan
from grader.protocol import EngineMessage
from grader.values import Value, from_wire, to_wire

MAX_SPINS = 30  # reports of 'spinning' at one instant, with nothing in flight, before time moves
MAX_FINDINGS = 200
_WRONG_TIME = "time went backwards, or further than was allowed"


class State(Enum):
    """Where the conversation is."""

    STARTING = "starting"  # a new process: waiting for `locked`
    LOADING = "loading"  # `load` was sent
    RUNNING = "running"  # `begin` was sent
    ASKED = "asked"  # `ask_where` was sent; the run ends with the answer
    OVER = "over"


STATES: dict[State, tuple[type[Any], ...]] = {
    State.STARTING: (protocol.Locked,),
    State.LOADING: (protocol.Loaded, protocol.Parsed),
    State.RUNNING: (
        protocol.Call,
        protocol.Cancel,
        protocol.Idle,
        protocol.Block,
        protocol.End,
    ),
    State.ASKED: (protocol.Where,),
    State.OVER: (),
}


@dataclass(frozen=True, slots=True)
class Submission:
    """What is graded: the decoded text and where it came from."""

    path: str
    filename: str  # what tracebacks call it
    text: str
    sha256: str
    problem: str = ""  # why it can't be loaded, "" when it can


@dataclass(slots=True)
class _Record:
    """What the run has shown so far."""

    findings: list[Finding] = field(default_factory=list)
    mismatch: Mismatch | None = None
    places: tuple[Place, ...] = ()
    shapes: tuple[tuple[int, str], ...] = ()
    notes: tuple[tuple[str, int | None], ...] = ()
    value: Value = None
    error: Raised | None = None
    detail: str = ""
    ending: Ending = Ending.CRASHED
    tree: str = ""


class Engine:
    """One run of one submission."""

    def __init__(
        self, exercise: Exercise, plan: Plan, spec: RunSpec, submission: Submission, seed: bytes
    ) -> None:
        self.exercise = exercise
        self.plan = plan
        self.spec = spec
        self.state = State.STARTING
        self.now_us = 0
        self._begun = False  # `begin` was sent
        self._wants_tree = False
        self._submission = submission
        self._spins = 0
        self._limit_us = exercise.limits.virtual_s * 1_000_000
        self._matcher = Matcher(plan)
        self._record = _Record()
        self._next_state_ending = Ending.DEADLOCK
        clock = {Kind.TIMED: TimedClock, Kind.GATED: GatedClock, Kind.HELD: HeldClock}[spec.kind]
        self._clock = clock(spec, self._matcher, self._limit_us)
        self._ledger = Ledger(exercise, spec, seed, self._matcher, self._clock)
        self._handlers: dict[type[Any], Callable[[Any], list[EngineMessage]]] = {
            protocol.Locked: self._locked,
            protocol.Parsed: self._parsed,
            protocol.Loaded: self._loaded,
            protocol.Call: self._call,
            protocol.Cancel: self._cancel,
            protocol.Idle: self._idle,
            protocol.Where: self._where,
            protocol.Block: self._block,
            protocol.End: self._end,
        }

    # --- for the host -------------------------------------------------------------------------

    def start(self, *, fresh: bool) -> list[EngineMessage]:
        """The first messages. ``fresh``: the process is new and will say ``locked`` first.

        A process that has loaded this submission before gets the case along with the load: it
        saves a round trip, and the submission has seen a case by then.
        """
        if fresh:
            return []
        self._begun = True
        return [*self._load(), self._begin()]

    def handle(self, message: object) -> list[EngineMessage]:
        """Take one message of the worker's; never raises."""
        if self.over and self.ending.killed:
            return [protocol.Stop(self.ending.value)]  # the first reason is the one that counts
        if type(message) not in STATES[self.state]:
            name = type(message).__name__.lower()
            return self._violate(f"'{name}' is not legal while {self.state.value}")
        return self._handlers[type(message)](message)

    def abort(self, ending: Ending, detail: str) -> None:
        """The host ended the run: the process died, broke a limit or sent nonsense."""
        if self.state is not State.OVER:
            self._finish(ending, detail)

    @property
    def over(self) -> bool:
        return self.state is State.OVER

    @property
    def ending(self) -> Ending:
        """How the run ended; only once it is over."""
        return self._record.ending

    def run(self, output: str) -> Run:
        """The trace, once the run is over."""
        record = self._record
        return Run(
            spec=self.spec,
            plan=self.plan,
            ending=record.ending,
            detail=record.detail,
            end_us=self.now_us,
            value=record.value,
            error=record.error,
            calls=tuple(call.record() for call in self._ledger.calls.values()),
            node_values=self._matcher.values,
            aliases=self._matcher.aliases,
            findings=tuple(record.findings),
            mismatch=record.mismatch,
            places=record.places,
            shapes=record.shapes,
            notes=record.notes,
            tree=record.tree,
            output=output,
        )

    # --- loading ------------------------------------------------------------------------------

    def _load(self) -> list[EngineMessage]:
        self.state = State.LOADING
        services: list[list[Any]] = []
        for service in self.exercise.services:
            methods = [
                [operation.name.partition(".")[2], list(operation.params)]
                for operation in service.operations[2:]
            ]
            services.append([service.name, service.kind, list(service.params), methods])
        return [
            protocol.Load(
                source=self._submission.text,
                filename=self._submission.filename,
                entry=self.exercise.entry,
                params=list(self.exercise.params),
                services=services,
                exceptions=list(self.exercise.exceptions),
                shapes=self.spec.explain,
                tree=self._wants_tree,
            )
        ]

    def _locked(self, message: protocol.Locked) -> list[EngineMessage]:
        self._wants_tree = self.spec.digest  # of a process in which nothing has run
        return self._load()

    def _parsed(self, message: protocol.Parsed) -> list[EngineMessage]:
        if not self._wants_tree:
            return self._violate("'parsed' was not asked for, or was sent twice")
        self._wants_tree = False
        self._record.tree = claims.text(message.tree or "")
        return []

    def _loaded(self, message: protocol.Loaded) -> list[EngineMessage]:
        self._record.notes = claims.notes(message.notes)
        self._record.shapes = claims.shapes(message.shapes)
        if message.problem is not None:
            ending = Ending.MEMORY_LIMIT if message.problem == "MemoryError" else Ending.LOAD_ERROR
            self._record.error = claims.raised(
                message.problem, message.text, message.traceback, message.line
            )
            return self._finish(ending, claims.text(message.text))
        self.state = State.RUNNING
        return [] if self._begun else [self._begin()]

    def _begin(self) -> EngineMessage:
        args = [to_wire(value) for value in self.plan.case.args]
        return protocol.Begin(args=args, hostile=self.spec.hostile)

    # --- calls --------------------------------------------------------------------------------

    def _call(self, message: protocol.Call) -> list[EngineMessage]:
        if not self._see(message.now_us):
            return self._violate(_WRONG_TIME)
        try:
            call = self._ledger.start(message, self.now_us)
        except BadCall as error:
            return self._violate(str(error))
        if call.outcome is Outcome.REFUSED:
            refusal = str(call.answer.error_args[0])
            self._find("refused", call.line, refusal, witnessed=True)
        return []

    def _cancel(self, message: protocol.Cancel) -> list[EngineMessage]:
        if not self._see(message.now_us):
            return self._violate(_WRONG_TIME)
        try:
            self._ledger.cancel(message.id, self.now_us)
        except BadCall as error:
            return self._violate(str(error))
        return []

    # --- time ---------------------------------------------------------------------------------

    def _see(self, now_us: int) -> bool:
        """Take the worker's word for the time, within what it was allowed."""
        now_us = self._bounded(now_us)
        if not self.now_us <= now_us <= self._clock.allowed_us(self.now_us):
            return False
        self._advance(now_us)
        return True

    def _bounded(self, time_us: int) -> int:
        """Time stops just after the limit: a number of 400 digits must not get any further."""
        return min(time_us, max(self.now_us, self._limit_us + 1))

    def _advance(self, now_us: int) -> None:
        """Move the clock; calls that end on the way end, even while the loop is blocked."""
        self._ledger.close_due(now_us)
        if now_us > self.now_us:
            self.now_us, self._spins = now_us, 0

    def _block(self, message: protocol.Block) -> list[EngineMessage]:
        if not 0 <= message.duration_us <= message.now_us:
            return self._violate("a blocking call with an impossible duration")
        if not self._see(message.now_us - message.duration_us):
            return self._violate(_WRONG_TIME)
        seconds = self._bounded(message.duration_us) / 1e6
        line = claims.line_number(message.line)
        self._find("blocked", line, f"{message.what} for {seconds:g} s", witnessed=False)
        self._advance(self._bounded(message.now_us))
        return []

    def _idle(self, message: protocol.Idle) -> list[EngineMessage]:
        if not self._see(message.now_us):
            return self._violate(_WRONG_TIME)
        next_us = message.next_timer_us
        if next_us is not None and next_us < self.now_us:
            return self._violate("a timer in the past")
        self._note_mismatch()
        if self.now_us > self._limit_us:
            return self._last_question(Ending.VIRTUAL_TIME_LIMIT)
        undelivered = self._clock.undelivered()
        if undelivered:
            return [*self._ledger.deliver(undelivered, self.now_us), self._go_on()]
        step = self._clock.next_step(self.now_us, next_us)
        if step.calls and step.now_us is not None:
            self._spins = 0
            self._advance(step.now_us)
            return [*self._ledger.deliver(step.calls, self.now_us), self._go_on()]
        if step.ending is not None:
            return self._last_question(step.ending)
        if message.spinning and not self._spun_for_long():
            return [self._go_on()]
        if step.now_us is not None and next_us is not None:
            if next_us >= self._limit_us:
                return self._last_question(Ending.VIRTUAL_TIME_LIMIT)
            if message.spinning or self.spec.stepwise:
                self._advance(next_us)
            return [self._go_on()]
        return self._last_question(Ending.LIVELOCK if message.spinning else Ending.DEADLOCK)

    def _spun_for_long(self) -> bool:
        """Whether the program has only yielded for so long that it waits for time to pass."""
        self._spins += 1
        return self._spins > MAX_SPINS

    def _go_on(self) -> EngineMessage:
        until_us = self.now_us if self.spec.stepwise else self._clock.until_us(self.now_us)
        return protocol.Advance(now_us=self.now_us, until_us=until_us)

    # --- the verdict on concurrency -----------------------------------------------------------

    def _note_mismatch(self) -> None:
        if self.spec.kind is Kind.GATED and self._record.mismatch is None:
            self._record.mismatch = self._clock.compare()

    def _note_mismatch_at_end(self) -> None:
        """After the last callback nothing can start: what is unfinished is missing."""
        if self.spec.kind is not Kind.GATED or self._record.mismatch is not None:
            return
        missing = tuple(self._matcher.unfinished_nodes())
        extra = tuple(
            call.id for call in self._ledger.calls.values() if call.early or call.node is None
        )
        if missing or extra:
            in_flight = self._clock.in_flight_nodes()
            self._record.mismatch = Mismatch(missing, extra, in_flight, at_end=True)

    # --- the end ------------------------------------------------------------------------------

    def _last_question(self, ending: Ending) -> list[EngineMessage]:
        """The run can't go on: ask where the tasks are suspended, then end it."""
        self.state = State.ASKED
        self._next_state_ending = ending
        return [protocol.AskWhere()]

    def _where(self, message: protocol.Where) -> list[EngineMessage]:
        self._record.places = claims.places(message.places)
        return self._finish(self._next_state_ending, "")

    def _end(self, message: protocol.End) -> list[EngineMessage]:
        endings = {
            "returned": Ending.RETURNED,
            "raised": Ending.RAISED,
            "cancelled": Ending.CANCELLED,
        }
        ending = endings.get(message.outcome)
        if ending is None or not self._see(message.now_us):
            return self._violate("an end that is not one")
        try:
            self._record.value = from_wire(message.value, self._ledger.allowance)
        except ValueError as error:
            return self._violate(f"a result that can't be read: {error}")
        if ending is not Ending.RETURNED:
            self._record.error = claims.raised(
                message.error_type, message.error_text, message.traceback, message.line
            )
            if ending is Ending.RAISED and message.error_type == "MemoryError":
                ending = Ending.MEMORY_LIMIT
        self._record.findings += claims.leftovers(message.leftovers)
        return self._finish(ending, claims.text(message.error_text))

    def _violate(self, what: str) -> list[EngineMessage]:
        return self._finish(Ending.VIOLATION, what)

    def _finish(self, ending: Ending, detail: str) -> list[EngineMessage]:
        record = self._record
        record.ending, record.detail = ending, detail
        self._note_mismatch_at_end()
        if ending in (Ending.RETURNED, Ending.RAISED, Ending.CANCELLED):
            record.findings += self._ledger.left_open()
        self.state = State.OVER
        return [protocol.Stop(reason=ending.value)]

    def _find(self, kind: str, line: int | None, detail: str, *, witnessed: bool) -> None:
        if len(self._record.findings) < MAX_FINDINGS:
            self._record.findings.append(Finding(kind, line, detail[:500], witnessed))
