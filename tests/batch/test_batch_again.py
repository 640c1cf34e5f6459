"""One gradebook, several batches: new downloads, absence, rules that stay, a changed exercise."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from grader.batch import lanes
from grader.batch.evidence import hash_of_exercise
from grader.batch.lanes import EXERCISE_CHANGED, Job, Setup, run_job
from tests.batch.class_maker import RIGHT, SERIAL, batch, complaints, folders, grades, said
from tests.cli.commands import asyncgrade
from tests.helpers import ROOT

EXERCISE = ROOT / "exercises" / "exercise-2.yaml"


def download(folder: Path, *names: str, program: str = RIGHT) -> Path:
    """A Canvas download with one program under these names."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in names:
        (folder / name).write_text(program, encoding="utf-8")
    return folder


def test_a_newer_download_counts_whatever_the_files_are_called(tmp_path: Path) -> None:
    out = tmp_path / "out"
    old = download(tmp_path / "c", "doejane_5362839_7_exercise_2-1.py", program=SERIAL)
    batch(old, out, "-j", "1")
    assert grades(out)["5362839"]["passed"] == "no"
    batch(download(tmp_path / "c", "doejane_5362839_8_solution.py"), out, "-j", "1")
    assert grades(out)["5362839"]["passed"] == "yes"


