"""A real headless Chromium for the tests in this folder; they are skipped where there is none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Runs before anything of the page: notes what the page's policy had to stop.
_WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(event.effectiveDirective + " " + event.blockedURI);
});
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Module by module: while it is open, Playwright's loop runs in this thread, and no test after
    # it in the same process could start a loop of its own.
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("needs Chromium (Debian: apt-get install chromium)")
    api = pytest.importorskip(
        "playwright.sync_api", reason="needs Playwright (pip install playwright)"
    )
    root = hasattr(os, "geteuid") and os.geteuid() == 0  # Chromium's sandbox refuses root
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox"] if root else []
        )
        yield opened
        opened.close()


@dataclass
class Visit:
    """A page that is open, and everything that went wrong since."""

    page: Page
    troubles: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Nothing was complained of, nothing was asked of the network, nothing was executed."""
        assert self.troubles == []
        assert self.page.evaluate("[window.violations, typeof window.hacked]") == [[], "undefined"]


Open = Callable[..., Visit]


@pytest.fixture
def visit(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open a page: ``visit(html, "#s1", color_scheme="dark", …)``."""
    contexts = []

    def open_page(html: str, address: str = "", **options: object) -> Visit:
        path = tmp_path / "page.html"
        path.write_text(html, encoding="utf-8", newline="\n")
        context = browser.new_context(**options)  # type: ignore[arg-type]
        contexts.append(context)
        context.add_init_script(_WATCH)
        page = context.new_page()
        opened = Visit(page)
        note = opened.troubles.append
        page.on("console", lambda message: note(f"console: {message.text}"))
        page.on("pageerror", lambda error: note(f"error: {error}"))
        page.on("dialog", lambda dialog: (note(f"dialog: {dialog.message}"), dialog.dismiss()))
        url = path.as_uri()
        page.on(
            "request",
            lambda request: None if request.url.split("#")[0] == url else note(request.url),
        )
        page.goto(url + address)
        return opened

    yield open_page
    for context in contexts:
        context.close()
