"""The exports: golden files, exact numbers, hostile text, files that are whole or not there."""

from __future__ import annotations

import csv
import json
import re
import sys
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.batch.exports import own_csv
from grader.batch.exports.cells import number_json, number_text
from grader.batch.exports.export import FORMATS, TO_A_FOLDER, export
from grader.batch.exports.feedback import render, write_feedback
from grader.batch.exports.file_names import file_name
from grader.batch.records import BatchError, GradeRow, Override, Student
from tests.batch.golden.grades import CHIDI, FOLDER, HOSTILE, JANE, outputs, row, rows
from tests.helpers import ROOT
from tests.test_escape import formulas

TABLES = ("csv", "canvas", "moodle")
KEYS = (
    *("../../x", "/etc/passwd", "C:\\x", "CON", "con", "nul.txt", "com1", "aux.", "-rf", ".", ".."),
    *("", " ", "a" * 10_000, "A", "a", "é", "e\u0301", "x\0y", "x\ny", '=1+"1"', "\u202egpj"),
    *("\ud800", "\ud801", "a/b", "a\\b", "a.", "a ", "~", "Bob", "bob", "BOB", "日本", "日木"),
)


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


# --- golden files ------------------------------------------------------------------------------


def test_every_format_gives_its_golden_files(tmp_path: Path) -> None:
    """Write them anew with ``python -m tests.batch.golden.update`` and read the difference."""
    made = dict(outputs(tmp_path))
    kept = {
        path.name: path.read_bytes().replace(b"\r\n", b"\n")
        for path in FOLDER.iterdir()
        if path.is_file() and path.suffix != ".py"
    }
    assert sorted(made) == sorted(kept)
    for name, data in made.items():
        assert data == kept[name], name


@pytest.mark.parametrize("name", FORMATS)
def test_export_says_what_it_wrote_and_leaves_nothing_else(tmp_path: Path, name: str) -> None:
    written = export(name, iter(rows()), tmp_path / "out")
    assert all(path.exists() for path in written)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith(".")]
    assert (tmp_path / "out").is_dir() == (name in TO_A_FOLDER)


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_utf8_with_crlf_and_without_bom(tmp_path: Path, name: str) -> None:
    export(name, rows(), tmp_path / "out.csv")
    data = (tmp_path / "out.csv").read_bytes()
    assert data.decode("utf-8").isprintable() or b"\x1b" not in data
    assert data.endswith(b"\r\n")
    assert not data.startswith(b"\xef\xbb\xbf")
    if name != "moodle":  # whose feedback has lines
        assert data.count(b"\n") == data.count(b"\r\n")


def test_our_csv_has_no_time_and_nothing_of_the_machine(tmp_path: Path) -> None:
    export("csv", rows(), tmp_path / "a.csv")
    other = [
        replace(
            each,
            submitted_at="2026-01-01T00:00:00Z",
            graded_s=9.9,
            isolation="weak",
            isolation_note="no namespaces here",
            override=each.override and replace(each.override, at="2026-01-01T00:00:00Z"),
        )
        for each in rows()
    ]
    export("csv", other, tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_columns_are_those_of_the_document() -> None:
    page = (ROOT / "docs" / "gradebooks.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", page, re.MULTILINE)
    assert tuple(re.findall(r"\w+", " ".join(listed))) == own_csv.COLUMNS
    assert set(re.findall(r"--format ([a-z]\w+)", page)) == set(FORMATS)


# --- numbers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.1 + 0.2, "0.3"),
        (10.0, "10"),
        (7, "7"),
        (6.5, "6.5"),
        (1 / 3, "0.33333"),
        (1e-9, "0"),
        (-1e-9, "0"),
        (1e16, "10000000000000000"),
        (100.0, "100"),
    ],
)
def test_numbers_are_exact(number: float, text: str) -> None:
    assert number_text(number) == text
    assert json.dumps(number_json(number)) == text


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_refused(tmp_path: Path, number: float) -> None:
    grade = row(JANE, override=Override(number, "", ""))
    for name in FORMATS:
        with pytest.raises(BatchError, match="which no gradebook takes"):
            export(name, [grade], tmp_path / name)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_override_counts_before_score_and_penalty(tmp_path: Path) -> None:
    late = row(JANE, score=8.0, penalty=1.5)
    both = [late, replace(late, override=Override(9.5, "appeal", "2026-11-23T10:00:00Z"))]
    export("csv", both, tmp_path / "a.csv")
    header, *cells = read(tmp_path / "a.csv")
    names = ("score", "penalty", "override", "override_reason", "final_score")
    shown = [[line[header.index(name)] for name in names] for line in cells]
    assert shown == [["8", "1.5", "", "", "6.5"], ["8", "1.5", "9.5", "appeal", "9.5"]]


