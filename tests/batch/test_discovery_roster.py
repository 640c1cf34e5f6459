"""A roster completes students by login, id, e-mail or exact name, and guesses nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.batch.discovery.roster import Roster, read_roster
from grader.batch.records import BatchError, Student

CLASSROOM = """"identifier","github_username","github_id","name"
"jane.doe@example.edu","doejane","1234567","Jane Doe"
"chidi.okafor@example.edu","okaforc","7654321","Chidi Okafor"
"ana.nunez@example.edu","","",""
"""
CLASSROOM50 = """username,first_name,last_name,email,section,github_id,role
doejane,Jane,Doe,jane.doe@example.edu,A,1234567,student
prof,Ada,Prof,ada@example.edu,A,1,teacher
"""
CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Exercise 3 (9876543)
    Points Possible,,,,,10
"Doe, Jane",5362839,20260001,jane.doe,ASYNC-101-A,8
"""
MOODLE = """Identifier,"Full name","ID number","Email address",Status
"Participant 12345","Jane Doe",20260001,jane.doe@example.edu,Submitted
"""


def roster(tmp_path: Path, text: str | bytes) -> Roster:
    path = tmp_path / "roster.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_roster(path)


def test_classroom_roster_gives_names_to_logins(tmp_path: Path) -> None:
    matched = roster(tmp_path, CLASSROOM).match([Student("DoeJane", login="DoeJane")])
    assert matched.completed["DoeJane"] == Student(
        "DoeJane", "Jane Doe", "doejane", "", "jane.doe@example.edu"
    )
    assert [s.key for s in matched.absent] == ["okaforc", "ana.nunez@example.edu"]


def test_teacher_of_classroom50_is_not_missed(tmp_path: Path) -> None:
    people = roster(tmp_path, "\ufeff" + CLASSROOM50)
    assert [s.name for s in people.match([]).absent] == ["Jane Doe"]
    assert people.logins == {"doejane", "prof"}


@pytest.mark.parametrize(
    "student",
    [
        Student("5362839", lms_id="5362839"),
        Student("20260001"),
        Student("x", login="JANE.DOE"),
        Student("y", name="jane  doe"),
    ],
)
def test_canvas_gradebook_serves_as_a_roster(tmp_path: Path, student: Student) -> None:
    matched = roster(tmp_path, CANVAS).match([student])
    assert matched.completed[student.key].name == "Jane Doe"
    assert matched.absent == []


def test_moodle_worksheet_serves_as_a_roster(tmp_path: Path) -> None:
    matched = roster(tmp_path, MOODLE).match([Student("12345", lms_id="12345")])
    assert matched.completed["12345"].email == "jane.doe@example.edu"


@pytest.mark.parametrize("header", ["E-Mail;Name;ID", "NAME;id;Email Address", "Id;mail;full_name"])
def test_columns_come_in_any_order_and_spelling(tmp_path: Path, header: str) -> None:
    cells = {"e": "a@b.c", "m": "a@b.c", "n": "Ann", "f": "Ann", "i": "7"}
    line = ";".join(cells[title[0].lower()] for title in header.split(";"))
    (person,) = roster(tmp_path, f"{header}\n{line}\n").people
    assert person.student == Student("7", "Ann", "", "7", "a@b.c")


def test_two_with_one_name_stay_unmatched(tmp_path: Path) -> None:
    people = roster(tmp_path, "name,id\nJane Doe,1\n")
    matched = people.match([Student("8", name="Jane Doe"), Student("9", name="Jane Doe")])
    assert matched.unmatched == ["8", "9"]
    assert matched.absent == []
    twice = roster(tmp_path, "name,id\nJane Doe,1\nJane Doe,2\n")
    assert twice.match([Student("8", name="Jane Doe")]).unmatched == ["8"]


@pytest.mark.parametrize("key", ["Núñez, Ana", "Ana Núñez", "Nu\u0301n\u0303ez, Ana"])
def test_a_folder_is_the_name_of_the_roster_in_either_order(tmp_path: Path, key: str) -> None:
    people = roster(tmp_path, "name,login\nAna Núñez,nunez\n")
    matched = people.match([Student(key)])
    assert matched.completed[key].login == "nunez"
    assert matched.unmatched == []


def test_an_id_counts_more_than_a_name(tmp_path: Path) -> None:
    people = roster(tmp_path, "name,id\nJane Doe,1\n")
    matched = people.match([Student("1", lms_id="1"), Student("9", name="Jane Doe")])
    assert list(matched.completed) == ["1"]
    assert matched.unmatched == ["9"]


def test_key_of_an_absent_student_is_unique(tmp_path: Path) -> None:
    people = roster(tmp_path, "name\nAnn\nAnn\n")
    assert [s.key for s in people.match([]).absent] == ["Ann", "Ann (2)"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("login\na\nb\nA\n", "lines 2 and 4 both say a"),
        ("colour,size\nred,1\n", "no column that says who"),
        ("", "its first row is: nothing"),
        (b"name\n\xff\n", "is not UTF-8 in line 2"),
        ("name\n" + "x" * 200_000, "field larger"),
    ],
)
def test_bad_roster_is_refused_in_clear_words(tmp_path: Path, text: str | bytes, line: str) -> None:
    with pytest.raises(BatchError, match=line):
        roster(tmp_path, text)


def test_missing_roster_is_named(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match="there is no file"):
        read_roster(tmp_path / "none.csv")
    with pytest.raises(BatchError, match=r"not an ordinary file|directory|denied"):
        read_roster(tmp_path)
