"""Hostile and broken files: one clear problem each, never anything but ExerciseError."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.exercise.loader import load_exercise
from grader.exercise.model import ExerciseError
from tests.exercise.helpers import DISPLAY_USER, edited, only_problem, problems


def test_broken_encodings_say_where(tmp_path: Path) -> None:
    latin = DISPLAY_USER.replace("Display a user", "Zürich").encode("latin-1")
    assert only_problem(tmp_path, latin) == (
        "3: file: byte 0xfc in column 9 is not UTF-8; save the file as UTF-8"
    )
    assert only_problem(tmp_path, edited(("Display a user", "a\0b"))) == (
        "3: file: U+0000 in column 9 is a control character; wanted plain text"
    )
    assert "is not UTF-8" in only_problem(tmp_path, DISPLAY_USER.encode("utf-16"))
    assert problems(tmp_path, b"\xef\xbb\xbf" + DISPLAY_USER.encode()) == []
    assert problems(tmp_path, DISPLAY_USER.replace("\n", "\r\n")) == []


def test_huge_files_are_not_read(tmp_path: Path) -> None:
    assert only_problem(tmp_path, b"# " + b"x" * 10 * 1024 * 1024) == (
        "1: file: the file is larger than 1 MiB; an exercise is a few KiB of text"
    )


def test_billion_laughs_do_not_expand(tmp_path: Path) -> None:
    lines = ["a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    for here, before in zip("bcdefghij", "abcdefghi", strict=True):
        lines.append(f"{here}: &{here} [{', '.join([f'*{before}'] * 9)}]")
    assert only_problem(tmp_path, "\n".join(lines)) == (
        "5: file: more than 50,000 values, with those that aliases (*) repeat;"
        " wanted a smaller file"
    )


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "- " * 100_000,
        "{a: " * 100_000,
        "[x, " * 1000 + "]" * 1000,
        "a0: &a0 [x]\n" + "".join(f"a{i + 1}: &a{i + 1} [*a{i}]\n" for i in range(2000)),
    ],
    ids=["flow", "block", "mappings", "closed", "aliases"],
)
def test_deep_nesting_ends_early(tmp_path: Path, text: str) -> None:
    assert only_problem(tmp_path, text).endswith(
        ": file: more than 30 levels of nesting; wanted a flatter structure"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1: file: the file is empty; wanted the keys of an exercise"),
        ("# only a comment\n", "1: file: the file is empty; wanted the keys of an exercise"),
        ("- a\n- b\n", "1: file: the file holds a list; wanted a mapping, key: value"),
        ("hello", "1: file: the file holds one text; wanted a mapping, key: value"),
        ("a: 1\n---\nb: 2\n",
         "2: file: a second document begins here; put each exercise in a file of its own"),
    ],
)  # fmt: skip
def test_other_top_levels_are_refused(tmp_path: Path, text: str, message: str) -> None:
    assert only_problem(tmp_path, text) == message


def test_syntax_errors_have_a_line(tmp_path: Path) -> None:
    seen = only_problem(tmp_path, "a: [1\nb: 2")  # the words are those of the YAML parser
    assert seen.startswith("2: file: not YAML: ")
    assert seen.endswith("; look at the quotes and the indentation")


def test_numbers_of_many_digits_are_refused(tmp_path: Path) -> None:
    text = edited(("points: 4", f"points: {'9' * 5000}"))
    assert "34: file: a number of 5000 digits; wanted a smaller one" in problems(tmp_path, text)


def test_files_that_cannot_be_read_are_the_authors_problem(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    for path in (tmp_path, tmp_path / "missing.yaml", tmp_path / "pipe.yaml", Path("a\0b")):
        with pytest.raises(ExerciseError):
            load_exercise(path)


FRAGMENTS = st.sampled_from(
    [b"a: ", b"\n", b"  ", b"- ", b"[", b"]", b"{", b"}", b"&a ", b"*a", b"!!int ", b"? ", b": ",
     b"|", b">", b"'", b'"', b"#", b"%YAML 1.1", b"---", b"...", b"\t", b"0x_", b".inf", b"\xff",
     b"format: asyncgrade/exercise/1\n", b"services: ", b"plan: ", b"rubric: ", b"cases: "]
)  # fmt: skip
LINES = DISPLAY_USER.encode().splitlines(keepends=True)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=200) | st.lists(FRAGMENTS, max_size=40).map(b"".join))
def test_random_bytes_raise_exercise_errors_only(tmp_path: Path, data: bytes) -> None:
    assert problems(tmp_path, data)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_mutated_exercises_load_or_raise_exercise_errors(
    tmp_path: Path, data: st.DataObject
) -> None:
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(lines) - 1))
        line = lines[place]
        cut = data.draw(st.integers(0, len(line)))
        insert = data.draw(FRAGMENTS | st.sampled_from(LINES) | st.just(b""))
        lines[place] = line[:cut] + insert + line[data.draw(st.integers(cut, len(line))) :]
    problems(tmp_path, b"".join(lines))
