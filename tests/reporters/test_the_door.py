"""Every reporter passes every text of a verdict through the one door, ``grader/escape.py``.

A verdict is built whose every string is hostile, whatever fields a verdict comes to have, and each
reporter's output is read the way its medium is read. A new module in ``grader/reporters`` fails
here until it is added to REPORTERS, with its media, or to PARTS.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import pkgutil
import re
import shlex
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import Enum
from html.parser import HTMLParser
from itertools import islice
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

import grader.reporters
from grader import escape
from grader.reporters import classroom, json_report, lanes, terminal, words
from grader.reporters.html import class_page, pages, student_page
from grader.verdict import ItemResult, Status, Verdict
from tests.golden.reports import decode
from tests.golden.verdicts import serial
from tests.reporters.class_rows import hostile_row
from tests.test_escape import LIVE_ON_A_SITE, commands, formulas, obeyed

# --- a verdict of hostile strings --------------------------------------------------------------

# Short, because some fields are cut at 60 characters: each comes first in one of the verdicts.
PIECES = (
    *("\x1b[31m", "\x9b5A", "\u202e", "\r", "\x00", "\ud800", "\u200b", "e" + "\u0301" * 9),
    *(
        "\n::set-output name=a::b",
        "::stop-commands::x",
        "##[error]x",
        "x\nFORGED",
        "\n=cmd()",
        "=1+1",
    ),
    *("<script>x</script>", "\" onload='x'", '\' onload="x"', "<!--", "]]>", "&lt;", "\n~~~~~\n"),
    *("```\n# x", "![x](http://x.invalid/b)", "|", "@octocat", " #1 ", "**x**", ":smile:"),
)


class Maker:
    """Makes a value of any type that a verdict is made of; each string is hostile and has a name.

    Numbers grow from field to field, so that points are less than max_points and a start comes
    before its end; or all of them are 0. A tuple holds one element for each status.
    """

    def __init__(self, turn: int, statuses: tuple[Status, ...], *, zeros: bool = False) -> None:
        self.pieces = PIECES[turn % len(PIECES) :] + PIECES[: turn % len(PIECES)]
        self.statuses = statuses
        self.step = 0 if zeros else 1
        self.number = 0

    def make(self, wanted: typing.Any, name: str, turn: int = 0) -> typing.Any:
        arguments = typing.get_args(wanted)
        if wanted is str:
            return self.pieces[0] + f"({name})" + "".join(self.pieces[1:])
        if wanted is bool:
            return True
        if wanted is int:
            self.number += self.step
            return self.number
        if typing.get_origin(wanted) in (typing.Union, types.UnionType):
            return self.make(next(each for each in arguments if each is not type(None)), name)
        if typing.get_origin(wanted) is tuple and arguments[1:] == (...,):
            turns = range(len(self.statuses))
            return tuple(self.make(arguments[0], f"{name}[{turn}]", turn) for turn in turns)
        if isinstance(wanted, type) and issubclass(wanted, Enum):
            return self.statuses[turn] if wanted is Status else next(iter(wanted))
        if dataclasses.is_dataclass(wanted) and isinstance(wanted, type):
            hints = typing.get_type_hints(wanted)
            fields = [field.name for field in dataclasses.fields(wanted)]
            return wanted(**{field: self.make(hints[field], field, turn) for field in fields})
        raise TypeError(f"{name} is of a type that this test can't make yet: {wanted}")


def hostile_verdicts() -> Iterator[Verdict]:
    every = (Status.FAILED, Status.NOT_ASSESSED, Status.PASSED)
    for turn in range(len(PIECES)):
        yield Maker(turn, every).make(Verdict, "verdict")
        yield Maker(turn, (Status.NOT_ASSESSED,)).make(Verdict, "verdict")  # it has other advice
        yield Maker(turn, every, zeros=True).make(Verdict, "verdict")  # items of no points


def strings(value: object) -> list[str]:
    """Every string in some data, at any depth."""
    if isinstance(value, str):
        return [value]
    if dataclasses.is_dataclass(value):
        parts = [getattr(value, field.name) for field in dataclasses.fields(value)]
    elif isinstance(value, dict):
        parts = [*value, *value.values()]
    else:
        parts = list(value) if isinstance(value, list | tuple) else []
    return [text for part in parts for text in strings(part)]


# --- media: what must not occur in each ----------------------------------------------------------


def visible(text: str) -> list[str]:
    """Lines of visible characters."""
    hidden = re.findall("[^\n]{0,30}[^\n -~]", text)
    problems = [found for found in hidden if not found[-1].isprintable()]
    return problems + re.findall("\u0301{5,}", text)


def plain(text: str) -> list[str]:
    """A report in lines: none of them begins with what a field says."""
    return visible(text) + [line for line in text.split("\n") if line.lstrip()[:6] == "FORGED"]


def log(text: str) -> list[str]:
    """The log of a job: nothing in it is a command."""
    return plain(text) + commands(text)


def workflow(text: str) -> list[str]:
    """The log of a job with commands of the reporter's own: annotations and groups."""
    known = {"error", "warning", "notice", "debug", "group", "endgroup"}
    keys = {"file", "line", "endLine", "col", "endColumn", "title"}
    problems = plain(text)
    for line in commands(text):
        command = obeyed(line)
        if command is None or command[0] not in known or not set(command[1]) <= keys:
            problems.append(line)
    return problems


