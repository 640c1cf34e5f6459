"""A picture of a run in characters: one lane a call, in plan order, over virtual time.

Pure: a timeline goes in, lines come out. Nothing here knows of rubrics, colours or terminals.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from grader.escape import one_line
from grader.reporters.words import OUTCOMES, outcome, seconds, to_ascii
from grader.verdict import Timeline, TimelineCall

MAX_LANES = 24
MAX_TICKS = 8
_GAP = 2  # blanks between a label and its lane


@dataclass(frozen=True, slots=True)
class _Pen:
    """The characters of a picture. ``ends`` maps an outcome to the last character of its bar."""

    run: str
    critical: str
    open: str
    ends: dict[str, str]
    rule: str
    tick: str


_UNICODE = _Pen(
    "━", "█", "┄", {"ok": "┫", "raised": "╳", "cancelled": "○", "refused": "?"}, "─", "┬"
)
_ASCII = _Pen("=", "#", ".", {"ok": "|", "raised": "x", "cancelled": "c", "refused": "?"}, "-", "+")

_MEANINGS = OUTCOMES | {"ok": "runs, then ends"}  # of a sign, not of a call


def draw(
    timeline: Timeline, *, width: int, unicode: bool, beside: Timeline | None = None
) -> list[str]:
    """Draw the calls and a time axis in lines of at most ``width`` cells (at least 30).

    ``beside`` is a timeline that is drawn too: both pictures then have one scale and one margin.
    At most MAX_LANES calls are drawn; a last line says how many more there are.
    """
    pen = _UNICODE if unicode else _ASCII
    both = (timeline, beside or timeline)
    scale_us = max(1, *(each.makespan_us for each in both))
    room = max(12, width * 2 // 5)
    margin = _GAP + max(
        (cell_len(_label(call, room, unicode)) for each in both for call in each.calls[:MAX_LANES]),
        default=0,
    )
    lane = width - margin
    lines = [
        set_cell_size(_label(call, room, unicode), margin)
        + _bar(call, timeline.makespan_us, scale_us, lane, pen)
        for call in timeline.calls[:MAX_LANES]
    ]
    lines += [(" " * margin + line).rstrip() for line in _axis(scale_us, lane, pen)]
    more = len(timeline.calls) - MAX_LANES
    if more > 0:
        lines.append(f"and {more} more {'call' if more == 1 else 'calls'} that are not drawn")
    return lines


def legend(timelines: Iterable[Timeline], *, unicode: bool) -> list[str]:
    """Say in words what the characters that occur in these pictures mean, one line a sign."""
    pen = _UNICODE if unicode else _ASCII
    calls = [call for timeline in timelines for call in timeline.calls[:MAX_LANES]]
    lines = []
    for became, meaning in _MEANINGS.items():
        if any(outcome(call) == became and not _solid(call) for call in calls):
            lines.append(f"{_sign(became, pen)} {meaning}")
    if any(map(_solid, calls)):
        lines.append(f"{pen.critical * 3} one of the calls that decide how long all of it takes")
    return lines


def _label(call: TimelineCall, room: int, unicode: bool) -> str:
    args = ", ".join(one_line(arg, 80) for arg in call.args)
    text = f"{one_line(call.service, 80)}({args})"
    suffix = f"  line {call.line}" if call.line is not None else ""
    left = max(room - len(suffix), 0)
    if not unicode:
        text = to_ascii(text)
    if cell_len(text) > left:
        ellipsis = "…" if unicode else "..."
        text = set_cell_size(text, max(left - len(ellipsis), 0)) + ellipsis
    return set_cell_size(text + suffix, room).rstrip()


def _solid(call: TimelineCall) -> bool:
    return call.critical and outcome(call) == "ok"


def _sign(became: str, pen: _Pen) -> str:
    return pen.open * 3 if became == "open" else pen.run * 2 + pen.ends[became]


def _column(time_us: int, scale_us: int, lane: int) -> int:
    """The column of an instant, rounded the same way for starts and ends: no false overlap."""
    return (2 * time_us * lane + scale_us) // (2 * scale_us)


def _bar(call: TimelineCall, makespan_us: int, scale_us: int, lane: int, pen: _Pen) -> str:
    became = outcome(call)
    end_us = makespan_us if call.end_us is None else call.end_us
    start = min(_column(call.start_us, scale_us, lane), lane - 1)
    length = max(min(_column(end_us, scale_us, lane), lane) - start, 1)
    if became == "open":
        bar = pen.open * length
    elif _solid(call):
        bar = pen.critical * length
    else:
        bar = pen.run * (length - 1) + pen.ends[became]
    return " " * start + bar


def _axis(scale_us: int, lane: int, pen: _Pen) -> Iterator[str]:
    """The rule with its ticks, and the seconds below it."""
    rule = [pen.rule] * lane
    names = ""
    for time_us in range(0, scale_us + 1, _step(scale_us, lane)):
        column = min(_column(time_us, scale_us, lane), lane - 1)
        rule[column] = pen.tick
        name = f"{seconds(time_us)} s"
        column = min(column, lane - len(name))
        if not names or column > len(names):
            names = names.ljust(column) + name
    yield "".join(rule)
    yield names


def _step(scale_us: int, lane: int) -> int:
    """Microseconds between two ticks: 1, 2 or 5 times a power of ten, far enough apart to read."""
    power = 1
    while True:
        for step in (power, 2 * power, 5 * power):
            apart = max(len(seconds(step)), len(seconds(scale_us))) + 5
            if step * lane >= apart * scale_us and step * MAX_TICKS >= scale_us:
                return step
        power *= 10
