"""The pages as text: their policy, their structure, and what they say and leave out."""

from __future__ import annotations

import base64
import gc
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from grader.reporters.html import class_page, pages, student_page
from grader.reporters.html.class_page import ClassRow
from grader.reporters.html.student_page import Standing
from grader.reporters.html.summary import Summary
from grader.reporters.html.timeline_svg import MAX_LANES, picture
from grader.verdict import StudentError, Timeline, Verdict
from tests.golden import verdicts
from tests.golden.verdicts import S, call, item
from tests.reporters.class_rows import SOURCE, hostile_row, row, small_class
from tests.reporters.test_the_door import PIECES, hostile_verdicts

_OURS = (
    "html head meta title style body svg pattern rect circle line text tspan desc script main "
    "template article header div h1 h2 p span b i small code section ul li dl dt dd pre footer a "
    "figure figcaption details summary table thead tbody tr th td button output nav form label "
    "input select option optgroup"
)
TAGS = set(_OURS.split())


class Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.assets: dict[str, str] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        last = self.tags[-1][0] if self.tags else ""
        if last in ("style", "script") and last not in self.assets:
            self.assets[last] = data
        self.texts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.texts))

    def values(self, name: str) -> list[str]:
        return [attrs[name] for _, attrs in self.tags if name in attrs]

    @property
    def policy(self) -> str:
        return next(a["content"] for _, a in self.tags if "http-equiv" in a)


SAME = (("u1", "u4"), ("u2", "nobody"))


def class_text(rows: Iterator[ClassRow] | list[ClassRow] | None = None) -> str:
    students = small_class() if rows is None else rows
    return "".join(
        class_page.render("Side by side", "exercise-2", students, {"Seed": "kept"}, SAME)
    )


def student_text(verdict: Verdict | None = None, source: str = SOURCE) -> str:
    return student_page.render(verdict or verdicts.serial(), source)


def hostile_pages() -> Iterator[str]:
    for verdict in hostile_verdicts():
        text = verdict.output
        yield student_page.render(verdict, text, Standing(text, text, 1, 1, text, (text,)))
        rows = [hostile_row(verdict, text), hostile_row(replace(verdict, title=""), "x")]
        yield "".join(class_page.render(text, text, rows, {text: text}))


@pytest.fixture(scope="module")
def hostile() -> list[str]:
    return list(hostile_pages())


# --- nothing of a student's comes alive -------------------------------------------------------


def test_hostile_text_adds_no_tag_and_no_attribute(hostile: list[str]) -> None:
    attributes = {
        name
        for text in (
            class_text(),
            *map(student_text, (make() for make in verdicts.STANDARD.values())),
        )
        for _, attrs in Page(text).tags
        for name in attrs
    }
    for text in hostile:
        page = Page(text)
        assert {tag for tag, _ in page.tags} <= TAGS
        assert {name for _, attrs in page.tags for name in attrs} <= attributes
        assert [tag for tag, _ in page.tags].count("script") == 1


def test_links_lead_nowhere_but_into_the_page(hostile: list[str]) -> None:
    for text in [*hostile, class_text(), student_text()]:
        page = Page(text)
        assert [
            link for link in page.values("href") if not re.fullmatch("#[a-zA-Z0-9-]+", link)
        ] == []
        assert not {"src", "action", "style", "srcdoc"} & {n for _, a in page.tags for n in a}


def test_ids_and_filters_hold_no_text_of_a_student(hostile: list[str]) -> None:
    for text in hostile:
        page = Page(text)
        for value in (*page.values("id"), *page.values("data-tags"), *page.values("data-pick")):
            assert re.fullmatch("[a-zA-Z0-9 -]*", value)
        assert len(set(page.values("id"))) == len(page.values("id"))


def test_no_hostile_piece_is_in_the_page_as_it_was_sent(hostile: list[str]) -> None:
    for piece in PIECES:
        if "<" in piece or "\x1b" in piece or "\u202e" in piece or "\u200b" in piece:
            assert [text[:200] for text in hostile if piece in text] == []


def test_a_template_that_forgets_the_door_is_safe_all_the_same() -> None:
    template = pages._environment().from_string('<p title="{{ text }}">{{ text }}</p>')
    assert template.render(text='\x1b[31m<b>"\u202e') == (
        '<p title="&lt;b&gt;&#34;">&lt;b&gt;&#34;</p>'
    )


# --- the policy -------------------------------------------------------------------------------