def test_who_was_absent_hands_in_later_and_is_one_student(tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text(
        "login,name,canvas_id\njdoe,Jane Doe,5362839\ncokafor,Chidi Okafor,5362840\n", "utf-8"
    )
    out, source = tmp_path / "out", tmp_path / "c"
    first = batch(
        download(source, "okaforchidi_5362840_1_a.py"), out, "-j", "1", "--roster", roster
    )
    assert first.returncode == 0
    assert said(first).startswith("recognised: Canvas download, 1 submission")
    assert "\n1 submission: 1 passed everything, 0 did not, 1 on the roster handed" in said(first)
    absent = next(row for row in grades(out).values() if row["name"] == "Jane Doe")
    assert absent["problem"] == "nothing was handed in"
    names = ("okaforchidi_5362840_1_a.py", "doejane_5362839_2_a.py")
    batch(download(source, *names), out, "-j", "1", "--roster", roster)
    assert {key: row["passed"] for key, row in grades(out).items()} == {
        "5362839": "yes",
        "5362840": "yes",
    }


def test_absence_from_a_later_download_takes_no_grade(tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("login,name\nanna,Anna A\nben,Ben B\n", "utf-8")
    out = tmp_path / "out"
    batch(folders(tmp_path / "1", {"anna": RIGHT, "ben": SERIAL}), out, "--roster", roster)
    batch(folders(tmp_path / "2", {"ben": RIGHT}), out, "--roster", roster)
    assert {key: row["passed"] for key, row in grades(out).items()} == {"anna": "yes", "ben": "yes"}
    without = batch(folders(tmp_path / "3", {"ben": RIGHT}), out)
    assert "1 student of earlier runs not among these submissions; the grades stay: anna" in said(
        without
    )


def test_late_policy_and_keep_hold_for_export_and_explanation(tmp_path: Path) -> None:
    names = ("doejane_LATE_5362839_1_exercise_2.py",)
    late, out = tmp_path / "late.yaml", tmp_path / "out"
    late.write_text("percent_a_day: 20\n", "utf-8")
    batch(download(tmp_path / "c", *names), out, "--late", late, "--keep", "best")
    late.unlink()
    assert grades(out)["5362839"]["final_score"] == "8"
    assert "grade: 8 of 10" in said(asyncgrade("explain-grade", out, "5362839", "--no-replay"))
    asyncgrade("export", out, "--format", "csv", "--out", tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == (out / "grades.csv").read_bytes()
    batch(download(tmp_path / "c", names[0].replace("_2.py", "_2-1.py"), program=SERIAL), out)
    assert grades(out)["5362839"]["final_score"] == "8"


def test_late_policy_says_whom_it_can_not_judge(tmp_path: Path) -> None:
    late = tmp_path / "late.yaml"
    late.write_text("percent_a_day: 20\n", "utf-8")
    done = batch(folders(tmp_path / "c", {"anna": RIGHT}), tmp_path / "out", "--late", late)
    assert "late policy: 1 without a time and without a late mark, taken as in time" in said(done)


def test_nothing_is_written_among_the_submissions(tmp_path: Path) -> None:
    source = folders(tmp_path / "class", {"anna": RIGHT})
    before = sorted(source.rglob("*"))
    for done in (
        asyncgrade("batch", "exercise-2", ".", cwd=source),
        batch(source, source / "anna" / "out"),
        batch(source, tmp_path / "out", "--feedback", source / "feedback"),
    ):
        assert done.returncode == 2
        (line, hint) = complaints(done)
        assert "where the submissions are" in line
        assert hint.startswith("Choose another folder with --out")
    assert sorted(source.rglob("*")) == before


def test_export_never_overwrites_the_gradebook(tmp_path: Path) -> None:
    out = tmp_path / "out"
    batch(folders(tmp_path / "class", {"anna": RIGHT}), out)
    before = (out / "gradebook.sqlite").read_bytes()
    done = asyncgrade("export", out, "--format", "csv", "--out", out / "gradebook.sqlite")
    assert done.returncode == 2
    assert (out / "gradebook.sqlite").read_bytes() == before


def test_replay_says_that_the_exercise_has_changed(tmp_path: Path) -> None:
    exercises = tmp_path / "exercises"
    exercises.mkdir()
    text = EXERCISE.read_text("utf-8")
    (exercises / EXERCISE.name).write_text(text, "utf-8")
    out = tmp_path / "out"
    batch(folders(tmp_path / "class", {"anna": RIGHT}), out, "--exercises", exercises)
    changed = text.replace("points: 5", "points: 6")
    assert changed != text
    (exercises / EXERCISE.name).write_text(changed, "utf-8")
    done = asyncgrade("explain-grade", out, "anna", "--exercises", exercises)
    assert done.returncode == 1
    assert complaints(done)[-1] == "The exercise has been changed since."


def test_a_lane_grades_with_the_exercise_that_the_batch_has_read(tmp_path: Path) -> None:
    file = tmp_path / EXERCISE.name
    shutil.copy(EXERCISE, file)
    setup = Setup(str(file), hash_of_exercise(file), "seed")
    with file.open("a", encoding="utf-8") as text:
        text.write("\n# later\n")
    graded = run_job(setup, Job("a.py", "program.py", RIGHT.encode()))
    assert (graded.grade, graded.problem) == (None, EXERCISE_CHANGED)


def test_lanes_run_the_grader_that_was_started(tmp_path: Path) -> None:
    other = tmp_path / "site"
    (other / "grader").mkdir(parents=True)
    for name in ("__init__.py", "__main__.py"):
        (other / "grader" / name).write_text("raise ImportError('another version')\n", "utf-8")
    source = folders(tmp_path / "class", {"anna": RIGHT})
    done = asyncgrade(
        *("batch", "exercise-2", source, "--out", tmp_path / "out"),
        cwd=ROOT,
        command=(sys.executable, "-m", "grader"),
        PYTHONPATH=str(other),
    )
    assert (done.returncode, complaints(done)) == (0, [])
    assert "1 submission: 1 passed everything" in said(done)


def test_a_failure_of_ours_is_one_students_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: object, **options: object) -> None:
        raise IndexError("expected values")

    monkeypatch.setattr(lanes, "grade", fails)
    setup = Setup(str(EXERCISE), hash_of_exercise(EXERCISE), "seed")
    graded = run_job(setup, Job("a.py", "program.py", RIGHT.encode()))
    lanes._lane(setup).close()
    lanes._lane.cache_clear()
    assert graded.problem == "the grader failed with IndexError; please report it"
