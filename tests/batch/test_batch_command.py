"""Facts about ``asyncgrade batch`` and its sisters as a person runs them, as real commands.

Accidents (kills, full disks, two at once) are in test_kills, hostile programs in
test_hostile_class.
"""

from __future__ import annotations

import html
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from grader.exercise.starters import starter_source
from tests.batch.class_maker import (
    RIGHT,
    SEED,
    SERIAL,
    SWAPPED,
    ask,
    batch,
    complaints,
    copy_of,
    folders,
    grades,
    said,
    state_of,
)
from tests.cli.commands import asyncgrade
from tests.helpers import ROOT, installed

SECRET = "a word of the instructor that no link may reach"
TEMPLATES = ROOT / "tests" / "batch" / "golden" / "templates"
EXERCISES = ROOT / "exercises"
SAME = {"anna", "ben", "carla"}
CLASS = {
    "anna": RIGHT,
    "ben": f"# the same program, with a remark\n{RIGHT}",
    "carla": RIGHT,
    "dora": SERIAL,
    "emil": SWAPPED,
    "fay": "def oops(:\n",
    "gus": "",
}
NAMES = {
    **{"anna": "Anna Arnesen", "ben": "Ben Batista", "carla": "Carla Conti", "dora": "Dora Dahl"},
    **{"emil": "Emil Eder", "fay": "Fay Fisher", "gus": "Gus Green", "zoe": "Zoe Zeller"},
}