def _digest(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


@pytest.mark.parametrize("text", [class_text(), student_text()], ids=["class", "student"])
def test_the_policy_allows_this_style_and_this_script_only(text: str) -> None:
    page = Page(text)
    directives = dict(part.split(" ", 1) for part in page.policy.split("; "))
    assert directives == {
        "default-src": "'none'",
        "style-src": _digest(page.assets["style"]),
        "script-src": _digest(page.assets["script"]),
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    tags = [tag for tag, attrs in page.tags if tag in ("style", "script") or "http-equiv" in attrs]
    assert tags == ["meta", "style", "script"]


@pytest.mark.parametrize("name", ["style.css", "page.js"])
def test_what_is_put_into_the_page_is_plain_and_asks_for_nothing(name: str) -> None:
    text = pages._asset(name)
    assert text.isascii()
    assert "</" not in text
    for word in ("innerHTML", "outerHTML", "eval(", "http", "@import", "fetch(", "document.write"):
        assert word not in text


# --- what a student reads ---------------------------------------------------------------------


def test_one_next_step_is_on_top_and_not_said_twice() -> None:
    text = Page(student_text()).text
    hint = "Start both together: await asyncio.gather(get_users(), get_locations())"
    assert text.count(hint) == 1
    assert text.index(hint) < text.index("What was checked")


def test_a_failure_without_advice_says_where_to_start() -> None:
    text = Page(student_text(verdicts.many_calls())).text
    assert "Start here One after the other." in text


def test_a_program_that_passed_is_praised_and_needs_no_best_schedule() -> None:
    text = Page(student_text(verdicts.all_passed())).text
    assert "Everything passed. Well done!" in text
    assert "Next step" not in text
    assert "Best schedule" not in text


def test_the_marked_line_is_the_line_that_python_counts() -> None:
    # A form feed and a line separator end a line for str.splitlines, but not for Python.
    source = "a = 1\r\nb = '\x0c\u2028'\rc = 3\n\nhere = 5\n"
    failed = (item("a", "t", verdicts.FAILED, 1, "seen", line=5),)
    view = _section(verdicts.verdict(failed), source)
    assert [(line.number, line.text) for line in view.source if line.notes] == [(5, "here = 5")]


def test_each_link_to_a_line_has_a_line_to_go_to() -> None:
    for make in verdicts.STANDARD.values():
        page = Page(student_text(make()))
        assert {link[1:] for link in page.values("href")} <= set(page.values("id"))


def test_a_long_source_is_cut_but_not_around_a_marked_line() -> None:
    source = "".join(f"x{number} = 1\n" for number in range(1, 10_001))
    failed = (item("a", "t", verdicts.FAILED, 1, "seen", line=9_000),)
    view = _section(verdicts.verdict(failed), source)
    numbers = [line.number for line in view.source]
    assert numbers[:3] == [1, 2, 3]
    assert {8_997, 9_000, 9_003} <= set(numbers)
    assert sum(line.left_out for line in view.source) + sum(map(bool, numbers)) == 10_000
    assert len(student_text(verdicts.verdict(failed), source)) < 200_000


def test_a_long_output_shows_its_beginning_and_its_end() -> None:
    output = "first\n" + "x" * 100_000 + "\nlast"
    view = _section(replace(verdicts.serial(), output=output))
    assert view.output is not None
    assert view.output.head.startswith("first")
    assert view.output.tail.endswith("last")
    assert len(view.output.head) + view.output.left_out + len(view.output.tail) == len(output)


def test_the_students_own_error_marks_its_line() -> None:
    error = StudentError("TypeError", "no", "Traceback", 5, hint="Look here.")
    view = _section(replace(verdicts.all_passed(), error=error, ending="raised"))
    assert [line.notes for line in view.source if line.notes] == [("TypeError: no",)]
    assert view.step is not None
    assert view.step.text == "Look here."


def test_an_override_a_penalty_and_a_twin_are_said() -> None:
    def remarks(standing: Standing) -> tuple[str, ...]:
        return _section(standing=standing).remarks

    assert remarks(Standing()) == ()
    (override,) = remarks(Standing(final_score=9, override_reason="On paper."))
    assert override == "The rubric gave 4 of 10 points; the score was set by hand: On paper."
    (late,) = remarks(Standing(final_score=2.5, penalty=1.5))
    assert late == "The rubric gave 4 of 10 points; 1.5 taken off for lateness."
    (twin,) = remarks(Standing(same_as=tuple(f"u{n}" for n in range(10))))
    assert "u7 and 2 more." in twin


def _section(
    verdict: Verdict | None = None, source: str = SOURCE, standing: Standing | None = None
) -> student_page.Section:
    limits = student_page.Limits()
    return student_page.section(
        verdict or verdicts.serial(), source, standing or Standing(), prefix="", limits=limits
    )


# --- the picture ------------------------------------------------------------------------------


def test_a_run_and_the_best_schedule_have_one_scale() -> None:
    serial = verdicts.serial()
    drawn = picture(serial.timeline, serial.best, whose="Your run")
    assert drawn is not None
    bars = [[(bar.x, bar.width) for bar in panel.bars] for panel in drawn.panels]
    assert bars == [[("0", "60"), ("60", "40")], [("0", "60"), ("0", "40")]]
    assert (drawn.best_x, drawn.late_width, drawn.more) == ("60", "40", "2 s")
    assert [tick.text for tick in drawn.ticks] == ["0 s", "1 s", "2 s", "3 s", "4 s", "5 s"]


def test_each_outcome_is_told_by_a_word_and_not_by_colour_alone() -> None:
    deadlock = verdicts.deadlock()
    drawn = picture(deadlock.timeline, None, whose="Your run")
    assert drawn is not None
    assert [bar.text for bar in drawn.panels[0].bars] == [
        *("still running", "raised after 1.25 s", "cancelled after 1.5 s", "refused")
    ]


def test_a_run_of_no_calls_has_no_picture_and_one_of_no_time_has() -> None:
    assert picture(None, None, whose="x") is None
    assert picture(Timeline(0, 0, ()), None, whose="x") is None
    drawn = picture(Timeline(0, 0, (call("get_users", 0, 0),)), None, whose="x")
    assert drawn is not None
    assert drawn.panels[0].bars[0].x == "0"


def test_times_of_any_size_have_few_ticks() -> None:
    for makespan_us in (1, 7, 999_999, 3 * S, 10**9, 10**15):
        drawn = picture(Timeline(makespan_us, None, (call("a", 0, None),)), None, whose="x")
        assert drawn is not None
        assert 2 <= len(drawn.ticks) <= 7


def test_many_calls_are_cut_and_counted() -> None:
    many = verdicts.many_calls()
    drawn = picture(many.timeline, many.best, whose="x")
    assert drawn is not None
    assert [(len(panel.bars), panel.left_out) for panel in drawn.panels] == [(MAX_LANES, 6)] * 2


# --- what an instructor reads -----------------------------------------------------------------


def _summary() -> Summary:
    summary = Summary(SAME)
    for index, student in enumerate(small_class()):
        summary.add(student, index, has_page=student.verdict is not None)
    return summary


def test_the_counts_of_a_class() -> None:
    summary = _summary()
    assert (len(summary.rows), len(summary.scores), summary.passed) == (7, 6, 1)
    assert [(id, count.failed) for id, count in summary.items_by_failures][:3] == [
        *(("overlap", 3), ("time", 3), ("style", 3))
    ]
    ((name, count),) = summary.misconceptions_by_count
    assert (name, count.students, count.example) == ("serial-awaits", 3, "Ada Lovelace")
    assert count.sentence.startswith("get_locations() was not started")
    assert [[twin.key for twin in group] for group in summary.same_programs] == [["u1", "u4"]]
    assert summary.median_score == "4"


def test_a_score_set_by_hand_counts_where_nothing_could_be_graded() -> None:
    row = replace(
        next(small_class()), problem="no Python file", final_score=7, override_reason="oral"
    )
    summary = Summary()
    summary.add(row, 0, has_page=False)
    assert (summary.scores, summary.rows[0].has_score) == ([7], True)
    assert '<td class="right" data-v="7"><b>7</b>' in class_text([row])
    without = replace(row, override_reason=None)
    assert '<td class="right" data-v="-1">–' in class_text([without])


def test_every_graded_student_is_in_one_bar_of_the_distribution() -> None:
    for max_score, scores in (
        (10, [0, 4, 9.5, 10]),
        (100, [0, 99, 100, 55.5]),
        (1, [0, 1]),
        (7, [9]),
    ):
        summary = Summary(scores=[*scores], max_score=max_score)
        bars = summary.histogram
        assert sum(bar.count for bar in bars) == len(scores)
        assert len(bars) <= 12
        assert bars[-1].label == str(max_score)
        assert bars[-1].count == sum(score >= max_score for score in scores)


def test_a_class_of_nobody_has_a_page() -> None:
    assert "0 of 0" not in Page(class_text([])).text
    nobody = row(verdicts.serial(), "u1", problem="empty file", verdict=None, items=())
    assert "empty file" in Page(class_text([nobody])).text


def test_a_class_page_is_made_while_the_students_go_by() -> None:
    seen: list[int] = []

    def students() -> Iterator[ClassRow]:
        for number in range(80):
            seen.append(sum(type(each) is Verdict for each in gc.get_objects()))
            yield row(verdicts.serial(), f"u{number}")

    chunks = iter(class_page.render("t", "e", students(), {}))
    next(chunks)
    assert len(seen) < 20
    assert max(map(len, chunks)) < 200_000
    assert max(seen) - seen[0] < 20, "verdicts are kept"


def test_a_student_takes_about_ten_kilobytes() -> None:
    def size(count: int) -> int:
        rows = [row(verdicts.serial(), f"u{n}", f"Student {n}") for n in range(count)]
        return len(class_text(rows).encode())

    assert (size(30) - size(10)) / 20 < 10_000


def test_a_hostile_student_does_not_fill_the_page() -> None:
    big = replace(verdicts.many_calls(), output="&" * 1_000_000)
    student = row(big, "u1", source="<" * 1_000_000 + "\n" * 1_000_000 + "'&'\n" * 200_000)
    assert len(class_text([student])) - len(class_text([])) < 150_000


def test_students_beyond_the_limit_are_in_the_table_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(class_page, "MAX_SECTIONS", 2)
    page = Page(class_text())
    assert [tag for tag, _ in page.tags].count("template") == 2
    assert "only the first 2 students have a page" in page.text
    assert "José Núñez" in page.text
