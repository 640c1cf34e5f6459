"""Which open call ends next: the three kinds of run differ in nothing else.

Timed: calls end after their durations. Gated: at each rest one gate is opened, in the order of the
run; time moves only when no gate is left. Held: timed, but one node never ends.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from grader.engine import draws
from grader.engine.calls import OpenCall
from grader.engine.trace import Ending, Mismatch, Outcome

if TYPE_CHECKING:
    from grader.engine.matching import Matcher
    from grader.engine.schedules import RunSpec


@dataclass(frozen=True, slots=True)
class Step:
    """What happens next: calls that end at ``now_us``, or a timer of the student's at ``now_us``,
    or (neither) nothing at all."""

    calls: list[OpenCall] = field(default_factory=list)
    now_us: int | None = None
    ending: Ending | None = None


class TimedClock:
    """Calls end after their durations; equal ends in the order of their starts."""

    def __init__(self, spec: RunSpec, matcher: Matcher, limit_us: int) -> None:
        self.spec = spec
        self.matcher = matcher
        self.limit_us = limit_us
        self._ends: list[tuple[int, int, OpenCall]] = []
        self._over: list[OpenCall] = []  # ended, and the worker does not know yet
        self._durations: dict[str, int] = {}  # by key: equal calls take equally long
        self._granted_us: int = 0

    def duration_us(self, key: str, node: int | None, nominal_us: int | None) -> int:
        """How long a call takes in this run (at least 1 µs: services always suspend)."""
        if node is not None:
            duration = self.spec.durations_us[node]
        elif key in self._durations:
            duration = self._durations[key]
        elif self.spec.nominal or not self.spec.durations_us:
            duration = nominal_us or 1
        else:
            duration = draws.pick(key, self.spec.durations_us)
        self._durations[key] = duration
        return max(1, duration)

    def started(self, call: OpenCall) -> None:
        if call.outcome is Outcome.OPEN:
            heapq.heappush(self._ends, (call.start_us + call.duration_us, call.start_seq, call))
        else:
            self._over.append(call)

    def due_before(self, now_us: int) -> list[OpenCall]:
        """Open calls whose time ended before ``now_us``, while the loop was busy."""
        due = []
        while self._next_end() is not None and self._ends[0][0] < now_us:
            due.append(heapq.heappop(self._ends)[2])
        self._over += due
        return due

    def undelivered(self) -> list[OpenCall]:
        """Calls that are over and whose reply the worker waits for."""
        over, self._over = self._over, []
        return [call for call in over if not call.delivered]

    def next_step(self, now_us: int, next_timer_us: int | None) -> Step:
        """What happens next, given that nothing else can."""
        end_us = self._next_end()
        if end_us is not None and (next_timer_us is None or end_us <= next_timer_us):
            calls = []
            while self._next_end() == end_us:
                calls.append(heapq.heappop(self._ends)[2])
            return Step(calls, end_us)
        return Step(now_us=next_timer_us)

    def until_us(self, now_us: int) -> int:
        """Until when the worker may run its own timers without asking."""
        end_us = self._next_end()
        self._granted_us = self.limit_us if end_us is None else min(end_us, self.limit_us)
        return self._granted_us

    def allowed_us(self, now_us: int) -> int:
        """The latest time that the worker may claim."""
        return max(now_us, self._granted_us - 1)

    def in_flight_nodes(self) -> tuple[int, ...]:
        open_calls = [call for *_, call in self._ends if call.outcome is Outcome.OPEN]
        return tuple(sorted(call.node for call in open_calls if call.node is not None))

    def compare(self) -> Mismatch | None:
        """The mismatch of started and ready calls; only a gated run has one."""
        return None

    def _next_end(self) -> int | None:
        while self._ends and self._ends[0][2].outcome is not Outcome.OPEN:
            heapq.heappop(self._ends)
        return self._ends[0][0] if self._ends else None


class HeldClock(TimedClock):
    """One node never ends; when only it (and timers of the student's) are left, the run is over."""

    def __init__(self, spec: RunSpec, matcher: Matcher, limit_us: int) -> None:
        super().__init__(spec, matcher, limit_us)
        self._stuck: OpenCall | None = None

    def started(self, call: OpenCall) -> None:
        if call.node is not None and call.node == self.spec.held:
            self._stuck = call
        else:
            super().started(call)

    def next_step(self, now_us: int, next_timer_us: int | None) -> Step:
        if self._stuck is not None and self._next_end() is None:
            return Step(ending=Ending.HELD)
        return super().next_step(now_us, next_timer_us)


class GatedClock(TimedClock):
    """Calls end when their gates are opened, one at each rest."""

    def __init__(self, spec: RunSpec, matcher: Matcher, limit_us: int) -> None:
        super().__init__(spec, matcher, limit_us)
        self._rank = {node: i for i, node in enumerate(spec.order)}
        self._gates: list[tuple[int, int, OpenCall]] = []
        self._extra: list[int] = []
        self._delayed: list[int] = []
        self._seen_closing: dict[int, None] = {}
        self._at_rest = False  # no gate was left to open

    def started(self, call: OpenCall) -> None:
        if call.outcome is not Outcome.OPEN:
            self._over.append(call)
        else:
            heapq.heappush(self._gates, (self._rank_of(call), call.start_seq, call))
        if call.node is None or call.early:
            self._extra.append(call.id)
        elif call.node in self._seen_closing:
            self._delayed.append(call.node)

    def due_before(self, now_us: int) -> list[OpenCall]:
        return []

    def next_step(self, now_us: int, next_timer_us: int | None) -> Step:
        while self._gates:
            rank, seq, call = heapq.heappop(self._gates)
            if call.outcome is not Outcome.OPEN:
                continue
            if rank != self._rank_of(call):  # equal calls have changed places since
                heapq.heappush(self._gates, (self._rank_of(call), seq, call))
                continue
            self._at_rest = False
            return Step([call], now_us)
        self._at_rest = True
        return Step(now_us=next_timer_us)

    def until_us(self, now_us: int) -> int:
        # After a gate was opened the worker must ask again: that rest is compared too.
        self._granted_us = self.limit_us if self._at_rest else now_us
        return self._granted_us

    def in_flight_nodes(self) -> tuple[int, ...]:
        open_calls = [call for *_, call in self._gates if call.outcome is Outcome.OPEN]
        return tuple(sorted(call.node for call in open_calls if call.node is not None))

    def compare(self) -> Mismatch | None:
        """Compare what was started with what is ready. Called at every rest until one is found.

        An exit that is ready and not started may be left out (an open context is another item's
        matter), but not put off: it counts as missing once it has been started late.
        """
        missing = (*self.matcher.ready, *self._delayed)
        self._seen_closing.update(self.matcher.closing_ready)
        if not missing and not self._extra:
            return None
        return Mismatch(missing, tuple(self._extra), self.in_flight_nodes(), at_end=False)

    def _rank_of(self, call: OpenCall) -> int:
        return len(self._rank) if call.node is None else self._rank[call.node]