class Graded:
    """A class that was graded once, with everything that can be asked for."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.source = folders(home / "class", CLASS)
        (self.source / "gus" / "exercise_2.py").rename(self.source / "gus" / "notes.txt")
        (home / "secret.py").write_text(f"# {SECRET}\n{RIGHT}", encoding="utf-8")
        if hasattr(os, "symlink") and sys.platform != "win32":
            (self.source / "gus" / "exercise_2.py").symlink_to(home / "secret.py")
            (self.source / "linked").symlink_to(home)
        self.roster = home / "roster.csv"
        lines = [f"{login},{name},{login}@example.org" for login, name in NAMES.items()]
        self.roster.write_text("login,name,email\n" + "\n".join(lines) + "\n", encoding="utf-8")
        self.out = home / "out"
        self.feedback = home / "feedback"
        before = state_of(self.source)
        self.done = batch(
            *(self.source, self.out, "-j", "2", "--seed", SEED, "--roster", self.roster),
            *("--feedback", self.feedback),
        )
        self.wrote = {k: v for k, v in state_of(self.source).items() if before.get(k) != v}
        self.csv = (self.out / "grades.csv").read_bytes()


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    return Graded(tmp_path_factory.mktemp("class"))


# --- one batch ---------------------------------------------------------------------------------


def test_says_what_it_recognised_how_it_isolates_and_what_it_wrote(graded: Graded) -> None:
    assert graded.done.returncode == 1
    lines = said(graded.done).splitlines()
    assert lines[0].startswith("recognised: a folder a student, 7 submissions")
    assert "1 without a Python file" in lines[0]
    assert "1 on the roster handed nothing in" in lines[0]
    assert any(line.startswith("isolation: ") for line in lines)
    counts = "3 passed everything, 3 did not, 1 could not be graded"
    assert f"7 submissions: {counts}, 1 on the roster handed nothing in" in lines
    assert "  not graded: gus (no Python file, only notes.txt)" in lines
    written = [line.removeprefix("written: ") for line in lines if line.startswith("written: ")]
    assert written[:2] == [str(graded.out / "grades.csv"), str(graded.out / "report.html")]
    assert complaints(graded.done) == []


def test_each_student_has_the_grade_of_the_rubric(graded: Graded) -> None:
    rows = grades(graded.out)
    assert list(rows) == sorted(NAMES)
    assert {key for key, row in rows.items() if row["passed"] == "yes"} == SAME
    assert rows["anna"]["final_score"] == rows["anna"]["max_score"] == "10"
    assert "overlap=0/5" in rows["dora"]["items"]
    assert rows["dora"]["misconceptions"]
    assert "result=0/1" in rows["emil"]["items"]
    assert rows["fay"]["ending"] == "load_error"
    assert rows["gus"]["problem"].startswith("no Python file, only notes.txt")
    assert rows["zoe"]["problem"] == "nothing was handed in"
    assert rows["gus"]["final_score"] == rows["zoe"]["final_score"] == ""


def test_roster_completes_names(graded: Graded) -> None:
    assert {key: row["name"] for key, row in grades(graded.out).items()} == NAMES


def test_identical_programs_are_flagged_both_ways(graded: Graded) -> None:
    rows = grades(graded.out)
    same = {key: set(filter(None, row["same_as"].split(", "))) for key, row in rows.items()}
    assert same == {key: SAME - {key} if key in SAME else set() for key in NAMES}


def test_nothing_is_written_into_the_source(graded: Graded) -> None:
    assert graded.wrote == {}


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_are_named_and_not_followed(graded: Graded) -> None:
    skipped = [line for line in said(graded.done).splitlines() if line.startswith("  skipped: ")]
    assert [line.split()[1] for line in skipped] == ["gus/exercise_2.py", "linked"]
    assert all("link" in line for line in skipped)
    for path in (*graded.out.iterdir(), *graded.feedback.iterdir()):
        assert SECRET.encode() not in path.read_bytes()


def test_feedback_holds_nobody_elses_name(graded: Graded) -> None:
    files = {path.stem: path.read_text("utf-8") for path in graded.feedback.iterdir()}
    assert set(files) == set(NAMES)
    for key, text in files.items():
        assert NAMES[key].split()[0] in text
        others = [word for k, name in NAMES.items() if k != key for word in (k, *name.split())]
        assert [word for word in others if word in text] == []


def test_the_starter_as_it_was_given_is_nobodys_copy(tmp_path: Path) -> None:
    starter = starter_source(installed("exercise-2"))
    source = folders(tmp_path / "class", {"anna": starter, "ben": starter, "carl": f"\n{starter}"})
    batch(source, tmp_path / "out", "-j", "1")
    rows = grades(tmp_path / "out")
    assert [row["same_as"] for row in rows.values()] == ["", "", ""]
    assert [row["passed"] for row in rows.values()] == ["no", "no", "no"]


def test_feedback_on_a_crash_holds_nobody_elses_file_name(tmp_path: Path) -> None:
    """The same bytes are graded once, and tracebacks speak of a file: not of another student's."""
    crash = (
        "print(__file__)\nasync def get_users_and_locations():\n    raise ValueError(__file__)\n"
    )
    source = tmp_path / "class"
    source.mkdir()
    for name in ("anna", "carla", "dora"):
        (source / f"{name}.py").write_text(crash, encoding="utf-8")
    batch(source, tmp_path / "out", "--feedback", tmp_path / "back")
    for name in ("anna", "carla", "dora"):
        text = (tmp_path / "back" / f"{name}.md").read_text("utf-8")
        assert [other for other in ("anna", "carla", "dora") if other in text] == [name]


def test_a_students_module_in_the_current_folder_is_not_run_by_the_grader(tmp_path: Path) -> None:
    """Neither by the command nor by the processes that it starts."""
    traps = ("pickle", "signal", "socket", "threading", "yaml", "click", "sqlite3", "struct")
    for name in traps:
        trap = f"open({str(tmp_path / 'trapped')!r}, 'a').write({name!r})\n"
        (tmp_path / f"{name}.py").write_text(trap, encoding="utf-8")
    source = folders(tmp_path / "class", {"anna": RIGHT})
    done = asyncgrade("batch", "exercise-2", source, "--out", "out", cwd=tmp_path)
    assert not (tmp_path / "trapped").exists(), (tmp_path / "trapped").read_text("utf-8")
    assert done.returncode == 0, done.stderr.decode()
    assert (tmp_path / "out" / "grades.csv").exists()


