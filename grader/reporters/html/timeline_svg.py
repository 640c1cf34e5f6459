"""Where the bars of a timeline stand: a run above the best schedule, on one scale.

Pure geometry and words; ``templates/timeline.jinja`` draws them. Across, everything is in per cent
of the picture, so that zooming is a matter of its width and no text is ever stretched.
"""

from __future__ import annotations

from dataclasses import dataclass

from grader.escape import one_line
from grader.reporters.words import OUTCOMES, outcome, same_times, seconds
from grader.verdict import Timeline, TimelineCall

MAX_LANES = 24
MAX_TICKS = 6
ROW, HEAD, AXIS = 30, 36, 26  # heights in px; style.css gives the names beside them the same
_TICK_SIGNS = 30  # characters that the times below a narrow picture may take

_SHORT = {
    "ok": "{}",
    "raised": "raised after {}",
    "cancelled": "cancelled after {}",
    "refused": "refused",
    "open": "still running",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One call: where it stands, what stands beside it, and what a table says of it."""

    name: str
    line: int | None
    y: int
    x: str
    width: str
    kind: str  # the class of its look: an outcome, or "critical"
    text: str
    text_x: str
    side: str  # where the text stands: "after" the bar, "before" or "inside" it
    start: str
    end: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One timeline of a picture."""

    title: str
    takes: str
    y: int
    bars: tuple[Bar, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class Tick:
    x: str
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A run, and the best schedule below it when the two differ."""

    panels: tuple[Panel, ...]
    ticks: tuple[Tick, ...]
    height: int
    best_x: str  # where the best schedule ends, "" when the run is not longer
    late_width: str  # from there to the end of the run, "" likewise
    more: str  # how much longer the run takes than the best schedule, "" likewise
    kinds: frozenset[str]


def picture(run: Timeline | None, best: Timeline | None, *, whose: str) -> Picture | None:
    """Lay out a run over the best schedule; None when there is no call to draw."""
    if run is None or not run.calls:
        return None
    pictured = [(whose, run)]
    if best is not None and not same_times(best, run):
        pictured.append(("Best schedule", best))
    scale_us = max(1, *(timeline.makespan_us for _, timeline in pictured))
    panels: list[Panel] = []
    y = 0
    for title, timeline in pictured:
        panels.append(_panel(title, timeline, y, scale_us))
        y += HEAD + ROW * (len(panels[-1].bars) + bool(panels[-1].left_out))
    longer_us = run.makespan_us - best.makespan_us if best is not None else 0
    best_us = best.makespan_us if best is not None and longer_us > 0 else None
    return Picture(
        panels=tuple(panels),
        ticks=tuple(_ticks(scale_us)),
        height=y + AXIS,
        best_x="" if best_us is None else _percent(best_us, scale_us),
        late_width="" if best_us is None else _percent(longer_us, scale_us),
        more=f"{seconds(longer_us)} s" if longer_us > 0 else "",
        kinds=frozenset(bar.kind for panel in panels for bar in panel.bars),
    )


def _panel(title: str, timeline: Timeline, y: int, scale_us: int) -> Panel:
    bars = tuple(
        _bar(call, timeline.makespan_us, scale_us, y + HEAD + ROW * row)
        for row, call in enumerate(timeline.calls[:MAX_LANES])
    )
    takes = f"{seconds(timeline.makespan_us)} s"
    return Panel(title, takes, y, bars, len(timeline.calls) - len(bars))


def _bar(call: TimelineCall, makespan_us: int, scale_us: int, y: int) -> Bar:
    became = outcome(call)
    end_us = makespan_us if call.end_us is None else call.end_us
    first, last = call.start_us * 100 / scale_us, min(end_us * 100 / scale_us, 100)
    side = "after" if last <= 60 else "before" if first >= 45 else "inside"
    takes = f"{seconds(max(end_us - call.start_us, 0))} s"
    args = ", ".join(one_line(arg, 60) for arg in call.args)
    return Bar(
        name=one_line(f"{one_line(call.service, 60)}({args})", 120),
        line=call.line,
        y=y,
        x=_number(first),
        width=_number(max(last - first, 0.5)),
        kind="critical" if call.critical and became == "ok" else became,
        text=_SHORT[became].format(takes),
        text_x=_number(last if side == "after" else first),
        side=side,
        start=f"{seconds(call.start_us)} s",
        end="–" if call.end_us is None else f"{seconds(call.end_us)} s",
        outcome=OUTCOMES[became] + (", decides the time" if call.critical else ""),
    )


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _percent(time_us: int, scale_us: int) -> str:
    return _number(time_us * 100 / scale_us)


def _ticks(scale_us: int) -> list[Tick]:
    step = _step(scale_us)
    return [
        Tick(
            _percent(time_us, scale_us),
            f"{seconds(time_us)} s",
            "start" if time_us == 0 else "end" if scale_us - time_us < step / 2 else "middle",
        )
        for time_us in range(0, scale_us + 1, step)
    ]


def _step(scale_us: int) -> int:
    """Microseconds between two ticks: 1, 2 or 5 times a power of ten, few enough to read."""
    power = 1
    while True:
        for step in (power, 2 * power, 5 * power):
            signs = max(len(seconds(step)), len(seconds(scale_us))) + 2
            if scale_us <= step * min(MAX_TICKS, max(2, _TICK_SIGNS // signs)):
                return step
        power *= 10
