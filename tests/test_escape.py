"""Facts about the one door for student text."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.escape import for_json, for_log, for_terminal, log_line, one_line
from tests.golden.verdicts import HOSTILE

_PIECES = [
    *("\x1b", "\x1b[", "\x1b[31m", "\x1b]8;;", "\x1b\\", "\x07", "\x9b", "\x9d", "\x90", "\x9c"),
    *("::", ":", "##[", "#", "[", "]", "error", "set-output name=a::b", "stop-commands", "|"),
    *("\r", "\n", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\t", " ", "\x00"),
    *("\u200b", "\u202e", "\u2066", "\ufeff", "\u00ad", "\u034f", "\ufe0f", "\u3164", "\U000e0041"),
    *(
        "\ud800",
        "\udc00",
        "e",
        "\u0301",
        "\u0336",
        "日",
        "\u00a0",
        "\u3000",
        "😀",
        "\ue000",
        "\x08",
    ),
]
hostile_text = st.lists(st.one_of(st.sampled_from(_PIECES), st.text(max_size=3))).map("".join)


def commands(log: str) -> list[str]:
    """The lines that GitHub's runner could obey, after actions/runner ActionCommand.cs.

    It splits at \\n, \\r\\n and a lone \\r. The new form begins with ``::`` after blanks, the old
    one has ``##[`` anywhere. Stricter than the runner: any name counts as a command, and
    characters that a culture-aware comparison may ignore are taken out first.
    """
    found = []
    for line in re.split("\r\n|\r|\n", log):
        seen = "".join(c for c in line if unicodedata.category(c) not in ("Cc", "Cf", "Cn", "Cs"))
        if seen.lstrip().startswith("::") or "##[" in seen:
            found.append(line)
    return found


@pytest.mark.parametrize(
    "line",
    ["::error::x", "  \t::Set-Output name=a::b", "text ##[error]x", "a\r::debug::", ":\u200b:x"],
)
def test_the_model_of_the_runner_sees_commands(line: str) -> None:
    assert commands(line)


@given(hostile_text)
@settings(max_examples=400, deadline=None)
def test_for_terminal_leaves_lines_of_visible_characters(text: str) -> None:
    shown = for_terminal(text)
    assert all(char.isprintable() or char == "\n" for char in shown)
    assert for_terminal(shown) == shown
    assert "\n" not in one_line(text, 100)
    shown.encode("utf-8")


@given(hostile_text)
@settings(max_examples=400, deadline=None)
def test_no_line_of_a_log_is_a_workflow_command(text: str) -> None:
    log = for_log(text)
    assert commands(log) == []
    assert all(line.startswith("| ") for line in log.splitlines())
    name = log_line(text, 80)
    assert commands(name) == []
    assert len(name.splitlines()) <= 1


@given(hostile_text, st.integers(1, 40))
@settings(max_examples=200, deadline=None)
def test_limits_hold(text: str, limit: int) -> None:
    assert len(for_terminal(text, limit=limit)) <= limit
    assert len(one_line(text, limit)) <= limit


@given(st.text(st.characters(exclude_categories=()), max_size=20))
@settings(max_examples=200, deadline=None)
def test_for_json_is_valid_unicode_and_changes_nothing_else(text: str) -> None:
    clean = for_json(text)
    assert json.loads(json.dumps(clean).encode("utf-8")) == clean
    assert len(clean) == len(text)
    if text.isascii():
        assert clean == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ünï 日本語 😀", "plain ünï 日本語 😀"),
        ("\x1b[1;31mred\x1b[0m \x1b]0;title\x07x \x1b(Bend", "red x end"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\x1b]0;never closed\nb", "a0;never closed\nb"),
        ("\x1b\x1b[m[31m", "[31m"),
        ("\x9b31mred", "red"),
        ("a\rb\r\nc\x0bd\x0ce\x85f\u2028g\u2029h", "a\nb\nc\nd\ne\nf\ng\nh"),
        ("a\x00b\x07c\x7fd\x1be", "abcd"),
        ("gnp\u202e.exe\u2066\u200b\ufeff!", "gnp.exe!"),
        ("\ud83d|\udc00|\ue000", "\ufffd|\ufffd|\ufffd"),
        ("a\u00a0b\u3000c", "a b c"),
        ("\tx = 1", "    x = 1"),
        ("e" + "\u0301" * 500 + "f\u0301", "e" + "\u0301" * 4 + "f\u0301"),
    ],
)
def test_for_terminal(text: str, shown: str) -> None:
    assert for_terminal(text) == shown


def test_a_cut_text_says_so() -> None:
    assert for_terminal("abcdef", limit=4) == "abc…"
    assert one_line("abcdef", 4) == "abc…"
    assert for_log("abcdef", limit=4) == "| abc…"


def test_one_line_joins_lines_with_blanks() -> None:
    assert one_line("  first\r\n\n   second\u2028third  ", 50) == "first second third"


def test_for_log_prefixes_every_line_and_breaks_the_old_form() -> None:
    assert for_log("::error::x\n ##[error]y ###[z]\n") == "| ::error::x\n|  # #[error]y ## #[z]"
    assert for_log("") == "| "


def test_log_line_has_no_command_at_its_beginning() -> None:
    assert log_line("::error::x ##[y]", 40) == "error::x # #[y]"


@pytest.mark.parametrize(
    "piece", ["\x1b]", "\x9d", "\x1b[", "\x9b0", "\x90a", "\x1b]a\x1b", HOSTILE]
)
def test_hostile_text_takes_linear_time(piece: str) -> None:
    # A quadratic search would need more than 10**10 steps here, and never come back.
    assert len(for_terminal(piece * (300_000 // len(piece)))) <= 20_000
