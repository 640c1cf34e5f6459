"""Facts about the picture of a run."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from grader.reporters.lanes import MAX_LANES, draw, legend
from grader.verdict import Timeline, TimelineCall
from tests.golden.verdicts import BEST_2, S, call

SERIAL = Timeline(5 * S, 3 * S, (call("a", 0, 3, 1), call("b", 3, 5, 2)))

_times = st.integers(0, 10**12)


@st.composite
def timelines(draw_: st.DrawFn) -> Timeline:
    calls = []
    for _ in range(draw_(st.integers(0, 30))):
        start, end = sorted((draw_(_times), draw_(_times)))
        outcome = draw_(st.sampled_from(["ok", "raised", "cancelled", "open", "refused", "new"]))
        end_us = None if outcome == "open" else end
        name = draw_(st.text(max_size=40))
        line = draw_(st.none() | st.integers(1, 10**6))
        calls.append(
            TimelineCall(name, (name,), start, end_us, line, outcome, draw_(st.booleans()))
        )
    makespan_us = max([draw_(_times), *(c.end_us or c.start_us for c in calls)])
    return Timeline(makespan_us, None, tuple(calls))


@given(timelines(), timelines(), st.integers(38, 120), st.booleans())
@settings(max_examples=100)
def test_every_line_fits_the_width(
    run: Timeline, other: Timeline, width: int, unicode: bool
) -> None:
    lines = draw(run, width=width, unicode=unicode, beside=other)
    assert all(cell_len(line) <= width for line in lines)
    assert unicode or all(line.isascii() for line in lines)
    assert len(lines) == min(len(run.calls), MAX_LANES) + 2 + (len(run.calls) > MAX_LANES)


def test_calls_one_after_the_other_share_no_column() -> None:
    first, second, *_ = draw(SERIAL, width=60, unicode=False)
    assert len(first) == second.index("=")
    assert cell_len(second) == 60


def test_bars_are_proportional_and_the_axis_is_in_seconds() -> None:
    assert draw(SERIAL, width=63, unicode=False) == [
        "a()  line 1  =============================|",
        "b()  line 2                                ===================|",
        "             +---------+---------+---------+---------+--------+",
        "             0 s       1 s       2 s       3 s       4 s    5 s",
    ]


def test_two_pictures_beside_each_other_have_one_scale() -> None:
    run = draw(SERIAL, width=60, unicode=False, beside=BEST_2)
    best = draw(BEST_2, width=60, unicode=False, beside=SERIAL)
    assert run[-2:] == best[-2:]
    assert len(run[0]) == len(best[0])


def test_each_outcome_has_a_mark_of_its_own_in_both_alphabets() -> None:
    outcomes = ["ok", "raised", "cancelled", "refused"]
    calls = [call("a", 0, 1, outcome=outcome) for outcome in outcomes]
    calls += [call("a", 0, None, outcome="open"), call("a", 0, 1, critical=True)]
    for unicode in (True, False):
        drawn = draw(Timeline(S, S, tuple(calls)), width=40, unicode=unicode)[: len(calls)]
        assert len({line[-1] for line in drawn}) == len(calls)


def test_the_legend_explains_only_what_is_drawn() -> None:
    assert legend([SERIAL], unicode=False) == ["==| runs, then ends"]
    assert legend([Timeline(S, S, (call("a", 0, None, outcome="open"),))], unicode=True) == [
        "┄┄┄ had not ended when the run was over"
    ]


def test_an_instant_at_the_end_of_the_run_is_still_drawn() -> None:
    run = Timeline(S, S, (call("a", 1, 1),))
    assert draw(run, width=40, unicode=False)[0] == "a()" + " " * 36 + "|"


def test_a_run_of_no_time_is_drawn() -> None:
    assert draw(Timeline(0, 0, (call("a", 0, 0),)), width=40, unicode=False)[0] == "a()  |"