@pytest.mark.parametrize("name", ["canvas", "moodle"])
def test_a_student_without_a_score_is_not_in_a_file_for_an_lms(tmp_path: Path, name: str) -> None:
    ungraded = row(CHIDI, problem="no Python file")
    export(name, [ungraded, row(JANE)], tmp_path / "a.csv")
    assert "Okafor" not in (tmp_path / "a.csv").read_text(encoding="utf-8")
    graded = replace(ungraded, override=Override(3, "", ""))
    export(name, [graded, row(JANE)], tmp_path / "a.csv")
    assert "Okafor" in (tmp_path / "a.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("path", "is_written"),
    [
        ("doejane_5362839_74575800_exercise_3.py", True),
        ("download/doejane_LATE_5362839_74575800_exercise_3-1.py", True),
        ("doejane_5362838_74575800_exercise_3.py", False),
        ("submission_123456/exercise_3.py", False),
        ("Jane Doe_5362839_assignsubmission_file/exercise_3.py", False),
        ("doejane/exercise_3.py", False),
        ("", False),
    ],
)
def test_canvas_gets_no_number_that_is_not_its_own(
    tmp_path: Path, path: str, is_written: bool
) -> None:
    export("canvas", [row(JANE, path=path)], tmp_path / "a.csv")
    header, _, line = read(tmp_path / "a.csv")
    assert line[header.index("ID")] == ("5362839" if is_written else "")
    assert line[header.index("SIS Login ID")] == "jane.doe"
    assert line.count("5362839") == is_written


def test_reasons_and_other_students_stay_with_the_instructor(tmp_path: Path) -> None:
    grade = row(JANE, same_as=("okaforc",), override=Override(1, "copied", "2026-11-23T10:00:00Z"))
    for name in ("canvas", "moodle", "gradescope", "classroom50"):
        export(name, [grade], tmp_path / name)
    write_feedback(tmp_path / "feedback", [(grade, "")])
    for path in tmp_path.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert "copied" not in text
            assert "okaforc" not in text


# --- hostile text ------------------------------------------------------------------------------


def hostile_rows() -> Iterator[GradeRow]:
    for number, key in enumerate((*KEYS, HOSTILE)):
        item = replace(row(JANE).items[0], status="failed", message=key, title=key)
        student = Student(f"{key}{number}", key, key, key, key)
        yield row(
            student, items=(item,), path=key, ending=key, same_as=(key, key), sha256=key, problem=""
        )


@pytest.mark.parametrize("name", TABLES)
def test_no_cell_is_a_formula_and_each_student_is_one_record(tmp_path: Path, name: str) -> None:
    export(name, hostile_rows(), tmp_path / "out.csv")
    assert formulas((tmp_path / "out.csv").read_text(encoding="utf-8")) == []
    table = read(tmp_path / "out.csv")
    assert len({len(line) for line in table}) == 1
    assert len(table) == len(KEYS) + 1 + (2 if name == "canvas" else 1)


def test_json_formats_are_ascii_and_hold_every_student(tmp_path: Path) -> None:
    for name in ("jsonl", "classroom50", "gradescope"):
        export(name, hostile_rows(), tmp_path / name)
    assert all(
        path.read_bytes().isascii()
        for path in tmp_path.rglob("*")
        if path.is_file() and path.suffix != ".csv"
    )
    lines = (tmp_path / "jsonl").read_text(encoding="utf-8").splitlines()
    assert len([json.loads(line) for line in lines]) == len(KEYS) + 1
    scores = json.loads((tmp_path / "classroom50" / "scores.json").read_text(encoding="utf-8"))
    assert len(scores["assignments"]["exercise-3"]["entries"]) == len(KEYS) + 1
    assert len(list((tmp_path / "gradescope").glob("*/results.json"))) == len(KEYS) + 1


def test_equal_grades_give_equal_lines_of_json(tmp_path: Path) -> None:
    export("jsonl", rows(), tmp_path / "a")
    line = (tmp_path / "a").read_text(encoding="utf-8").splitlines()[1]
    assert line == json.dumps(json.loads(line), sort_keys=True, separators=(",", ":"))


# --- file names --------------------------------------------------------------------------------


def test_every_key_has_a_file_of_its_own_in_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "feedback"
    assert write_feedback(folder, ((row(Student(key)), key) for key in KEYS)) == len(KEYS)
    names = [path.name for path in folder.iterdir()]
    assert len({name.casefold() for name in names}) == len(KEYS)
    assert [path.name for path in tmp_path.iterdir()] == ["feedback"]


@given(st.text(max_size=300) | st.from_regex(r"[A-Za-z0-9._ ~-]{0,80}", fullmatch=True))
def test_a_file_name_is_safe_on_every_system(key: str) -> None:
    name = file_name(key)
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._~-]*", name)
    assert len(name) <= 80
    assert not name.endswith(".")
    assert not re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", name)
    assert "~" in name or name == key == key.lower()


def test_usual_keys_keep_their_names() -> None:
    for key in ("doejane", "jane.doe", "o-neil_2", "12345"):
        assert file_name(key) == key