def json_text(text: str) -> list[str]:
    """JSON for programs: ASCII, valid Unicode; what it says is the student's own."""
    problems = [] if text.isascii() else ["not ASCII"]
    for found in strings(json.loads(text)):
        try:
            found.encode("utf-8")
        except UnicodeEncodeError:
            problems.append(ascii(found[:60]))
    return problems


class _Html(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.problems: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if tag == "script" or any(name.startswith("on") for name in names):
            self.problems.append(f"<{tag} {names}>")

    def handle_comment(self, data: str) -> None:
        if any(piece.strip("\n") in data for piece in PIECES if len(piece) > 4):
            self.problems.append(f"<!--{data[:60]}")


def html(text: str) -> list[str]:
    """A page: no script, no handler, no comment that swallows the rest."""
    return visible(text) + _Html(text).problems


def markdown(text: str) -> list[str]:
    """Markdown on a site: no picture or link of a student's, no HTML, nothing that comes alive."""
    problems = visible(text)
    for block in MarkdownIt("gfm-like", {"linkify": False}).parse(text):
        if block.type == "html_block":
            problems += _Html(block.content).problems
        for token in block.children or []:
            if token.type == "html_inline":
                problems += _Html(token.content).problems
            elif token.type == "image" or "x.invalid" in str(token.attrs):
                problems.append(str(token.attrs))
            elif token.type == "text" and LIVE_ON_A_SITE.search(token.content):
                problems.append(token.content[:60])
        if block.type == "heading_open" and block.markup == "#" and block.tag == "h1":
            problems += ["a heading"] if re.search("^# x", text, re.MULTILINE) else []
    return problems


def csv_text(text: str) -> list[str]:
    """A table of grades: no cell is a formula, no row is forged."""
    try:
        rows = list(csv.reader(io.StringIO(text, newline="")))
        problems = formulas(text)
    except csv.Error as error:
        return [str(error)]
    problems += [found for row in rows for cell in row for found in visible(cell)]
    widths = {len(row) for row in rows}
    return problems + ([f"rows of {widths} cells"] if len(widths) > 1 else [])


def xml(text: str) -> list[str]:
    """XML: well formed, and no element of a student's."""
    try:
        root = ElementTree.fromstring(text.encode("utf-8", "surrogatepass"))
    except ElementTree.ParseError as error:
        return [str(error)]
    problems = ["<script>"] if list(root.iter("script")) else []
    for element in root.iter():
        problems += [name for name in element.attrib if name.startswith("on")]
        for shown in (element.text or "", element.tail or "", *element.attrib.values()):
            problems += visible(shown)
    return problems


Medium = Callable[[str], list[str]]

# --- the reporters -------------------------------------------------------------------------------


def _terminal(verdict: Verdict) -> Iterator[tuple[Medium, str]]:
    for unicode in (True, False):
        # So wide that no word of a field begins a line because a line was broken.
        yield plain, terminal.render(verdict, width=1_500, color=False, unicode=unicode)
    yield visible, terminal.render(verdict, width=60, color=False, unicode=True)
    colored = terminal.render(verdict, width=60, color=True, unicode=True)
    yield visible, re.sub("\x1b\\[[0-9;]+m", "", colored)


def _json_report(verdict: Verdict) -> Iterator[tuple[Medium, str]]:
    yield json_text, json_report.render(verdict)


def _classroom(verdict: Verdict) -> Iterator[tuple[Medium, str]]:
    yield log, classroom.job_log(verdict)
    for line in classroom.github_output(verdict).splitlines():
        name, _, encoded = line.partition("=")
        assert re.fullmatch("result[A-Za-z0-9_]*", name)
        for text in strings(decode(encoded)):
            yield log, text


def _html(verdict: Verdict) -> Iterator[tuple[Medium, str]]:
    text = verdict.output
    rows = [hostile_row(verdict, text)]
    for page in (
        student_page.render(verdict, text, rows[0].standing),
        "".join(class_page.render(text, text, rows, {text: text})),
    ):
        ours = f"<script>{(pages.HERE / 'page.js').read_text(encoding='utf-8')}</script>"
        assert page.count(ours) == 1
        yield html, page.replace(ours, "")


REPORTERS: dict[str, Callable[[Verdict], Iterator[tuple[Medium, str]]]] = {
    "terminal": _terminal,
    "json_report": _json_report,
    "classroom": _classroom,
    "html": _html,
}
PARTS = {"lanes", "page", "words"}  # what reporters are made of; they are tested through them


def modules() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(grader.reporters.__path__))


