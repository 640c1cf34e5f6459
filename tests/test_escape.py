"""Facts about the one door for student text."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable
from html.parser import HTMLParser
from importlib.util import find_spec
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from grader.escape import (
    for_csv,
    for_html,
    for_json,
    for_log,
    for_markdown,
    for_shell,
    for_terminal,
    for_workflow_data,
    for_workflow_property,
    for_xml,
    log_line,
    markdown_fence,
    one_line,
    source_lines,
)
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
    *("<script>", "</p>", "<!--", "-->", "]]>", "<![CDATA[", "&lt;", "&#64;", "&", "'", '"', "`"),
    *("# ", "- ", "1. ", "1) ", "> ", "```", "~~~", "---", "===", "**", "_", "~", "\\", "    "),
    *(
        "![x](http://x.invalid/b.png)",
        "[a]: http://x.invalid",
        "[^1]",
        "[ ] ",
        "<http://x.invalid>",
    ),
    *("@octocat", "#1", "GH-1", "/issues/1", ":smile:", "$x$", "a@b.invalid", "deadbeef0", "!1"),
    *("http://x.invalid", "www.x.invalid", "mailto:a@b.invalid", ":-:", "=cmd()", "=", "+1", "-1"),
    *("@SUM(A1)", ";", ",", "\uff1d1", "\uff20x", "%0A", "%", "%25", "\ufffe", "\uffff"),
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
@settings(max_examples=400)
def test_for_terminal_leaves_lines_of_visible_characters(text: str) -> None:
    shown = for_terminal(text)
    assert all(char.isprintable() or char == "\n" for char in shown)
    assert for_terminal(shown) == shown
    assert "\n" not in one_line(text, 100)
    shown.encode("utf-8")


@given(hostile_text)
@settings(max_examples=400)
def test_no_line_of_a_log_is_a_workflow_command(text: str) -> None:
    log = for_log(text)
    assert commands(log) == []
    assert all(line.startswith("| ") for line in log.splitlines())
    name = log_line(text, 80)
    assert commands(name) == []
    assert len(name.splitlines()) <= 1


@given(hostile_text, st.integers(1, 40))
@settings(max_examples=200)
def test_limits_hold(text: str, limit: int) -> None:
    assert len(for_terminal(text, limit=limit)) <= limit
    assert len(one_line(text, limit)) <= limit


@given(st.text(st.characters(exclude_categories=()), max_size=20))
@settings(max_examples=200)
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


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("a", ["a"]),
        ("a\nb\n", ["a", "b"]),
        ("a\r\nb\rc\n\nd", ["a", "b", "c", "", "d"]),
        ("a\x0c\nb\x0b\x1c\x85\u2028\u2029c\n", ["a\x0c", "b\x0b\x1c\x85\u2028\u2029c"]),
    ],
)
def test_lines_of_a_program_are_those_that_python_counts(text: str, lines: list[str]) -> None:
    assert source_lines(text) == lines


def test_log_line_has_no_command_at_its_beginning() -> None:
    assert log_line("::error::x ##[y]", 40) == "error::x # #[y]"


# --- HTML and XML ----------------------------------------------------------------------------


class _Events(HTMLParser):
    """What a browser would make of a text: tags, attributes and runs of text, in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[object] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        self.seen.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.seen.append({"text": data})

    def handle_comment(self, data: str) -> None:
        self.seen.append("comment")

    def handle_decl(self, decl: str) -> None:
        self.seen.append("declaration")

    def handle_pi(self, data: str) -> None:
        self.seen.append("instruction")


@given(hostile_text)
@settings(max_examples=300)
def test_html_is_one_text_and_one_attribute(text: str) -> None:
    clean, shown = for_terminal(text), for_html(text)
    page = _Events(f"<p title=\"{shown}\" lang='{shown}'>{shown}</p>")
    attributes = [("title", clean), ("lang", clean)]
    assert page.seen == [("p", attributes), *([{"text": clean}] if clean else []), "/p"]


@given(st.one_of(hostile_text, st.text(st.characters(exclude_categories=()))))
@settings(max_examples=300)
def test_xml_is_legal_and_gives_the_text_back(text: str) -> None:
    clean, shown = for_terminal(text), for_xml(text)
    found = ElementTree.fromstring(f"<p a=\"{shown}\" b='{shown}'>{shown}</p>".encode())
    assert (found.text or "", found.attrib) == (clean, {"a": clean, "b": clean})
    written = ElementTree.Element("p", a=clean)
    written.text = clean
    again = ElementTree.fromstring(ElementTree.tostring(written, encoding="utf-8"))
    assert (again.text or "", again.attrib) == (clean, {"a": clean})