def test_the_page_is_one_file_without_network(graded: Graded) -> None:
    page = (graded.out / "report.html").read_text("utf-8")
    assert "Content-Security-Policy" in page
    for outward in ('src="http', 'href="http', "src='http", "@import", "url(http"):
        assert outward not in page
    for name in NAMES.values():
        assert name in page


# --- the same again ----------------------------------------------------------------------------


def test_one_lane_elsewhere_writes_the_same_bytes(graded: Graded, tmp_path: Path) -> None:
    elsewhere = tmp_path / "moved" / "class"
    shutil.copytree(graded.source, elsewhere, symlinks=True)
    batch(elsewhere, tmp_path / "out", "-j", "1", "--seed", SEED, "--roster", graded.roster)
    assert (tmp_path / "out" / "grades.csv").read_bytes() == graded.csv


def test_second_run_grades_only_what_is_new_or_changed(graded: Graded, tmp_path: Path) -> None:
    source, out = tmp_path / "class", copy_of(graded.out, tmp_path / "out")
    shutil.copytree(graded.source, source, symlinks=True)
    (source / "dora" / "exercise_2.py").write_text(f"{RIGHT}\nlater = True\n", "utf-8")
    folders(source, {"hal": f"{SERIAL}\nhal = True\n"})
    done = batch(source, out, "-j", "1")
    assert "8 submissions: 4 passed everything, 3 did not, 5 were known" in said(done)
    assert ask(out, "SELECT graded FROM runs ORDER BY id")[-1] == (2,)
    rows = grades(out)
    assert rows["dora"]["passed"] == "yes"
    assert rows["hal"]["passed"] == "no"
    untouched = {key: row for key, row in rows.items() if key not in ("dora", "hal")}
    assert untouched == {k: row for k, row in grades(graded.out).items() if k != "dora"}
    history = said(asyncgrade("explain-grade", out, "dora"))
    assert history.count("attempt 1: dora/exercise_2.py: ") == 2


def test_nothing_new_starts_no_lane(graded: Graded, tmp_path: Path) -> None:
    out = copy_of(graded.out, tmp_path / "out")
    done = batch(graded.source, out, "--roster", graded.roster)
    assert "7 submissions: 3 passed everything, 3 did not, 6 were known" in said(done)
    assert "isolation: " not in said(done)
    assert (out / "grades.csv").read_bytes() == graded.csv


def test_again_grades_all_and_changes_nothing(graded: Graded, tmp_path: Path) -> None:
    out = copy_of(graded.out, tmp_path / "out")
    done = batch(graded.source, out, "--again", "--roster", graded.roster)
    assert "were known" not in said(done)
    programs = len({program for name, program in CLASS.items() if name != "gus"})
    assert ask(out, "SELECT graded FROM runs ORDER BY id")[-1] == (programs,)
    assert ask(out, "SELECT count(*) FROM verdicts") == [(programs,)]
    assert (out / "grades.csv").read_bytes() == graded.csv


def test_override_survives_grading_again(graded: Graded, tmp_path: Path) -> None:
    out = copy_of(graded.out, tmp_path / "out")
    reason = "=shown in the <b>lab</b>"
    done = asyncgrade("override", out, "dora", "8.5", "--reason", reason)
    assert said(done).startswith("dora: 8.5 of 10\n")
    batch(graded.source, out, "-j", "1", "--again", "--roster", graded.roster)
    row = grades(out)["dora"]
    assert (row["override"], row["final_score"]) == ("8.5", "8.5")
    assert row["override_reason"] == f"'{reason}"
    assert row["score"] == grades(graded.out)["dora"]["score"]
    page = (out / "report.html").read_text("utf-8")
    assert html.escape("shown in the <b>lab</b>") in page
    assert reason in said(asyncgrade("explain-grade", out, "dora"))
    assert asyncgrade("override", out, "dora", "--clear").returncode == 0
    assert said(asyncgrade("explain-grade", out, "dora")).count("override: ") == 2


