"""Facts about text of a fixed width."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from grader.escape import for_terminal
from grader.reporters.page import HEAD_LINES, TAIL_LINES, Page, cells, fit, pad, to_ascii, wrap

lines = st.text(max_size=60).map(lambda text: for_terminal(text).replace("\n", " "))


@given(lines, st.integers(2, 30))
@settings(max_examples=200, deadline=None)
def test_wrapped_lines_fit_and_lose_nothing_but_blanks(text: str, width: int) -> None:
    wrapped = wrap(text, width)
    assert all(cells(line) <= width for line in wrapped)
    assert "".join("".join(wrapped).split()) == "".join(text.split())


@given(lines, st.integers(2, 30))
@settings(max_examples=200, deadline=None)
def test_a_fitted_line_fits(text: str, width: int) -> None:
    assert cells(fit(text, width)) <= width


def test_wide_characters_take_two_cells_and_marks_none() -> None:
    assert cells("日本 e\u0301 ✓") == 8
    assert pad("日", 4) == "日  "
    assert fit("日本語", 5) == "日本…"


def test_ascii_text_has_stand_ins() -> None:
    assert to_ascii("a … “b” – ü") == 'a ... "b" - \\xfc'


def test_a_long_quotation_keeps_its_ends_and_counts_the_rest() -> None:
    page = Page(width=40, color=False, unicode=False)
    page.quote("\n".join(map(str, range(100))))
    shown = page.text().splitlines()
    assert len(shown) == HEAD_LINES + 1 + TAIL_LINES
    assert shown[HEAD_LINES] == "  ... 75 lines are left out here ..."
    assert shown[-1] == "  | 99"


def test_a_long_line_of_a_quotation_takes_three_rows_and_counts_the_rest() -> None:
    page = Page(width=14, color=False, unicode=True)
    page.quote("x" * 37)
    assert page.text() == "  | " + "\n  | ".join(["x" * 10] * 3) + "\n  … 7 more characters …\n"