# --- Markdown --------------------------------------------------------------------------------

# What sites look for in each text node of the finished page, after GitHub Desktop's copies of
# GitHub's filters (app/src/lib/markdown-filters) and cmark-gfm's autolink.c.
LIVE_ON_A_SITE = re.compile(
    r"(?:^|[^a-z0-9_`])@[a-z0-9]|#[0-9]|\bgh-[0-9]|/(?:issues|pull|discussions)/[0-9]"
    r"|:[a-z0-9_+-]+:|\b[0-9a-f]{7,40}\b|(?:https?|ftp)://|\bwww\.|\S@\S+\.\S|\$[^$]+\$"
    r"|(?:^|\W)[!~%&][a-z0-9]",
    re.IGNORECASE,
)
# With linkify-it-py installed, bare domains become links too.
RENDERER = MarkdownIt("gfm-like", {"linkify": find_spec("linkify_it") is not None})


def text_of(inline: Token) -> str:
    """The text of a rendered block, which holds nothing but text and bare <span>s."""
    words = []
    for token in inline.children or []:
        if token.type == "html_inline":
            assert token.content in ("<span>", "</span>")
        elif token.type == "softbreak":
            words.append("\n")
        else:
            assert token.type == "text"
            assert not LIVE_ON_A_SITE.search(token.content)
            words.append(token.content)
    return "".join(words)


@pytest.mark.parametrize(
    ("around", "blocks"),
    [
        ("{}", "p"),
        ("before\n{}", "p"),
        ("# {}", "h1"),
        ("- {}", "ul li p"),
        ("| a | b |\n|---|---|\n| {} | end |", "table thead tr th th tbody tr td td"),
    ],
)
@given(text=hostile_text)
@settings(max_examples=150)
def test_markdown_is_plain_words_wherever_a_line_may_stand(
    around: str, blocks: str, text: str
) -> None:
    clean = one_line(text, 2_000)
    tokens = RENDERER.parse(around.format(for_markdown(text)))
    if clean or "|" in around:
        assert [token.tag for token in tokens if token.nesting == 1] == blocks.split()
    shown = [text_of(token) for token in tokens if token.type == "inline"]
    if "|" in around:
        assert shown == ["a", "b", clean, "end"]
    elif clean:
        assert "".join(shown).removeprefix("before\n") == clean


@pytest.mark.parametrize("text", ["@octocat", "see #1", ":smile:", "a $x$ b", "www.x", "GH-1"])
def test_the_model_of_a_site_sees_what_comes_alive(text: str) -> None:
    assert LIVE_ON_A_SITE.search(text)


def test_markdown_of_usual_words_stays_readable() -> None:
    assert for_markdown("the two calls overlap, in 2 s") == "the two calls overlap, in 2 s"
    assert for_markdown("f_x() - [1]\n2.") == "f&#95;x() - &#91;1&#93; 2."
    assert for_markdown("@a | #1") == "<span>&#64;</span>a &#124; <span>&#35;</span>1"


@given(hostile_text)
@settings(max_examples=200)
def test_a_fence_holds_all_of_a_text_as_code(text: str) -> None:
    tokens = RENDERER.parse(f"before\n{markdown_fence(text)}after")
    assert [token.type for token in tokens[2:-2]] == ["paragraph_close", "fence", "paragraph_open"]
    assert tokens[3].content == for_terminal(text).rstrip("\n") + "\n"
    assert tokens[3].info == "text"


def test_a_fence_is_longer_than_any_run_of_its_sign() -> None:
    assert markdown_fence("a\n~~~~~\nb\n") == "~~~~~~text\na\n~~~~~\nb\n~~~~~~\n"
    assert markdown_fence("```") == "~~~~text\n```\n~~~~\n"


# --- CSV -------------------------------------------------------------------------------------

_FORMULA_SIGNS = "=+-@\t\r\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212"


def formulas(table: str) -> list[str]:
    """The cells, or lines of cells, that a spreadsheet might calculate.

    Cells are read as csv wrote them and as an Excel does that separates with ";".
    """
    rows = [row for sign in ",;" for row in csv.reader(io.StringIO(table, ""), delimiter=sign)]
    lines = [line for row in rows for cell in row for line in re.split("[\r\n]", cell)]
    return [
        line
        for line in lines
        if line.lstrip(" \"'").startswith(tuple(_FORMULA_SIGNS)) and not line.startswith("'")
    ]


