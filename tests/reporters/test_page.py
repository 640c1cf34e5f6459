"""Facts about text of a fixed width."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from grader.escape import for_terminal
from grader.reporters.page import HEAD_LINES, TAIL_LINES, Page
from grader.reporters.words import to_ascii

lines = st.text(max_size=60).map(lambda text: for_terminal(text).replace("\n", " "))


@given(lines, lines, st.integers(12, 30))
@settings(max_examples=200)
def test_prose_fits_and_loses_nothing_but_blanks(text: str, other: str, width: int) -> None:
    page = Page(width=width, color=False, unicode=True)
    page.prose(f"{text} {'word' * 10} {other}")
    shown = page.text()
    assert all(cell_len(line) <= width for line in shown.splitlines())
    assert "".join(shown.split()) == "".join(f"{text}{'word' * 10}{other}".split())


def test_lines_of_prose_stand_below_the_text_after_the_label() -> None:
    page = Page(width=25, color=False, unicode=True)
    page.prose("日本 two three four", label="日: ", indent=2, right="3/3")
    assert page.text() == "  日: 日本 two three  3/3\n      four\n"


def test_a_label_is_not_wrapped_and_a_long_one_stands_alone_when_it_must() -> None:
    page = Page(width=24, color=False, unicode=True)
    page.prose("fits", label="a long label here: ")
    page.prose("does not fit", label="a long label here: ")
    page.prose("label", label=f"{'far too long':24}: ", indent=1)
    assert page.text().splitlines() == [
        "a long label here: fits",
        "a long label here:",
        "  does not fit",
        f" {'far too long':24}:",
        "   label",
    ]


def test_prose_has_no_blank_where_a_long_word_is_broken() -> None:
    page = Page(width=12, color=False, unicode=True)
    page.prose("ab " + "x" * 24 + " cd")
    assert page.text() == f"ab\n{'x' * 12}\n{'x' * 12}\ncd\n"


def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("NO_COLOR", "1"), ("COLUMNS", "20"), ("TERM", "dumb")):
        monkeypatch.setenv(name, value)
    page = Page(width=60, color=True, unicode=True)
    page.line("x" * 50, "good")
    assert page.text() == f"\x1b[32m{'x' * 50}\x1b[0m\n"
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("FORCE_COLOR", "1")
    page = Page(width=60, color=False, unicode=True)
    page.line("plain", "good")
    assert page.text() == "plain\n"


def test_markup_of_rich_and_names_of_emoji_stay_text() -> None:
    page = Page(width=60, color=True, unicode=True)
    page.prose("[bold]a[/bold] :smile: 'x' 12", label="[red]b[/red] ", right="[i]1[/i]")
    assert page.text() == "[red]b[/red] [bold]a[/bold] :smile: 'x' 12          [i]1[/i]\n"


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
    page = Page(width=24, color=False, unicode=True)
    page.quote("x" * 67)
    assert page.text() == "  | " + "\n  | ".join(["x" * 20] * 3) + "\n  … 7 more characters …\n"