def leaks(render: Callable[[Verdict], Iterator[tuple[Medium, str]]]) -> Iterator[str]:
    """What a reporter shows that its medium forbids."""
    for verdict in hostile_verdicts():
        for medium, text in render(verdict):
            for problem in medium(text):
                yield f"{medium.__name__}: {problem!a}"


@pytest.mark.parametrize("module", modules())
def test_a_reporter_lets_nothing_through(module: str) -> None:
    if module in PARTS:
        return
    assert module in REPORTERS, (
        f"grader/reporters/{module}.py is new to this test: add what it renders, and in which "
        "medium, to REPORTERS; or its name to PARTS if it renders no verdict"
    )
    assert list(islice(leaks(REPORTERS[module]), 5)) == []


@pytest.mark.parametrize("unicode", [True, False])
def test_a_command_to_paste_stays_one_command(unicode: bool) -> None:
    # Curly quotation marks become straight ones in ASCII prose; in a command they would end a word.
    words_of_command = ["asyncgrade", "check", "x", "a\u2019; touch b #\u2018.py", "--seed", "0"]
    verdict = replace(serial(), replay=shlex.join(words_of_command))
    report = terminal.render(verdict, width=200, color=False, unicode=unicode)
    line = next(line for line in report.splitlines() if "touch" in line)
    assert len(shlex.split(line)) == len(words_of_command)


def test_a_part_renders_no_verdict() -> None:
    assert set(modules()) >= PARTS | set(REPORTERS)
    for name in PARTS:
        module = __import__(f"grader.reporters.{name}", fromlist=[name])
        assert not hasattr(module, "render"), f"{name} renders: it belongs in REPORTERS"


# --- the test itself can fail --------------------------------------------------------------------


