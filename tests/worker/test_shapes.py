"""The shapes of a source: a table of sources, and no source at all makes the finder fail."""

from __future__ import annotations

import re
import sys
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.worker import shapes
from grader.worker.shapes import MAX_SHAPES, source_shapes
from tests.helpers import SOLUTIONS
from tests.worker.runs import run_of, sample

TABLE = [
    ("x = 1", ""),
    ("def f(): pass", "function"),
    ("async def f(): await g()", "function await"),
    ("f = lambda: 1", "function"),
    ("for x in y: await g(x)", "await await_in_loop"),
    ("while y: await g(x)", "await await_in_loop"),
    ("async for x in y: await g(x)", "await await_in_loop"),
    ("[await g(x) for x in y]", "await await_in_comprehension"),
    ("{await g(x) for x in y}", "await await_in_comprehension"),
    ("{x: await g(x) for x in y}", "await await_in_comprehension"),
    ("(await g(x) for x in y)", "await await_in_comprehension"),
    ("for x in y:\n async def f(): await g(x)", "function await"),
    ("for x in y: await gather(g(x))", "await gather_in_loop gather"),
    ("for x in y: await asyncio.wait(t)", "await wait_in_loop wait"),
    ("for x in y: await asyncio.sleep(1)", "await sleep_in_loop"),
    ("[await sleep(1) for x in y]", "await sleep"),
    ("await sleep(1)", "await sleep"),
    ("await create_task(g())", "await await_of_new_task new_task"),
    ("await asyncio.ensure_future(g())", "await await_of_new_task new_task"),
    ("t = asyncio.create_task(g())", "new_task"),
    ("t = group.create_task(await g())", "new_task new_task_of_awaited await"),
    ("t = create_task(f(await g()))", "new_task new_task_of_awaited await"),
    ("async with asyncio.TaskGroup() as t: pass", "task_group"),
    ("for x in y:\n async with TaskGroup() as t: pass", "task_group task_group_in_loop"),
    ("async with other() as t: pass", ""),
    ("await gather(f(), g())", "await gather"),
    ("await gather(await f(), await g())", "await gather gather_of_awaited await await"),
    ("await gather(await f(), g())", "await gather gather_half_awaited await"),
    ("gather(*[await f(x) for x in y])",
     "gather gather_of_awaited await await_in_comprehension"),
    ("gather(*(await f(), await g()))", "gather gather_of_awaited await await"),
    ("gather([f(), g()])", "gather gather_of_list"),
    ("gather([f(x) for x in y])", "gather gather_of_list"),
    ("gather(*[f(x) for x in y])", "gather"),
    ("gather([])", "gather gather_of_list"),
    ("gather(\n await f(),\n g())", "gather gather_half_awaited gather_half_awaited await"),
    ("for x in asyncio.as_completed(t): pass", "as_completed"),
    ("done, _ = asyncio.wait(t)", "wait"),
    ("items.append(1)", "append"),
    ("asyncio.run(f())", "nested_run"),
    ("loop.run_until_complete(f())", "nested_run"),
]  # fmt: skip


def shapes_in(source: str) -> str:
    return " ".join(shape for _, shape in source_shapes(source))


@pytest.mark.parametrize(("source", "expected"), TABLE, ids=[source for source, _ in TABLE])
def test_source_has_exactly_these_shapes(source: str, expected: str) -> None:
    assert shapes_in(source) == expected


def test_every_shape_of_the_finder_is_in_the_table() -> None:
    text = Path(shapes.__file__).read_text(encoding="utf-8")
    plain = set(re.findall(r'_note\(\w+, "(\w+)"\)', text)) | set(
        re.findall(r'"(gather_(?:of|half)_awaited)"', text)
    )
    shown = {shape for _, expected in TABLE for shape in expected.split()}
    assert plain <= shown
    assert {f"await_in_{where}" for where in ("loop", "comprehension")} <= shown


def test_shapes_carry_their_lines() -> None:
    source = "async def f():\n    for x in y:\n        await g(\n            x)\n"
    assert source_shapes(source) == [[1, "function"], [3, "await"], [3, "await_in_loop"]]


def test_shapes_are_bounded() -> None:
    assert len(source_shapes("await f()\n" * 1000)) == MAX_SHAPES


def test_shapes_are_found_only_when_they_are_asked_for() -> None:
    assert run_of("async def main(n): return n").shapes == ()
    assert sample().params == ("n",)


@pytest.mark.parametrize(
    "source",
    ["", "(", "\0", "\ud800", "x = '\\d'", "\\", "1if 1else 1", "(" * 1000, "#" * 10_000],
)
def test_what_can_not_be_parsed_has_no_shapes_and_no_warnings(source: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert source_shapes(source) == []


@pytest.mark.skipif(sys.version_info < (3, 11), reason="the parser of 3.10 can overflow its stack")
@pytest.mark.parametrize("source", ["-" * 50_000 + "1", "f" + "(f" * 150 + ")" * 150, "a.b" * 5000])
def test_deep_sources_do_not_end_the_finder(source: str) -> None:
    assert isinstance(source_shapes(source), list)


WORDS = st.sampled_from(
    ["await ", "gather", "create_task", "asyncio", *".()[],*xy=:\n", "for ", "in "]
)


@given(st.text(max_size=100) | st.lists(WORDS, max_size=30).map(" ".join))
def test_any_text_gives_shapes(source: str) -> None:
    assert all(type(line) is int and type(shape) is str for line, shape in source_shapes(source))


@given(st.sampled_from(sorted(SOLUTIONS.glob("*/*/*.py"))), st.data())
def test_any_part_of_a_solution_gives_shapes(path: Path, data: st.DataObject) -> None:
    text = path.read_text(encoding="utf-8")
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, len(text)))
    assert isinstance(source_shapes(text[begin:end]), list)