# --- looking at one grade ----------------------------------------------------------------------


def test_explain_grade_shows_items_and_program_and_replays_the_same(graded: Graded) -> None:
    done = asyncgrade("explain-grade", graded.out, "dora", "--replay")
    assert done.returncode == 0, done.stderr.decode()
    text = said(done)
    assert "student: dora Dora Dahl" in text
    assert f"grade: {grades(graded.out)['dora']['final_score']} of 10" in text
    assert "the two calls overlap" in text
    for number, line in enumerate(SERIAL.splitlines(), 1):
        assert f"{number:5} | {line}".rstrip() in text
    assert text.endswith("replayed: the same verdict\n")


def test_explain_grade_says_who_has_the_same_program(graded: Graded) -> None:
    assert "the same program as: anna, carla" in said(
        asyncgrade("explain-grade", graded.out, "ben")
    )


@pytest.mark.parametrize("command", [("explain-grade",), ("override", "5", "--reason", "x")])
def test_unknown_student_gets_a_hint(graded: Graded, command: tuple[str, ...]) -> None:
    done = asyncgrade(command[0], graded.out, "dorra", *command[1:])
    assert done.returncode == 2
    (line,) = complaints(done)
    assert "dorra" in line
    assert "did you mean" in line.lower()
    assert "dora" in line.replace("dorra", "")


@pytest.mark.parametrize(
    "format", ["csv", "canvas", "moodle", "gradescope", "classroom50", "jsonl"]
)
def test_every_format_is_written_from_the_gradebook(
    graded: Graded, tmp_path: Path, format: str
) -> None:
    target = tmp_path / format
    done = asyncgrade("export", graded.out, "--format", format, "--out", target)
    assert done.returncode == 0, done.stderr.decode()
    written = [Path(line.removeprefix("written: ")) for line in said(done).splitlines()]
    assert all(path.stat().st_size for path in written)
    if format == "csv":
        assert target.read_bytes() == graded.csv
    elif format == "jsonl":
        lines = [json.loads(line) for line in target.read_text("utf-8").splitlines()]
        assert len(lines) == len(NAMES)
    elif format == "gradescope":
        results = json.loads((target / "anna" / "results.json").read_bytes())
        assert results["score"] == 10
    else:
        text = "".join(path.read_text("utf-8") for path in written)
        assert "anna" in text


# --- what an LMS gave --------------------------------------------------------------------------


def test_canvas_late_marks_and_resubmissions_fill_its_gradebook(tmp_path: Path) -> None:
    source = tmp_path / "submissions"
    source.mkdir()
    for name, program in {
        "doejane_LATE_5362839_70000001_exercise_2.py": RIGHT,
        "okaforchidi_5362840_70000002_exercise_2.py": SERIAL,
        "okaforchidi_5362840_70000003_exercise_2-1.py": f"{RIGHT}\nsecond = True\n",
        "strangersam_5369999_70000004_exercise_2.py": SWAPPED,
    }.items():
        (source / name).write_text(program, encoding="utf-8")
    book = (TEMPLATES / "canvas-gradebook.csv").read_text("utf-8")
    (tmp_path / "book.csv").write_text(book.replace("Exercise 3", "Exercise 2"), "utf-8")
    late = tmp_path / "late.yaml"
    late.write_text("percent_a_day: 20\n", encoding="utf-8")
    archive = shutil.make_archive(str(tmp_path / "submissions"), "zip", source)
    done = batch(
        *(Path(archive), tmp_path / "out", "--seed", SEED, "--late", late),
        *("--into", tmp_path / "book.csv", "--column", "9876543"),
    )
    assert done.returncode == 0
    assert said(done).startswith("recognised: Canvas download, 3 submissions, 1 earlier attempt")
    rows = grades(tmp_path / "out")
    jane, chidi = rows["5362839"], rows["5362840"]
    assert [jane[c] for c in ("late", "score", "penalty", "final_score")] == ["yes", "10", "2", "8"]
    assert (chidi["attempt"], chidi["final_score"], chidi["late"]) == ("2", "10", "no")
    filled = table_text(tmp_path / "book-filled.csv")
    wanted = table_text(tmp_path / "book.csv")
    assert filled == wanted.replace("101-B,6.5", "101-B,10")
    assert "strangersam" in said(done)
    assert "(2 scores in the column Exercise 2 (9876543))" in said(done)


