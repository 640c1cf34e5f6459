"""The calls of one run: how they are opened, answered, cancelled and closed.

Every event takes the next sequence number: order is decided by these numbers, never by times.
"""

from __future__ import annotations

from grader import protocol
from grader.engine import draws
from grader.engine.calls import OpenCall
from grader.engine.claims import line_number
from grader.engine.clock import TimedClock
from grader.engine.matching import Matcher
from grader.engine.schedules import RunSpec
from grader.engine.services import Answer, Services, WrongArguments, answer, bind, duration_us
from grader.engine.trace import Finding, Outcome
from grader.exercise.model import Exercise, Operation
from grader.protocol import EngineMessage
from grader.values import Allowance, Value, from_wire, to_wire

MAX_LEFT_OPEN = 200  # findings
MAX_CALLS = 200_000  # of a run without a plan
MAX_CALLS_A_NODE = 4  # a program may repeat its calls, but not without end …
ALWAYS_ALLOWED_CALLS = 2_000  # … and small plans leave room for a loop gone wrong
_SLACK = 2  # an honest worker stays far below its allowance: both count a little differently


class BadCall(Exception):
    """A message about a call that no honest worker sends."""


class Ledger:
    """All calls of a run, by id, in order of their starts."""

    def __init__(
        self,
        exercise: Exercise,
        spec: RunSpec,
        seed: bytes,
        matcher: Matcher,
        clock: TimedClock,
    ) -> None:
        self.calls: dict[int, OpenCall] = {}
        nodes = len(matcher.plan.nodes)
        self._max_calls = (
            max(ALWAYS_ALLOWED_CALLS, MAX_CALLS_A_NODE * nodes) if nodes else MAX_CALLS
        )
        self.allowance = Allowance(_SLACK * protocol.ALWAYS_ALLOWED_NODES)
        self._spec = spec
        self._seed = seed
        self._seq = 0
        self._services = Services(exercise)
        self._matcher = matcher
        self._clock = clock

    def start(self, message: protocol.Call, now_us: int) -> OpenCall:
        """Take a call. Raises BadCall."""
        operation = self._services.operation(message.service)
        names = message.kwargs[::2]
        if operation is None:
            raise BadCall("a call of a service that does not exist")
        if message.id in self.calls or message.id < 0:
            raise BadCall("a call id was used twice")
        if len(self.calls) >= self._max_calls:
            raise BadCall(f"it started more than {self._max_calls} calls in one run")
        if len(message.kwargs) % 2 or not all(isinstance(name, str) for name in names):
            raise BadCall("keyword arguments that are not pairs of name and value")
        try:
            self.allowance.nodes += _SLACK * protocol.NODES_A_CALL
            args = [from_wire(wire, self.allowance) for wire in message.args]
            values = [from_wire(wire, self.allowance) for wire in message.kwargs[1::2]]
        except ValueError as error:
            raise BadCall(f"arguments that can't be read: {error}") from None
        kwargs = dict(zip(names, values, strict=True))
        call = self._open(message, operation, args, kwargs, now_us)
        self.calls[call.id] = call
        self._clock.started(call)
        return call

    def _open(
        self,
        message: protocol.Call,
        operation: Operation,
        args: list[Value],
        kwargs: dict[str, Value],
        now_us: int,
    ) -> OpenCall:
        """Bind, match and answer a call. The answer is delivered when the call ends."""
        try:
            bound = bind(operation, args, kwargs)
            refusal, kind = self._services.refusal(operation, message.context), "RuntimeError"
        except WrongArguments as error:
            bound, refusal, kind = (*args, *kwargs.values()), str(error), "TypeError"
        nth = self._services.count(operation.name)
        nonce = draws.nonce(self._seed, self._spec.number, operation.name, nth)
        call = OpenCall(
            id=message.id,
            operation=operation,
            args=bound,
            context=message.context,
            node=None,
            early=False,
            start_us=now_us,
            start_seq=self._next_seq(),
            answer=Answer(error_type=kind, error_args=(refusal,)),
            duration_us=0,
            line=line_number(message.line),
            created_line=line_number(message.created_line),
        )
        if refusal:
            call.outcome = Outcome.REFUSED
            return call
        session = self._services.session_nonce(message.context)
        key = self._matcher.key(operation.name, session, bound)
        self._matcher.issue(key, nonce)
        call.node, call.early = self._matcher.start(key, operation.name, call.id, nonce)
        for moved, node in self._matcher.take_moves():
            self.calls[moved].node = node
        call.answer = answer(operation, bound, nonce, nth)
        nominal_us = None if call.node is not None else duration_us(operation, bound)
        call.duration_us = self._clock.duration_us(key, call.node, nominal_us)
        self._services.started(operation, call.id, message.context, nonce)
        return call

    def cancel(self, call_id: int, now_us: int) -> None:
        """The student's code cancelled a call. Raises BadCall."""
        call = self.calls.get(call_id)
        if call is None or call.outcome is Outcome.CANCELLED or call.delivered:
            raise BadCall("a cancel of a call that is not open")
        if call.outcome is Outcome.OPEN:
            self.close(call, Outcome.CANCELLED, now_us)
        call.delivered = True

    def close(self, call: OpenCall, outcome: Outcome, end_us: int) -> None:
        """A call that was not refused ended."""
        call.outcome, call.end_us, call.end_seq = outcome, end_us, self._next_seq()
        self._services.ended(call.operation, call.id, call.context, ok=outcome is Outcome.OK)
        if call.node is not None:
            if outcome is Outcome.OK:
                self._matcher.finish(call.node, call.answer.value)
            else:
                self._matcher.abandon(call.node)

    def close_due(self, now_us: int) -> None:
        """Close the calls that ended before ``now_us``, while the loop was busy."""
        for call in self._clock.due_before(now_us):
            self._complete(call, call.start_us + call.duration_us)

    def _complete(self, call: OpenCall, end_us: int) -> None:
        """The service has done its work: the call returns, or raises what the exercise says."""
        self.close(call, Outcome.OK if call.answer.ok else Outcome.RAISED, end_us)

    def deliver(self, calls: list[OpenCall], now_us: int) -> list[EngineMessage]:
        """The replies to calls that are over now."""
        replies: list[EngineMessage] = []
        for call in calls:
            if call.outcome is Outcome.OPEN:
                self._complete(call, now_us)
            elif call.end_us is None:
                call.end_us, call.end_seq = now_us, self._next_seq()
            call.delivered = True
            replies.append(
                protocol.Reply(
                    id=call.id,
                    ok=call.answer.ok,
                    value=to_wire(call.answer.value),
                    error_type=call.answer.error_type,
                    error_args=[to_wire(arg) for arg in call.answer.error_args],
                )
            )
        return replies

    def left_open(self) -> list[Finding]:
        """What is still running or open when the entry has ended."""
        calls = self.calls.values()
        found = [
            Finding("call_left", call.line, f"{call.operation.name}() was still running", True)
            for call in calls
            if call.outcome is Outcome.OPEN
        ]
        if self._services.open_contexts():
            entered = [call.line for call in calls if call.operation.name.endswith(".enter")]
            found.append(Finding("context_open", entered[-1], "", True))
        return found[:MAX_LEFT_OPEN]

    def _next_seq(self) -> int:
        self._seq += 1
        return self._seq
