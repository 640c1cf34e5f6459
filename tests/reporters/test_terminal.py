"""Facts about the report in a terminal."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

import pytest
from rich.cells import cell_len

from grader.reporters.terminal import render
from grader.verdict import Verdict
from tests.golden.verdicts import STANDARD, all_passed, deadlock, hostile, item, serial, verdict

VERDICTS = [make() for make in STANDARD.values()]
SGR = re.compile("\x1b\\[[0-9]+m")


@pytest.mark.parametrize("graded", VERDICTS, ids=list(STANDARD))
@pytest.mark.parametrize("width", [1, 40, 60, 133])
def test_lines_fit_the_width_except_the_command_to_copy(graded: Verdict, width: int) -> None:
    for unicode in (True, False):
        lines = render(graded, width=width, color=False, unicode=unicode).splitlines()
        too_wide = [line for line in lines if cell_len(line) > max(width, 40)]
        assert all(line.strip() == graded.replay for line in too_wide)


@pytest.mark.parametrize("graded", VERDICTS, ids=list(STANDARD))
def test_text_without_colour_has_no_control_character_but_newline(graded: Verdict) -> None:
    text = render(graded, width=80, color=False, unicode=True)
    assert all(char.isprintable() or char == "\n" for char in text)
    assert text.endswith("\n")


@pytest.mark.parametrize("graded", VERDICTS, ids=list(STANDARD))
def test_colour_changes_nothing_but_colour(graded: Verdict) -> None:
    plain = render(graded, width=80, color=False, unicode=True)
    coloured = render(graded, width=80, color=True, unicode=True)
    assert SGR.search(coloured)
    assert SGR.sub("", coloured) == plain


@pytest.mark.parametrize("graded", VERDICTS, ids=list(STANDARD))
def test_without_unicode_the_text_is_ascii(graded: Verdict) -> None:
    assert render(graded, width=80, color=False, unicode=False).isascii()


def test_a_failed_item_says_what_was_seen_where_what_was_wanted_and_the_next_step() -> None:
    text = render(serial(), width=100, color=False, unicode=True)
    below = text[text.index("✗ failed  overlap") : text.index("✗ failed  time")].splitlines()
    assert [line.strip() for line in below[1:]] == [
        "get_locations() was not started while get_users() was still running.",
        "s.py:5 | users = await get_users()",
        "wanted: both calls are started before the first one is awaited",
        "next step: Start both together: await asyncio.gather(get_users(), get_locations())",
        "in case a",
    ]


def test_marks_are_words_in_both_alphabets() -> None:
    assert "✗ failed        result" in render(deadlock(), width=80, color=False, unicode=True)
    assert "– not assessed  overlap" in render(deadlock(), width=80, color=False, unicode=True)
    ascii_text = render(deadlock(), width=80, color=False, unicode=False)
    assert "[FAIL]  result" in ascii_text
    assert "[ -- ]  overlap" in ascii_text


def test_a_grade_that_is_not_full_says_how_to_go_on() -> None:
    text = render(serial(), width=80, color=False, unicode=True)
    assert "Score: 4 of 10 points" in text
    assert "asyncgrade hint exercise-2" in text
    assert f"\n  {serial().replay}\n" in text


def test_a_full_grade_is_short_and_shows_the_run_only() -> None:
    text = render(all_passed(), width=80, color=False, unicode=True)
    assert "All passed: 10 of 10 points." in text
    assert "Your run (case a): 3 s" in text
    assert not any(word in text for word in ("best schedule", "hint", "same run"))


@pytest.mark.parametrize("graded", VERDICTS, ids=list(STANDARD))
def test_isolation_and_seed_are_always_said(graded: Verdict) -> None:
    text = render(graded, width=100, color=False, unicode=True)
    assert f"isolation: {graded.isolation}" in text
    assert graded.isolation_note in text
    assert f"seed: {graded.seed}" in text


def test_the_best_schedule_is_left_out_when_the_run_was_as_good() -> None:
    graded = all_passed()
    graded = replace(graded, items=(*graded.items, serial().items[-1]))
    assert "The best schedule" not in render(graded, width=80, color=False, unicode=True)


def test_markup_in_student_text_stays_text() -> None:
    assert "[bold]markup[/bold] :smile: <b>&amp;" in render(
        hostile(), width=200, color=True, unicode=True
    )


def test_an_unknown_ending_and_an_empty_rubric_are_no_problem() -> None:
    text = render(verdict((), ending="new_ending"), width=80, color=False, unicode=True)
    assert "the run ended early (new_ending)" in text


def test_a_place_without_a_line_is_not_invented() -> None:
    failed = item("a", "b", serial().items[2].status, 1, "seen", source_line="x = 1")
    text = render(verdict((failed,)), width=80, color=False, unicode=True)
    assert "x = 1" not in text


def test_a_place_is_never_broken_so_that_it_stays_a_link() -> None:
    path = f"/home/ann/{'week-1/' * 12}s.py"
    text = render(replace(serial(), path=path), width=60, color=False, unicode=True)
    assert f"\n    {path}:5 |\n      users = await get_users()\n" in text


def test_only_a_report_imports_rich() -> None:
    code = "import sys, grader.cli.check, grader.reporters.json_report; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "click" in done.stdout.split()
    assert "rich" not in done.stdout.split()