def test_moodle_worksheet_is_filled(tmp_path: Path) -> None:
    source = folders(
        tmp_path / "submissions",
        {
            "Jane Doe_12345_assignsubmission_file": SERIAL,
            "Chidi Okafor_12346_assignsubmission_file": RIGHT,
        },
    )
    shutil.copy(TEMPLATES / "moodle-offline-worksheet.csv", tmp_path / "sheet.csv")
    done = batch(source, tmp_path / "out", "--into", tmp_path / "sheet.csv")
    assert done.returncode == 0
    assert said(done).startswith("recognised: Moodle download, 2 submissions")
    scores = {row["lms_id"]: row["final_score"] for row in grades(tmp_path / "out").values()}
    before, after = (table_text(tmp_path / name) for name in ("sheet.csv", "sheet-filled.csv"))
    serial = scores["12345"]
    assert scores["12346"] == "10"
    assert after == before.replace(",8.00,", f",{serial},").replace(",6.50,", ",10,")


def table_text(path: Path) -> str:
    return path.read_bytes().decode("utf-8").replace("\r\n", "\n")


# --- what is refused ---------------------------------------------------------------------------


def refused(code: int, done: object, *words: str) -> None:
    """Refused with that exit code, in few lines, which say these words."""
    assert done.returncode == code, done  # type: ignore[attr-defined]
    lines = complaints(done)  # type: ignore[arg-type]
    assert 1 <= len(lines) <= 6
    assert lines[0].startswith("asyncgrade: ") or code == 3
    text = "\n".join(lines)
    assert [word for word in words if word not in text] == [], text


def test_wrong_use_is_two_and_says_the_next_step(graded: Graded, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    refused(2, batch(empty, tmp_path / "o1"), "no submissions in empty")
    assert not (tmp_path / "o1").exists()
    refused(2, batch(graded.source, graded.out, exercise="exercise-1"), "exercise-2", "folder")
    refused(2, batch(graded.source, graded.out, "--seed", "other"), "another seed")
    refused(2, batch(graded.source, tmp_path / "o2", exercise="exercise-99"), "exercise-99")
    refused(2, batch(graded.source, tmp_path / "o3", "--layout", "x"), "layout", "folders")
    refused(2, asyncgrade("export", empty, "--format", "csv"), "gradebook.sqlite", "--out")
    assert (graded.out / "grades.csv").read_bytes() == graded.csv


def test_foreign_gradebook_is_left_as_it_is(graded: Graded, tmp_path: Path) -> None:
    foreign = tmp_path / "gradebook.sqlite"
    foreign.write_bytes(b"not ours, and worth keeping\n" * 99)
    before = state_of(tmp_path)
    refused(2, batch(graded.source, tmp_path), "gradebook.sqlite", "not a gradebook")
    assert state_of(tmp_path) == before


def test_exercise_at_fault_is_three(graded: Graded, tmp_path: Path) -> None:
    text = (EXERCISES / "exercise-2.yaml").read_text("utf-8")
    (tmp_path / "exercise-2.yaml").write_text(text.replace("duration: 3", "duration: -3"), "utf-8")
    done = batch(graded.source, tmp_path / "out", "--exercises", tmp_path)
    refused(3, done, "exercise-2.yaml:", "duration")