def test_no_key_is_the_changed_name_of_another() -> None:
    changed = file_name("Bob")
    assert changed.startswith("Bob~")
    assert file_name(changed) != changed
    assert file_name(changed.lower()) != changed.lower()


def test_feedback_is_one_heading_and_no_live_markup() -> None:
    item = replace(row(JANE).items[0], status="failed", message=HOSTILE, title=HOSTILE)
    page = render(row(Student("x", HOSTILE), items=(item,), problem=HOSTILE), HOSTILE)
    prose = page.split("~~~~~text")[0]
    assert "<script" not in prose
    assert [line for line in prose.splitlines() if line.startswith("#")] == [
        "# Side by side",
        "## What was checked",
        "## Report",
    ]
    assert "\x1b" not in page
    assert "\u202e" not in page


# --- Classroom 50 ------------------------------------------------------------------------------


def test_classroom50_follows_its_schema(tmp_path: Path) -> None:
    """What schemas/scores-v1.schema.json asks for, and score <= max-score."""
    odd = [
        *rows(),
        row(Student("above"), override=Override(99, "", "")),
        row(Student("below"), override=Override(-1, "", "")),
        row(Student("half"), score=6.5, submitted_at="2026-11-22T14:32:01"),
    ]
    paths = export("classroom50", odd, tmp_path / "out")
    scores = json.loads(paths[0].read_text(encoding="utf-8"))
    assert list(scores) == ["schema", "assignments"]
    (bucket,) = scores["assignments"].values()
    assert set(bucket) == {"type", "entries"}
    found = {}
    for entry in bucket["entries"]:
        (record,) = entry["submissions"]
        assert record["submission"].startswith("submit/")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", record["datetime"])
        for part in (record, *record["tests"]):
            assert type(part["score"]) is type(part["max-score"]) is int
            assert 0 <= part["score"] <= part["max-score"]
        assert all(record[key] for key in ("classroom", "owner", "commit", "release", "review"))
        assert "assignment" not in record
        found[entry["owner"]] = record["score"]
    assert (found["above"], found["below"], found["half"]) == (10, 0, 7)
    assert len(read(paths[1])) == len(odd) + 1


@pytest.mark.parametrize(
    ("submitted_at", "moment"),
    [
        ("2026-03-31 23:59:00.5 +0100", "2026-03-31T22:59:00Z"),
        ("2026-03-31T23:59Z", "2026-03-31T23:59:00Z"),
        ("2026-03-31T23:59:00", ""),
        ("yesterday", ""),
    ],
)
def test_classroom50_reads_a_time_as_a_late_policy_does(
    tmp_path: Path, submitted_at: str, moment: str
) -> None:
    paths = export("classroom50", [row(JANE, submitted_at=submitted_at)], tmp_path / "out")
    header, jane = read(paths[1])
    assert jane[header.index("datetime")] == moment


def test_an_exercise_that_classroom50_cannot_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match="can't name"):
        export("classroom50", [row(JANE, exercise="x")], tmp_path / "out")


# --- whole or not at all -----------------------------------------------------------------------


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match=r"no export format excel[\s\S]*csv, canvas"):
        export("excel", rows(), tmp_path / "out")


@pytest.mark.parametrize("name", ["canvas", "moodle", "classroom50"])
def test_no_grades_and_two_exercises_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BatchError, match="no grade to export"):
        export(name, [], tmp_path / "out")
    with pytest.raises(BatchError, match="several exercises"):
        export(name, [row(JANE), row(CHIDI, exercise="exercise-4")], tmp_path / "out")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", FORMATS)
def test_a_place_that_cannot_be_written_is_one_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("kept", encoding="utf-8")
    with pytest.raises(BatchError, match="can't be written"):
        export(name, rows(), tmp_path / "file" / "out")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "kept"


@pytest.mark.parametrize("name", FORMATS)
def test_when_reading_grades_fails_the_old_file_stays(tmp_path: Path, name: str) -> None:
    def failing() -> Iterator[GradeRow]:
        yield row(JANE)
        raise KeyboardInterrupt

    def files() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    export(name, [row(JANE)], tmp_path / "out")
    before = files()
    with pytest.raises(KeyboardInterrupt):
        export(name, failing(), tmp_path / "out")
    assert files() == before


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize("name", FORMATS)
def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path, name: str) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    many = [row(Student(f"student-{number}")) for number in range(200)]
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, before[1]))
    try:
        with pytest.raises(BatchError, match="can't be written: File too large"):
            export(name, many, tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.skipif(sys.platform == "win32", reason="needs the mode of a file")
def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.touch(mode=0o640)
    export("csv", rows(), out)
    assert out.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "gradescope"])
def test_memory_does_not_grow_with_the_class(tmp_path: Path, name: str) -> None:
    def peak(size: int) -> int:
        tracemalloc.start()
        export(name, (row(Student(f"s{number}")) for number in range(size)), tmp_path / name)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(200)
    assert peak(1_500) < peak(200) + 500_000  # rows that are held are some 2 million
