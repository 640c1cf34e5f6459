"""The documents say what the code does: keys, functions, limits, names, commands and links."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import get_args

import pytest

from grader.advice.facts import Misconception
from grader.cli.app import COMMANDS, commands
from grader.engine import services
from grader.exercise import bounded, expressions, loader, plan, yaml_reader
from grader.exercise.functions import FUNCTIONS, METHODS
from grader.exercise.load_rubric import CHECKS, MAX_CASES, MAX_ID_CHARS, MAX_POINTS
from grader.exercise.load_services import LATER_KINDS, RESERVED_PARAMS
from grader.exercise.loader import DIFFICULTIES, FORMAT, load_exercise
from grader.exercise.model import Exercise, ExerciseError, Limits
from grader.exercise.section import LATER
from grader.values import Dict
from tests.helpers import ROOT, grade_text, not_passed

DOCS = ROOT / "docs"
FORMAT_PAGE = (DOCS / "exercise-format.md").read_text(encoding="utf-8")
MISCONCEPTIONS_PAGE = (DOCS / "misconceptions.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md"))]


def block(page: str, language: str) -> str:
    """The first code block of a language."""
    found = re.search(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def rows(heading: str, title: str) -> list[list[str]]:
    """The rows of the table with this title in its first column, below a heading of the page."""
    section = re.split(r"^#+ ", FORMAT_PAGE.split(f"\n{heading}\n", 1)[1], flags=re.MULTILINE)[0]
    tables = re.findall(rf"^\| {title} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", section, re.MULTILINE)
    assert len(tables) == 1, heading
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in tables[0].splitlines()]


def words(text: str) -> list[str]:
    """What stands between backticks, word by word."""
    return [word for quoted in re.findall(r"`([^`]*)`", text) for word in quoted.split()]


# --- the format --------------------------------------------------------------------------------

EXAMPLE = block(FORMAT_PAGE, "yaml")


def load_example(folder: Path, *edits: tuple[str, str]) -> Exercise:
    text = EXAMPLE
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    path = folder / "weather.yaml"
    path.write_text(text, encoding="utf-8")
    return load_exercise(path)


def known_keys(folder: Path, *edits: tuple[str, str]) -> list[str]:
    """The keys that the loader says are possible where the key ``zzz`` stands."""
    with pytest.raises(ExerciseError) as caught:
        load_example(folder, *edits)
    listed = [re.search(r"zzz: unknown key; wanted one of (.*)", p) for p in caught.value.problems]
    found = [match[1].split(", ") for match in listed if match]
    assert len(found) == 1, caught.value.problems
    return found[0]


CONTEXT = "services:\n  Session: {kind: context, enter: 1, exit: 1, methods: {go: {duration: 1}}, "
METHOD = "services:\n  Session: {kind: context, enter: 1, exit: 1, methods: {go: {duration: 1, "
FAILURE = "returns the list of a user's cities\n    raises: {when: nth == 1, error: OSError(), "
SECTIONS = [
    ("## The file", [("params:", "zzz: 1\nparams:")]),
    ("### A coroutine", [("    args: [city]", "    zzz: 1\n    args: [city]")]),
    ("### A context", [("services:\n", CONTEXT + "zzz: 1}\n")]),
    ("### A method", [("services:\n", METHOD + "zzz: 1}}}\n")]),
    ("### Failures", [("returns the list of a user's cities\n", FAILURE + "zzz: 1}\n")]),
    ("## The plan", [('{call: "get_weather', '{zzz: 1, call: "get_weather')]),
    ("## Cases", [("five: {call: [5]}", "five: {call: [5], zzz: 1}")]),
    ("## The rubric", [("{id: calls,", "{zzz: 1, id: calls,")]),
    ("## Limits", [("cases:\n", "limits: {zzz: 1}\ncases:\n")]),
]


@pytest.mark.parametrize(("heading", "edits"), SECTIONS, ids=[heading for heading, _ in SECTIONS])
def test_keys_are_those_of_the_loader(
    tmp_path: Path, heading: str, edits: list[tuple[str, str]]
) -> None:
    listed = [words(row[0])[0] for row in rows(heading, "key")]
    assert sorted(listed) == known_keys(tmp_path, *edits)


@pytest.mark.parametrize("heading", [heading for heading, _ in SECTIONS if heading != "## Limits"])
def test_required_keys_are_required(tmp_path: Path, heading: str) -> None:
    """A mapping that is empty but for an unknown key is told which keys are missing."""
    empty = {
        "## The file": [(EXAMPLE, "zzz: 1\n")],
        "### A coroutine": [("services:\n", "services:\n  new: {zzz: 1}\n")],
        "### A context": [("services:\n", "services:\n  New: {kind: context, zzz: 1}\n")],
        "### A method": [("services:\n", METHOD.replace("duration: 1", "zzz: 1") + "}}}\n")],
        "### Failures": [("summary: returns the messages", "raises: {zzz: 1}\n    summary: r")],
        "## The plan": [("plan:\n", "plan:\n  new: {zzz: 1}\n")],
        "## Cases": [("cases:\n", "cases:\n  new: {zzz: 1}\n")],
        "## The rubric": [("rubric:\n", "rubric:\n  - {zzz: 1}\n")],
    }[heading]
    with pytest.raises(ExerciseError) as caught:
        load_example(tmp_path, *empty)
    missing = re.findall(r"([\w]+): this key is missing", "\n".join(caught.value.problems))
    required = [words(row[0])[0] for row in rows(heading, "key") if row[2] == "required"]
    if heading == "### A context":
        required.remove("kind")
    assert sorted(missing) == sorted(required)


def test_example_loads_and_its_program_earns_all_points(tmp_path: Path) -> None:
    exercise = load_example(tmp_path)
    program = block(FORMAT_PAGE, "python")
    assert grade_text(exercise, program).passed
    serial = program.replace(
        "asyncio.create_task(get_messages(user_id))", "await get_messages(user_id)"
    )
    serial = serial.replace("await messages\n", "messages\n")
    assert not_passed(grade_text(exercise, serial)) == {"overlap", "time"}


def test_functions_and_methods_are_those_of_the_language() -> None:
    section = "## Expressions"
    assert words(rows(section, "functions")[0][0]) == sorted(FUNCTIONS)
    methods = {row[0]: words(row[1]) for row in rows(section, "type")}
    assert methods == {
        "text": sorted(METHODS[str]),
        "list and tuple": sorted(METHODS[list]),
        "dict": sorted(METHODS[Dict]),
    }
    assert METHODS[list] == METHODS[tuple]


def test_checks_are_those_of_the_loader() -> None:
    assert [words(row[0])[0] for row in rows("## The rubric", "check")] == list(CHECKS)


def test_closed_lists_and_numbers_are_those_of_the_loader() -> None:
    refused = FORMAT_PAGE.split("## What is refused")[1].split("\n- names")[0]
    assert set(words(refused)) == {*LATER, *LATER_KINDS}
    cells = {words(row[0])[0]: row[1] for row in rows("## The file", "key")}
    assert words(cells["format"]) == [FORMAT]
    assert words(cells["difficulty"]) == list(DIFFICULTIES)
    assert cells["cases"] == f"mapping, 1 to {MAX_CASES}"
    assert f"at most {MAX_ID_CHARS} of" in rows("## The rubric", "key")[0][1]
    assert f"0 to {MAX_POINTS}" in rows("## The rubric", "key")[1][1]
    reserved = {words(row[0])[0]: row[3] for row in rows("### A coroutine", "key")}["args"]
    assert set(words(reserved)) == {*RESERVED_PARAMS}


def test_limits_of_a_submission_are_those_of_the_loader(tmp_path: Path) -> None:
    for key, allowed, default, _ in rows("## Limits", "key"):
        name = words(key)[0]
        least, most = re.findall(r"\d+", allowed)
        assert default == str(getattr(Limits(), name))
        for value in (least, most):
            exercise = load_example(
                tmp_path, ("cases:\n", f"limits: {{{name}: {value}}}\ncases:\n")
            )
            assert getattr(exercise.limits, name) == int(value)
        for value in (int(least) - 1, int(most) + 1):
            with pytest.raises(ExerciseError, match=name):
                load_example(tmp_path, ("cases:\n", f"limits: {{{name}: {value}}}\ncases:\n"))


def test_limits_of_a_file_are_those_of_the_loader() -> None:
    assert [row[1] for row in rows("## What is refused", "limit")] == [
        f"{yaml_reader.MAX_FILE_BYTES // 1024**2} MiB",
        f"{yaml_reader.MAX_NODES:,}",
        f"{yaml_reader.MAX_DEPTH}",
        f"{expressions.MAX_SOURCE_CHARS:,}",
        f"{bounded.MAX_STEPS:,}",
        f"{bounded.MAX_TEXT:,}",
        f"{bounded.MAX_ITEMS:,}",
        f"{bounded.MAX_INT_BITS:,}",
        f"{services.MAX_VALUE_BYTES:,} bytes",
        f"{plan.MAX_PLAN_NODES:,}",
        f"{loader.MAX_NODES_OF_ALL_CASES:,}",
    ]


# --- the misconceptions ------------------------------------------------------------------------


def entries() -> dict[str, str]:
    parts = re.split(r"^### (\w+)\n", MISCONCEPTIONS_PAGE, flags=re.MULTILINE)
    assert len(set(parts[1::2])) == len(parts[1::2])
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_misconception_has_an_entry_and_every_entry_a_misconception() -> None:
    assert list(entries()) == [name for name in get_args(Misconception) if name]


@pytest.mark.parametrize("name", list(entries()))
def test_entry_has_wrong_and_right_code_a_sentence_and_an_exercise(name: str) -> None:
    text = entries()[name]
    code = block(text, "python")
    wrong, _, right = code.removeprefix("# wrong\n").partition("# right\n")
    for part in (wrong, right):
        assert part.strip()
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | ast.PyCF_ONLY_AST
        compile(part, name, "exec", flags)
    assert "Says: " in text
    found = re.search(r"Exercise: (exercise-\d+|every one)\.", text)
    assert found is not None
    assert found[1] == "every one" or (ROOT / "exercises" / f"{found[1]}.yaml").is_file()


# --- links and commands ------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_point_to_files_and_headings_that_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("https://", "http://")):
            continue
        name, _, heading = target.partition("#")
        linked = page.parent / name if name else page
        assert linked.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.*)$", linked.read_text("utf-8"), re.MULTILINE)
            assert heading in [title.lower().replace(" ", "-") for title in headings], target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_options_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for name, rest in re.findall(r"\basyncgrade ([a-z-]+)\b([^`\n#|]*)", text):
        if name in COMMANDS:
            command = commands.get_command(commands.make_context("asyncgrade", ["list"]), name)
            assert command is not None
            known = {option for param in command.params for option in param.opts}
            assert set(re.findall(r"(?<=\s)--[a-z-]+", rest)) <= known
        else:
            assert not re.search(rf"^ *asyncgrade {name}|`asyncgrade {name}", text, re.MULTILINE)


def test_readme_shows_every_command() -> None:
    assert set(COMMANDS) <= set(re.findall(r"\basyncgrade ([a-z-]+)\b", README))
