"""The pages in a real browser: they work by mouse and keyboard, and nothing in them executes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from grader.reporters.html import class_page, student_page
from tests.browser.conftest import Open
from tests.golden import verdicts
from tests.reporters.class_rows import SOURCE, hostile_row, row, small_class
from tests.reporters.test_the_door import hostile_verdicts

if TYPE_CHECKING:
    from playwright.sync_api import Page

# What executes wherever a page lets a name, a source or an output through as HTML.
LIVE = (
    "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 2; alert(2)'>"
    "<svg onload='window.hacked = 3'></svg></template></pre><iframe srcdoc='<script>"
    "parent.hacked = 4</script>'></iframe>\"><b onfocus=window.hacked=5 autofocus tabindex=1>"
    "<a href='javascript:window.hacked=6'>x</a><style>*{display:none}</style>{{ 7 * 7 }}"
    "<meta http-equiv=refresh content='0;url=http://x.invalid/'><base href='http://x.invalid/'>"
)


def class_text(count: int | None = None) -> str:
    if count is None:
        rows = list(small_class())
    else:
        rows = [row(verdicts.serial(), f"u{n}", f"Student {n}") for n in range(count)]
    return "".join(class_page.render("Side by side", "exercise-2", rows, {"Seed": "kept"}))


def names(page: Page) -> list[str]:
    """The students in the table, as they are shown."""
    return [
        text.split("\n")[0] for text in page.locator("#table tbody tr:visible th").all_inner_texts()
    ]


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.innerText || document.activeElement.id"))


def wait_for_heading(page: Page, text: str) -> None:
    """Wait until this is what the page shows: it follows its address a moment later."""
    page.locator("h1:visible", has_text=re.compile(f"^{re.escape(text)}$")).wait_for()


# --- the table --------------------------------------------------------------------------------


def test_a_click_on_a_header_sorts_and_a_second_one_turns_round(visit: Open) -> None:
    seen = visit(class_text())
    page = seen.page
    header = page.get_by_role("columnheader", name="Score")
    header.get_by_role("button").click()
    assert header.get_attribute("aria-sort") == "ascending"
    assert names(page)[0] == "Barbara Liskov"  # not graded
    assert names(page)[-1] == "Grace Hopper"
    header.get_by_role("button").click()
    assert header.get_attribute("aria-sort") == "descending"
    assert names(page)[:2] == ["Grace Hopper", "Edsger Dijkstra"]
    assert page.locator("[aria-sort]").count() == 1
    seen.check()


def test_the_table_is_sorted_and_filtered_by_keyboard_alone(visit: Open) -> None:
    seen = visit(class_text())
    page = seen.page
    page.focus("#find")
    page.keyboard.type("JOSE nunez")  # accents and case don't matter
    assert names(page) == ["José Núñez"]
    assert page.inner_text("#count") == "1 of 7 students"
    for _ in range(2):
        page.keyboard.press("Tab")
    assert focused(page) == "Clear"
    page.keyboard.press("Enter")
    assert page.inner_text("#count") == "7 of 7 students"
    assert page.evaluate("document.activeElement.id") == "find"
    for _ in range(4):
        page.keyboard.press("Tab")
    assert focused(page) == "Student"
    page.keyboard.press("Space")
    assert names(page) == sorted(names(page))
    page.keyboard.press("Enter")
    assert names(page) == sorted(names(page), reverse=True)
    seen.check()


@pytest.mark.parametrize(
    ("show", "expected"),
    [
        ("passed", ["Grace Hopper"]),
        ("problem", ["Barbara Liskov"]),
        ("late", ["Alan Turing"]),
        ("override", ["Edsger Dijkstra"]),
        ("same", ["Ada Lovelace", "Zoë Quinn"]),
    ],
)
def test_a_kind_of_student_is_shown(visit: Open, show: str, expected: list[str]) -> None:
    seen = visit(class_text())
    seen.page.select_option("#show", show)
    assert names(seen.page) == expected
    seen.check()


def test_a_misconception_shows_who_has_it_and_an_example(visit: Open) -> None:
    seen = visit(class_text())
    page = seen.page
    page.get_by_role("button", name="Show them with serial-awaits").click()
    assert names(page) == ["Ada Lovelace", "Zoë Quinn", "Edsger Dijkstra"]
    page.get_by_text("An example over time, from Ada Lovelace").click()
    assert page.locator(".misconceptions svg[role=img]").is_visible()
    seen.check()


# --- a student --------------------------------------------------------------------------------


def test_a_student_is_opened_by_keyboard_and_closed_by_escape(visit: Open) -> None:
    seen = visit(class_text())
    page = seen.page
    page.get_by_role("link", name="Ada Lovelace").last.focus()
    page.keyboard.press("Enter")
    wait_for_heading(page, "Ada Lovelace")
    assert focused(page) == "Ada Lovelace"
    assert page.title() == "Ada Lovelace \u2013 Side by side"
    assert not page.locator("#table").is_visible()
    page.keyboard.press("Escape")
    wait_for_heading(page, "Side by side")
    assert focused(page) == "Ada Lovelace", "the focus is back in the table"
    seen.check()


def test_a_click_anywhere_in_a_row_opens_it_and_back_closes_it(visit: Open) -> None:
    seen = visit(class_text())
    page = seen.page
    page.locator("#table tbody tr", has_text="Alan Turing").locator("td").nth(2).click()
    wait_for_heading(page, "Alan Turing")
    page.go_back()
    wait_for_heading(page, "Side by side")
    seen.check()


def test_next_and_previous_follow_what_the_table_shows(visit: Open) -> None:
    seen = visit(class_text())
    page = seen.page
    page.select_option("#show", "same")
    page.get_by_role("columnheader", name="Student").get_by_role("button").dblclick()
    page.get_by_role("link", name="Zoë Quinn").last.click()
    wait_for_heading(page, "Zoë Quinn")
    assert page.inner_text("#place") == "1 of 2"
    assert page.get_attribute("#previous", "href") is None
    page.click("#next")
    wait_for_heading(page, "Ada Lovelace")
    assert page.get_attribute("#next", "href") is None
    page.click("#previous")
    wait_for_heading(page, "Zoë Quinn")
    seen.check()


def test_an_address_opens_a_student_at_a_line(visit: Open) -> None:
    seen = visit(class_text(), "#s0-L5", viewport={"width": 800, "height": 300})
    marked = seen.page.locator("#s0-L5")
    assert "users = await get_users()" in marked.inner_text()
    box = marked.bounding_box()
    assert box is not None
    assert 0 <= box["y"] <= 300
    seen.page.goto(seen.page.url.replace("#s0-L5", "#s99"))
    wait_for_heading(seen.page, "Side by side")
    seen.check()


def test_the_picture_is_zoomed_by_button_and_key(visit: Open) -> None:
    seen = visit(student_page.render(verdicts.serial(), SOURCE))
    page = seen.page
    scroll = page.locator(".scroll")

    def width() -> float:
        return float(scroll.evaluate("node => node.scrollWidth / node.clientWidth"))

    assert width() == pytest.approx(1)
    page.get_by_role("button", name="Zoom in").click()
    assert width() == pytest.approx(1.5, abs=0.05)
    scroll.focus()
    page.keyboard.press("+")
    assert width() == pytest.approx(2, abs=0.05)
    assert page.inner_text("output") == "200 %"
    page.keyboard.press("End")
    page.keyboard.press("-")
    page.keyboard.press("0")
    assert width() == pytest.approx(1)
    for _ in range(20):
        page.keyboard.press("+")
    assert page.inner_text("output") == "1600 %"
    seen.check()


# --- anywhere ---------------------------------------------------------------------------------


def test_without_javascript_the_class_is_a_plain_table(visit: Open) -> None:
    page = visit(class_text(), java_script_enabled=False).page
    assert len(names(page)) == 7
    assert page.locator("button:visible, input:visible, select:visible").count() == 0
    assert page.get_by_text("Without JavaScript this page is a plain report").is_visible()


@pytest.mark.parametrize("width", [320, 1200])
@pytest.mark.parametrize("address", ["", "#s0"])
def test_no_page_is_wider_than_its_window(visit: Open, width: int, address: str) -> None:
    seen = visit(class_text(), address, viewport={"width": width, "height": 700})
    root = "document.documentElement"
    assert seen.page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")
    seen.check()


def test_a_large_class_costs_no_layout_until_a_student_is_opened(visit: Open) -> None:
    seen = visit(class_text(300))
    page = seen.page
    assert page.inner_text("#count") == "300 of 300 students"
    before = page.evaluate("document.getElementsByTagName('*').length")
    assert before < 300 * 40
    page.get_by_role("link", name="Student 299", exact=True).click()
    wait_for_heading(page, "Student 299")
    assert page.inner_text("#place") == "300 of 300"
    page.keyboard.press("Escape")
    page.wait_for_selector("#class:visible")
    assert page.evaluate("document.getElementsByTagName('*').length") == before
    seen.check()


# --- nothing executes -------------------------------------------------------------------------


def test_live_html_in_every_field_executes_nothing(visit: Open) -> None:
    student = hostile_row(verdicts.hostile(), LIVE)
    text = "".join(class_page.render(LIVE, LIVE, [student, student], {LIVE: LIVE}))
    seen = visit(text)
    seen.page.locator("#table tbody a").first.click()
    seen.page.locator(".student").wait_for()
    assert "window.hacked = 1" in seen.page.inner_text(".source")
    assert seen.page.locator("#section script, #section img, iframe, base").count() == 0
    for summary in seen.page.locator("summary:visible").all():
        summary.click()
    seen.check()


def test_hostile_verdicts_execute_nothing(visit: Open) -> None:
    for verdict in list(hostile_verdicts())[::25]:
        rows = [hostile_row(verdict, verdict.output)]
        seen = visit("".join(class_page.render("t", "e", rows, {})), "#s0")
        assert seen.page.locator(".student").is_visible()
        seen.check()
        visit(student_page.render(verdict, verdict.output)).check()


def test_the_policy_stops_what_a_hole_would_let_in(visit: Open) -> None:
    page = visit(class_text()).page
    page.evaluate(
        """() => {
          const script = document.createElement("script");
          try { script.textContent = "window.hacked = 1"; } catch {}
          document.body.append(script);
          const image = document.createElement("img");
          image.src = "http://x.invalid/";
          document.body.append(image);
        }"""
    )
    page.wait_for_function("window.violations.some((text) => text.includes('img-src'))")
    assert page.evaluate("typeof window.hacked") == "undefined"
    with pytest.raises(Exception, match="TrustedHTML"):
        page.evaluate("() => { document.body.innerHTML = '<b>x</b>'; }")


# --- for everybody ----------------------------------------------------------------------------


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong with what is shown."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="needs pip install axe-playwright-python"
    )
    found: list[dict[str, Any]] = axe.Axe().run(page).response["violations"]
    return [f"{each['id']}: {node['html'][:150]}" for each in found for node in each["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_a_class(visit: Open, scheme: str) -> None:
    page = visit(class_text(), color_scheme=scheme).page
    page.get_by_text("An example over time, from Ada Lovelace").click()
    page.get_by_role("columnheader", name="Score").get_by_role("button").click()
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("student", ["u1", "u5"])
def test_axe_finds_nothing_wrong_with_a_student_of_a_class(
    visit: Open, scheme: str, student: str
) -> None:
    index = [each.key for each in small_class()].index(student)
    page = visit(class_text(), f"#s{index}", color_scheme=scheme).page
    for summary in page.locator("summary:visible").all():
        summary.click()
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["all-passed", "deadlock", "syntax-error", "hostile"])
def test_axe_finds_nothing_wrong_with_a_students_page(visit: Open, scheme: str, name: str) -> None:
    text = student_page.render(verdicts.STANDARD[name](), SOURCE)
    assert violations(visit(text, color_scheme=scheme).page) == []
