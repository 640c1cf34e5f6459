"""What every page is made with: the templates, the door for text, and the policy of the page."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from grader.escape import for_terminal

HERE = Path(__file__).parent
_CHUNKS = 50  # pieces of a template that are joined to one text


def _door(value: object) -> object:
    """Clean every value that a template writes.

    ``escape.for_html`` is ``for_terminal``, then html.escape. Jinja's autoescape is that second
    half, so this does the first for each expression of each template: none can forget either.
    Markup is what a template of ours has made already.
    """
    if isinstance(value, Markup):
        return value
    return for_terminal(value) if isinstance(value, str) else value


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        finalize=_door,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


@lru_cache(maxsize=2)
def _asset(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _source(text: str) -> str:
    """The source expression of a policy that allows this very text and no other."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def policy() -> str:
    """The Content-Security-Policy of a page: our style, our script, and nothing else at all."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src {_source(_asset('style.css'))}",
            f"script-src {_source(_asset('page.js'))}",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def render(template: str, **values: object) -> Iterator[str]:
    """Render a template in chunks, so that a page need not be in memory as a whole."""
    stream = (
        _environment()
        .get_template(template)
        .stream(
            policy=policy(),
            style=Markup(_asset("style.css")),
            script=Markup(_asset("page.js")),
            **values,
        )
    )
    stream.enable_buffering(_CHUNKS)
    return stream