def test_every_string_of_a_verdict_is_hostile_and_the_numbers_make_sense() -> None:
    verdict = next(hostile_verdicts())
    found = strings(verdict)
    assert len(found) > 50
    items = [text for item in verdict.items for text in strings(item) if text not in list(Status)]
    assert len(items) == 3 * (len(dataclasses.fields(ItemResult)) - 4)  # numbers and the status
    for text in found:
        assert text in list(Status) or all(piece in text for piece in PIECES)
    assert all(0 < item.points < item.max_points for item in verdict.items)
    assert verdict.error is not None
    assert verdict.timeline is not None
    assert all(call.start_us < (call.end_us or 0) for call in verdict.timeline.calls)


def test_a_new_field_becomes_hostile_by_itself() -> None:
    @dataclasses.dataclass(frozen=True)
    class Wider(Verdict):
        email: str | None = None
        tags: tuple[str, ...] = ()

    globals()["Wider"] = Wider
    wider = Maker(0, (Status.FAILED,)).make(Wider, "verdict")
    assert all("\x1b" in text for text in (wider.email, *wider.tags))


def _row(*cells: str) -> str:
    table = io.StringIO()
    csv.writer(table).writerow(cell.replace("\0", "") for cell in cells)  # 3.10 refuses a NUL
    return table.getvalue()


# For each medium: how a reporter might write a field into it, and the door it should have used.
WRITERS: dict[Medium, tuple[Callable[[str], str], Callable[[str], str]]] = {
    plain: (lambda text: f"title: {text}\n", lambda text: escape.one_line(text, 200)),
    log: (lambda text: f"{text}\n", escape.for_log),
    workflow: (lambda text: f"::error title=x::{text}\n", escape.for_workflow_data),
    json_text: (lambda text: json.dumps({"title": text}), escape.for_json),
    html: (lambda text: f'<p title="{text}">{text}</p>', escape.for_html),
    markdown: (lambda text: f"## Score\n\n- {text}\n", escape.for_markdown),
    csv_text: (lambda text: _row("name", text), escape.for_csv),
    xml: (lambda text: f'<a b="{text}">{text}</a>', escape.for_xml),
}


def _writes(medium: Medium, door: Callable[[str], str]) -> Iterator[str]:
    """The leaks of a tiny reporter that shows one field."""
    write = WRITERS[medium][0]
    return leaks(lambda verdict: iter([(medium, write(door(verdict.output)))]))


@pytest.mark.parametrize("medium", WRITERS, ids=lambda medium: medium.__name__)
def test_a_reporter_that_leaves_the_door_out_is_caught(medium: Medium) -> None:
    assert len(list(_writes(medium, str))) >= len(PIECES)


@pytest.mark.parametrize(
    "medium", [log, workflow, html, markdown, csv_text, xml], ids=lambda medium: medium.__name__
)
def test_a_reporter_that_takes_the_door_of_a_terminal_is_caught(medium: Medium) -> None:
    assert any(_writes(medium, escape.for_terminal))


@pytest.mark.parametrize("medium", WRITERS, ids=lambda medium: medium.__name__)
def test_a_reporter_that_takes_the_right_door_is_not(medium: Medium) -> None:
    assert list(islice(_writes(medium, WRITERS[medium][1]), 5)) == []


@pytest.mark.parametrize(
    ("module", "door", "open_door"),
    [
        (terminal, "one_line", lambda text, limit: text),
        (words, "one_line", lambda text, limit: text),
        (lanes, "one_line", lambda text, limit: text),
        (terminal, "for_terminal", lambda text, limit: text),
        (classroom, "log_line", lambda text, limit: escape.for_json(text)),
        (classroom, "for_log", lambda text, limit: escape.for_json(text)),
        (json_report, "for_json", lambda text: text),
    ],
)
def test_a_door_left_open_is_noticed(
    module: types.ModuleType,
    door: str,
    open_door: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = module.__name__.rpartition(".")[2]
    monkeypatch.setattr(module, door, open_door)
    assert any(leaks(REPORTERS.get(name, _terminal)))