@pytest.mark.parametrize("cell", ["=1", " =1", '"=1', "a\n@x", "a;+1", "\uff1d1", "\t=1"])
def test_the_model_of_a_spreadsheet_sees_formulas(cell: str) -> None:
    table = io.StringIO()
    csv.writer(table).writerow(["x", cell])
    assert formulas(table.getvalue())


@given(st.lists(hostile_text, min_size=1, max_size=4))
@settings(max_examples=400)
def test_no_cell_of_a_csv_file_is_a_formula(texts: list[str]) -> None:
    cells = list(map(for_csv, texts))
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerow(cells)
    assert formulas(table.getvalue()) == []
    assert list(csv.reader(io.StringIO(table.getvalue()))) == [cells]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        (' "=1', "' \"=1"),
        ("\t@x", "'    @x"),
        ("a = b - c", "a = b - c"),
        ("a;=1\n+2", "a;'=1\n'+2"),
        ("\uff1d1", "'\uff1d1"),
        ("", ""),
    ],
)
def test_for_csv(text: str, cell: str) -> None:
    assert for_csv(text) == cell


def test_a_cell_fits_into_a_cell_of_excel() -> None:
    assert len(for_csv(";=" * 100_000)) <= 32_767


# --- commands of our own in a workflow's log ---------------------------------------------------


def obeyed(line: str) -> tuple[str, dict[str, str], str] | None:
    """The command in a line, as actions/runner reads it (ActionCommand.TryParseV2)."""
    line = line.lstrip()
    head, closed, data = line[2:].partition("::")
    if not line.startswith("::") or not closed:
        return None
    name, _, words = head.partition(" ")
    pairs = [word.partition("=") for word in words.strip().split(",") if "=" in word]
    for sign, code in (("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C"), ("%", "%25")):
        pairs = [(key, "=", value.replace(code, sign)) for key, _, value in pairs]
        if sign not in ":,":
            data = data.replace(code, sign)
    return name, {key: value for key, _, value in pairs}, data


@given(hostile_text, hostile_text)
@settings(max_examples=400)
def test_a_workflow_command_says_what_it_was_given_and_no_more(text: str, data: str) -> None:
    value, message = for_workflow_property(text), for_workflow_data(data)
    command = f"::error file={value},title={value}::{message}"
    assert command.splitlines() == [command]
    seen = one_line(text, 1_000).replace("##[", "# #[")
    said = for_terminal(data, limit=4_000).replace("##[", "# #[")
    assert obeyed(command) == ("error", {"file": seen, "title": seen}, said)
    assert "##[" not in command


def test_workflow_escapes_are_those_of_the_toolkit() -> None:
    assert for_workflow_data("100%: a,\r\nb") == "100%25: a,%0Ab"
    assert for_workflow_property("100%: a,\nb") == "100%25%3A a%2C b"


# --- every medium ------------------------------------------------------------------------------

DOORS: list[Callable[[str], str]] = [
    for_terminal,
    for_log,
    for_html,
    for_xml,
    for_markdown,
    markdown_fence,
    for_csv,
    for_workflow_data,
    for_workflow_property,
]


@pytest.mark.parametrize("door", [*DOORS, for_json, for_shell])
@given(text=st.text(st.characters(exclude_categories=())))
@settings(max_examples=100)
def test_no_text_raises(door: Callable[[str], str], text: str) -> None:
    door(text)


@pytest.mark.parametrize("door", DOORS)
@given(text=hostile_text)
@settings(max_examples=100)
def test_every_medium_is_visible_characters_and_lines(
    door: Callable[[str], str], text: str
) -> None:
    assert all(char.isprintable() or char == "\n" for char in door(text))


@pytest.mark.parametrize("door", DOORS)
def test_every_medium_cuts_at_its_limit(door: Callable[..., str]) -> None:
    shown = door("x" * 100, limit=10)
    assert "x" * 9 + "…" in shown
    assert "x" * 10 not in shown


@pytest.mark.parametrize(
    "piece",
    [
        *("\x1b]", "\x9d", "\x1b[", "\x9b0", "\x90a", "\x1b]a\x1b", HOSTILE, "\t", "\n", "\r"),
        *(" ", " ;", '"', "~", "`", "[", "![", "<", "&", "0", "a", "1.", "##[", "%", "e\u0301"),
    ],
)
def test_hostile_text_takes_linear_time(piece: str) -> None:
    # A quadratic search would need 10**12 steps for the first and 10**10 for the second line, and
    # not come back. What follows for_terminal sees no more than the limit.
    text = piece * (1_000_000 // len(piece))
    assert len(for_terminal(text)) <= 20_000
    for door in DOORS:
        door(text[:100_000], limit=100_000)  # type: ignore[call-arg]
