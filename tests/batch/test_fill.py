"""A gradebook from the LMS is filled: one column, matched students, and not a byte more."""

from __future__ import annotations

import csv
import io
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.batch.exports.fill import NO_MATCH, Filled, fill
from grader.batch.exports.scan import scan
from grader.batch.records import BatchError, Override, Student
from tests.batch.golden.grades import HOSTILE, TEMPLATES, row

CANVAS = (TEMPLATES / "canvas-gradebook.csv").read_text(encoding="utf-8")
MOODLE = (TEMPLATES / "moodle-offline-worksheet.csv").read_text(encoding="utf-8")
SEMICOLON = (TEMPLATES / "canvas-semicolon.csv").read_text(encoding="utf-8")
GERMAN = (TEMPLATES / "moodle-german.csv").read_text(encoding="utf-8")
JANE = Student("doejane", "Jane Doe", "", "5362839")
CHIDI = Student("okaforc", "", "chidi.okafor")
DOWNLOADED = "doejane_5362839_74575800_exercise_3.py"  # of Canvas: the number is Canvas's


def fill_text(folder: Path, text: str | bytes, grades: list, **options) -> tuple[Filled, str]:
    path = folder / "book.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    filled = fill(path, iter(grades), **options)
    return filled, filled.written.read_bytes().decode("utf-8")


def scored(student: Student, score: float, **changes: object):
    return row(student, score=score, **changes)


# --- what is filled ----------------------------------------------------------------------------


def test_canvas_by_id_login_and_name(tmp_path: Path) -> None:
    text = CANVAS.replace("EX", "-")
    ana = Student("nunez", "Ana Núñez")
    grades = [scored(JANE, 9), scored(CHIDI, 0.1 + 0.2), scored(ana, 10)]
    filled, after = fill_text(tmp_path, text, grades)
    wanted = text.replace("101-A,8", "101-A,9").replace("101-B,6.5", "101-B,0.3")
    assert after == wanted.replace("101-B,-", "101-B,10")
    assert filled == Filled(
        tmp_path / "book-filled.csv", 3, [], [], "Exercise 3 (9876543)", "Canvas"
    )
    assert (tmp_path / "book.csv").read_bytes().decode("utf-8") == text


def test_excused_and_ungraded_students_are_left_alone_and_listed(tmp_path: Path) -> None:
    ana = Student("nunez", "", "", "5362841")
    ungraded = row(CHIDI, problem="no Python file")
    filled, after = fill_text(tmp_path, CANVAS, [scored(JANE, 9), ungraded, scored(ana, 10)])
    assert after == CANVAS.replace("101-A,8", "101-A,9")
    assert filled.matched == 1
    assert filled.unmatched_rows == [
        "Okafor, Chidi (5362840): not graded",
        "Núñez, Ana (5362841): excused (EX)",
    ]
    assert filled.unmatched_students == ["okaforc: not graded: no Python file"]


def test_what_counts_is_the_final_score(tmp_path: Path) -> None:
    late = scored(JANE, 9, penalty=1.25)
    overridden = scored(CHIDI, 9, penalty=1.25, override=Override(8.5, "", ""))
    after = fill_text(tmp_path, CANVAS, [late, overridden])[1]
    assert "101-A,7.75" in after
    assert "101-B,8.5" in after


def test_semicolons_quotes_and_decimal_commas_stay(tmp_path: Path) -> None:
    grades = [scored(JANE, 7.5), scored(CHIDI, 10)]
    filled, after = fill_text(tmp_path, SEMICOLON, grades)
    wanted = SEMICOLON.replace("A;;;17,5", "A;;7,5;17,5")
    assert after == wanted.replace('""x""";6,5', '""x""";10')
    assert filled.column == "Exercise 3 (987)"


def test_moodle_by_participant_and_e_mail(tmp_path: Path) -> None:
    grades = [
        scored(Student("a", "", "", "12345"), 7.5),
        scored(Student("b", "", "", "", "chidi.okafor@example.edu"), 10),
    ]
    filled, after = fill_text(tmp_path, MOODLE, grades)
    assert after == MOODLE.replace(",8.00,", ",7.5,").replace(",6.50,", ",10,")
    assert (filled.column, filled.kind, filled.matched) == ("Grade", "Moodle", 2)


def test_a_translated_worksheet_is_known_by_its_values(tmp_path: Path) -> None:
    grades = [scored(Student("a", "", "", "12345"), 7.5), scored(Student("b", "Chidi Okafor"), 3)]
    filled, after = fill_text(tmp_path, GERMAN, grades)
    assert after == GERMAN.replace(',,"10,00"', ',"7,5","10,00"').replace('"6,50"', '"3"')
    assert filled.column == "Bewertung"


@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_byte_order_mark_and_line_ends_stay(tmp_path: Path, bom: str, end: str) -> None:
    for text in (CANVAS, CANVAS.rstrip("\n")):
        before = bom + text.replace("\n", end)
        after = fill_text(tmp_path, before, [scored(JANE, 9)], overwrite=True)[1]
        assert after == before.replace("101-A,8", "101-A,9")


def test_mixed_line_ends_blank_lines_and_a_quoted_last_cell_stay(tmp_path: Path) -> None:
    before = (
        "Student,ID,Section,Exercise 3\r\n\r\n    Points Possible,,,10\n"
        ',,"Manual Posting",\r\n"A\n""B""",1,"s", 4 \r"C",2,,"5"'
    )
    grades = [scored(Student("a", "", "", "1"), 6), scored(Student("b", "C"), 7)]
    filled, after = fill_text(tmp_path, before, grades)
    assert after == before.replace(" 4 ", "6").replace('"5"', '"7"')
    assert filled.unmatched_rows == []


cells = st.text("ab\"';\n\r é=", max_size=5)
scores = st.integers(0, 200).map(lambda number: number / 20)


def forms_of(cell: str) -> list[str]:
    """The ways to write a cell."""
    quoted = '"' + cell.replace('"', '""') + '"'
    return [quoted] if re.search('[",;\t\r\n]', cell) else [quoted, cell]


@given(st.data())
@settings(max_examples=100)
def test_only_the_cells_of_matched_students_change(tmp_path_factory, data) -> None:
    """Random tables, written with random quoting and line ends, by whatever delimiter."""
    delimiter = data.draw(st.sampled_from(",;\t"))
    size = data.draw(st.integers(1, 6))
    header = ["Student", "ID", "Section", *data.draw(st.lists(cells, max_size=3)), "Exercise 3 (9)"]
    table = [header] + [
        [f"n{at}", str(at), *(data.draw(cells) for _ in header[2:-1]), data.draw(cells)]
        for at in range(size)
    ]
    text = data.draw(st.sampled_from(["", "\ufeff"]))
    for line in table:
        text += delimiter.join(data.draw(st.sampled_from(forms_of(cell))) for cell in line)
        text += data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
    handed_in = data.draw(st.sets(st.integers(0, size - 1), min_size=1))
    grades = [scored(Student(f"k{at}", "", "", str(at)), data.draw(scores)) for at in handed_in]
    folder = tmp_path_factory.mktemp("fill")
    after = fill_text(folder, text, grades)[1]

    def apart(text: str) -> tuple[list[str], dict[tuple[int, int], str]]:
        """All between the changed cells, and these cells."""
        parts, at, changed = [], 0, {}
        for line, record in enumerate(scan(text, delimiter)):
            if record and line and record[1].value in {str(one) for one in handed_in}:
                field = record[len(header) - 1]
                parts.append(text[at : field.start])
                changed[line, int(record[1].value)] = field.value
                at = field.end
        return [*parts, text[at:]], changed

    assert apart(after)[0] == apart(text)[0]
    written = {number: value for (_, number), value in apart(after)[1].items()}
    assert {float(value) for value in written.values()} == {grade.score for grade in grades}
    reader = csv.reader(io.StringIO(after.removeprefix("\ufeff"), newline=""), delimiter=delimiter)
    again = [line for line in reader if line]
    assert [line[:-1] for line in again] == [line[:-1] for line in table]
    for at, line in enumerate(again[1:]):
        wanted = [grade.score for grade in grades if grade.student.lms_id == str(at)]
        assert [float(line[-1])] == wanted if wanted else line[-1] == table[at + 1][-1]


def test_hostile_students_change_nothing_but_their_scores(tmp_path: Path) -> None:
    eve = scored(Student(HOSTILE, HOSTILE, HOSTILE, "5362839", HOSTILE), 9, path=DOWNLOADED)
    filled, after = fill_text(tmp_path, CANVAS, [eve, scored(Student(HOSTILE * 99), 1)])
    assert after == CANVAS.replace("101-A,8", "101-A,9")
    (line,) = filled.unmatched_students
    assert len(line) < 200
    assert "\n" not in line
    assert "\x1b" not in line


# --- who is matched ----------------------------------------------------------------------------


def book(*lines: str) -> str:
    return "\n".join(["Student,ID,SIS Login ID,Section,Exercise 3", *lines, ""])


def test_two_students_for_one_row_and_two_rows_for_one_student_are_refused(tmp_path: Path) -> None:
    before = book('"Doe, Jane",,,A,', "Li Wei,,,A,", "Li Wei,,,B,", "Sam,7,,A,", "Sam,8,,A,")
    grades = [
        scored(Student("one", "Jane Doe"), 1),
        scored(Student("two", "Doe, Jane"), 2),
        scored(Student("li", "Li Wei"), 3),
        scored(Student("sam", "Sam", "", "8"), 4),
        scored(Student("nobody", "Nobody"), 5),
    ]
    filled, after = fill_text(tmp_path, before, grades)
    assert after == before.replace("Sam,8,,A,", "Sam,8,,A,4")
    assert filled.matched == 1
    assert filled.unmatched_rows == [
        "Doe, Jane: 2 students fit: Jane Doe (one), Doe, Jane (two)",
        "Li Wei: another row fits Li Wei (li) too",
        "Li Wei: another row fits Li Wei (li) too",
        "Sam (7)",
    ]
    assert filled.unmatched_students == [
        "Jane Doe (one): another student fits the row of Doe, Jane too",
        "Doe, Jane (two): another student fits the row of Doe, Jane too",
        "Li Wei (li): 2 rows fit: Li Wei, Li Wei",
        "Nobody (nobody)",
    ]


def test_a_student_who_is_there_twice_is_refused(tmp_path: Path) -> None:
    filled, after = fill_text(tmp_path, CANVAS, [scored(JANE, 1), scored(JANE, 2)])
    assert after == CANVAS
    assert filled.matched == 0
    assert len(filled.unmatched_students) == 2


def test_another_id_is_another_person_whatever_the_name(tmp_path: Path) -> None:
    before = book('"Doe, Jane",7,,A,', '"Okafor, Chidi",8,,A,')
    chidi, other_jane = Student("c", "", "", "8"), Student("j", "Jane Doe", "", "5")
    filled, after = fill_text(tmp_path, before, [scored(chidi, 1), scored(other_jane, 2)])
    assert after == before.replace("8,,A,", "8,,A,1")
    assert filled.unmatched_students == ["Jane Doe (j)"]


def test_ids_of_another_system_do_not_hinder(tmp_path: Path) -> None:
    before = book('"Doe, Jane",7,jane,A,', '"Okafor, Chidi",8,chidi,A,')
    grades = [
        scored(Student("c", "", "chidi", "900"), 1),
        scored(Student("j", "Jane Doe", "", "901"), 2),
    ]
    assert fill_text(tmp_path, before, grades)[0].matched == 2


@pytest.mark.parametrize("name", ["jane doe", "Jane  B. Doe", "Doe", "Doe Jane", ""])
def test_names_that_are_only_alike_are_not_matched(tmp_path: Path, name: str) -> None:
    assert fill_text(tmp_path, CANVAS, [scored(Student("x", name), 1)])[0].matched == 0


SIS = "Student,ID,SIS User ID,SIS Login ID,Section,Exercise 3"
DOERR, DOE = '"Doerr, Jake",7,70,doejane,A,', '"Doe, Jane",8,80,jane.doe,A,'


def sis_book(*lines: str) -> str:
    return "\n".join([SIS, *lines, ""])


@pytest.mark.parametrize(
    ("student", "why"),
    [
        (
            Student("doejane", "Jane Doe", "doejane"),
            "the login fits Doerr, Jake (7), the name fits Doe, Jane (8)",
        ),
        (
            Student("doejane", "Jane Doe", "jane.doe", "70"),
            "the student number fits Doerr, Jake (7), the login fits Doe, Jane (8), "
            "the name fits Doe, Jane (8)",
        ),
        (
            Student("j", "Jane Doe", "", "7"),
            "the number fits Doerr, Jake (7), the name fits Doe, Jane (8)",
        ),
        (
            Student("j", "", "", "7", "Jane.Doe"),
            "the number fits Doerr, Jake (7), the e-mail address fits Doe, Jane (8)",
        ),
        (
            Student("j", "Eve Roe", "doejane"),
            "the login fits Doerr, Jake (7), but the names differ",
        ),
        (
            Student("j", "Eve Roe", "doejane", "70"),
            "the student number and the login fit Doerr, Jake (7), but the names differ",
        ),
    ],
)
def test_what_points_to_somebody_else_is_refused_with_the_reason(
    tmp_path: Path, student: Student, why: str
) -> None:
    before = sis_book(DOERR, DOE)
    filled, after = fill_text(tmp_path, before, [scored(student, 9)])
    assert after == before
    assert filled.unmatched_students == [
        f"{student.name or 'j'} ({student.key}): {why}".replace("j (j)", "j")
    ]
    doubt = f"it is not clear whether {student.name or 'j'} ({student.key}) fits".replace(
        "j (j)", "j"
    )
    assert f"Doerr, Jake (7): {doubt}" in filled.unmatched_rows


def test_who_is_refused_keeps_nobody_else_from_their_row(tmp_path: Path) -> None:
    before = sis_book(DOERR, DOE)
    jane = scored(Student("doejane", "Jane Doe", "doejane"), 9)
    jake = scored(Student("jake", "Jake Doerr", "jdoerr"), 5)
    filled, after = fill_text(tmp_path, before, [jane, jake])
    assert after == before.replace(DOERR, f"{DOERR}5")
    assert len(filled.unmatched_students) == len(filled.unmatched_rows) == 1


def test_the_row_that_a_refused_student_is_named_in_is_nobody_elses_by_login(
    tmp_path: Path,
) -> None:
    before = sis_book(DOERR, DOE)
    grades = [
        scored(Student("doejane", "Jane Doe", "doejane"), 9),
        scored(Student("x", "", "jane.doe"), 5),
    ]
    assert fill_text(tmp_path, before, grades)[1] == before


@pytest.mark.parametrize(
    "name",
    ["", "Jane Mary Doe", "jane doe", "Jané Doe", "DOE JANE", "Liz Doe", "J. Doe", "doejane"],
)
def test_a_login_counts_when_the_names_differ_as_names_do(tmp_path: Path, name: str) -> None:
    grade = scored(Student("x", name, "Jane.Doe"), 9)
    assert fill_text(tmp_path, sis_book(DOERR, DOE), [grade])[0].matched == 1


@pytest.mark.parametrize(
    ("name", "in_the_file"),
    [
        ("Jörg Müller", "Mueller, Joerg"),
        ("Jörg Müller", "Muller, Jorg"),
        ("Søren Bjørn", "Bjorn, Soren"),
        ("Łukasz Główka", "Glowka, Lukasz"),
        ("Işıl Çınar", "Cinar, Isil"),
        ("王伟", "Wang, Wei"),
    ],
)
def test_a_login_counts_when_a_name_is_spelled_in_another_way(
    tmp_path: Path, name: str, in_the_file: str
) -> None:
    book = sis_book(f'"{in_the_file}",7,70,login,A,')
    assert fill_text(tmp_path, book, [scored(Student("x", name, "login"), 9)])[0].matched == 1


def test_a_spreadsheet_may_drop_the_zeros_of_a_number(tmp_path: Path) -> None:
    book = sis_book('"Doe, Jane",7,00123,jdoe,A,', '"Roe, Sam",8,00124,sroe,A,')
    grades = [
        scored(Student("jdoe", "Jane Doe", "jdoe", "123"), 9),
        scored(Student("sroe", "Sam Roe", "sroe", "124"), 8),
    ]
    assert fill_text(tmp_path, book, grades)[0].matched == 2


def test_a_namesake_takes_nothing_from_whom_login_and_name_fit(tmp_path: Path) -> None:
    book = sis_book('"Doe, Jane",7,70,jdoe,A,', '"Doe, Jane Marie",8,80,jmdoe,A,')
    grades = [
        scored(Student("jdoe", "Jane Doe", "jdoe"), 9),
        scored(Student("jmdoe", "Jane Doe", "jmdoe"), 8),
    ]
    filled, after = fill_text(tmp_path, book, grades)
    assert '"Doe, Jane",7,70,jdoe,A,9' in after
    assert len(filled.unmatched_students) == 1


def test_who_was_absent_claims_no_row(tmp_path: Path) -> None:
    book = sis_book(DOERR, DOE)
    grades = [
        scored(Student("8", "Jane Doe"), 9),
        scored(Student("jane.doe", "Jane Doe", "jane.doe"), 0, attempt=0, problem="nothing"),
    ]
    filled, after = fill_text(tmp_path, book, grades)
    assert after == book.replace(DOE, f"{DOE}9")
    assert filled.unmatched_students == []


def test_a_row_without_a_name_does_not_contradict(tmp_path: Path) -> None:
    before = sis_book(",8,80,jane.doe,A,")
    grade = scored(Student("x", "Jane Doe", "jane.doe"), 9)
    assert fill_text(tmp_path, before, [grade])[0].matched == 1
    blind = MOODLE.replace("Jane Doe", "Participant 12345")
    grade = scored(Student("x", "Jane Doe", "", "12345"), 9)
    assert fill_text(tmp_path, blind, [grade], overwrite=True)[0].matched == 1


def test_canvas_numbers_of_a_canvas_download_count_more_than_names(tmp_path: Path) -> None:
    before = sis_book(DOERR, DOE, '"Roe, Sam",9,5,sam,A,')
    path = "download/doe_8_74575800_exercise_3.py"
    for student, is_matched in (
        (Student("8", "Alex Smith", "", "8"), True),
        (Student("8", "Jake Doerr", "", "8"), True),  # an equal name alone is another person's
        (Student("8", "Alex Smith", "doejane", "8"), True),
        (Student("8", "Jake Doerr", "doejane", "8"), False),  # name and login of another
    ):
        filled, after = fill_text(tmp_path, before, [scored(student, 9, path=path)], overwrite=True)
        assert after == (before.replace(DOE, f"{DOE}9") if is_matched else before)
        assert filled.matched == is_matched
    # A number of Canvas is no number of the institution.
    path = "roe_5_74575800_exercise_3.py"
    grade = scored(Student("5", "roesam", "", "5"), 9, path=path)
    assert fill_text(tmp_path, before, [grade], overwrite=True)[0].matched == 0


def test_moodle_numbers_of_a_moodle_download_count_more_than_names(tmp_path: Path) -> None:
    path = "class/Alex_12345_assignsubmission_file/x_12346_assignsubmission_file/a.py"
    grade = scored(Student("12345", "Alex", "", "12345"), 9, path=path)
    assert fill_text(tmp_path, MOODLE, [grade])[1] == MOODLE.replace(",8.00,", ",9,")


@pytest.mark.parametrize("text", [CANVAS, MOODLE])
def test_the_number_of_the_institution_is_looked_up(tmp_path: Path, text: str) -> None:
    grade = scored(Student("20260001", "Jane M. Doe", "", "20260001"), 9)
    filled, after = fill_text(tmp_path, text, [grade])
    assert filled.matched == 1
    assert after.splitlines()[1:] != text.splitlines()[1:]


def test_numbers_that_are_the_same_by_chance_make_no_system(tmp_path: Path) -> None:
    before = sis_book(*(f'"N{n}, A",{n},,,A,' for n in range(1, 7)))
    grades = [scored(Student(f"k{n}", f"A N{n}", "", str(n + 5)), n) for n in range(1, 7)]
    filled, _ = fill_text(tmp_path, before, grades)
    assert filled.matched == 5
    assert filled.unmatched_students == [
        "A N1 (k1): the number fits N6, A (6), the name fits N1, A (1)"
    ]


@pytest.mark.parametrize("key", ["Jane Doe", "Doe, Jane", "jane.doe", "Jane.Doe", "20260001"])
def test_the_name_of_a_folder_is_tried_as_login_then_as_name(tmp_path: Path, key: str) -> None:
    filled, after = fill_text(tmp_path, CANVAS, [scored(Student(key), 9)])
    assert after == CANVAS.replace("101-A,8", "101-A,9")
    assert filled.notes == ()


def test_a_folder_of_a_student_with_a_name_is_tried_as_nothing(tmp_path: Path) -> None:
    filled, _ = fill_text(tmp_path, CANVAS, [scored(Student("jane.doe", "Eve"), 9)])
    assert filled.matched == 0


def test_when_nobody_fits_a_roster_is_named(tmp_path: Path) -> None:
    filled, after = fill_text(tmp_path, CANVAS, [scored(Student("dj"), 9)])
    assert after == CANVAS
    assert filled.notes == (NO_MATCH,)
    assert "--roster" in NO_MATCH


@pytest.mark.parametrize(("text", "no"), [(MOODLE, "No"), (GERMAN, "Nein")])
def test_grades_that_moodle_keeps_are_left_alone(tmp_path: Path, text: str, no: str) -> None:
    lines = text.splitlines(keepends=True)
    lines[1] = lines[1].replace(",Yes,", f",{no},").replace(",Ja,", f",{no},")
    before = "".join(lines)
    grades = [scored(Student("a", "Jane Doe"), 9), scored(Student("b", "Chidi Okafor"), 3)]
    filled, after = fill_text(tmp_path, before, grades)
    assert after.splitlines()[1] == before.splitlines()[1]
    assert filled.matched == 1
    assert filled.unmatched_rows == [
        "Jane Doe (12345): the file says that this grade can't be changed"
    ]


def test_names_are_equal_whatever_their_normal_form(tmp_path: Path) -> None:
    ana = Student("x", "Nu\u0301n\u0303ez, Ana")
    filled, _ = fill_text(tmp_path, CANVAS.replace("EX", ""), [scored(ana, 1)])
    assert filled.matched == 1


def test_a_row_that_is_too_short_is_left_alone(tmp_path: Path) -> None:
    before = book("Jane Doe,7,,A")
    filled, after = fill_text(tmp_path, before, [scored(Student("j", "Jane Doe"), 1)])
    assert after == before
    assert filled.unmatched_rows == ["Jane Doe (7): the row has 4 of 5 columns"]


# --- which column ------------------------------------------------------------------------------

MANY = (
    "Student,ID,Section,Exercise 3 (11),Exercise 3 again (12),Exercise 30 (13),Final Score\n"
    "    Points Possible,,,10,10,100,(read only)\nJane Doe,5362839,A,,,,50\n"
)


@pytest.mark.parametrize(
    ("column", "found"),
    [
        ("Exercise 3 (11)", "Exercise 3 (11)"),
        ("11", "Exercise 3 (11)"),
        ("exercise 3", "Exercise 3 (11)"),
        (" Exercise 30 ", "Exercise 30 (13)"),
    ],
)
def test_a_column_is_named_by_title_or_number(tmp_path: Path, column: str, found: str) -> None:
    assert fill_text(tmp_path, MANY, [scored(JANE, 9)], column=column)[0].column == found


def test_the_title_of_the_exercise_names_a_column(tmp_path: Path) -> None:
    text = MANY.replace("Exercise 30 (13)", "Week 4: Two users (13)")
    grade = scored(JANE, 9, exercise="exercise-9", title="Two users")
    assert fill_text(tmp_path, text, [grade])[0].column == "Week 4: Two users (13)"


def test_what_was_looked_for_is_named(tmp_path: Path) -> None:
    grade = scored(JANE, 9)
    with pytest.raises(BatchError, match=r"2 columns of the file fit exercise-3\.\n"):
        fill_text(tmp_path, MANY, [replace(grade, title="Await inside")])
    with pytest.raises(
        BatchError, match=r"no column of the file fits Await inside or exercise-7\.\n"
    ):
        fill_text(tmp_path, MANY, [replace(grade, exercise="exercise-7", title="Await inside")])


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (None, "2 columns of the file fit exercise-3"),
        ("Exercise", "no column of the file fits Exercise"),
        ("Final Score", "does not read the column Final Score back"),
        ("ID", "no column of the file fits ID"),
        ("Student", "no column of the file fits Student"),
        ("", "no column of the file fits"),
    ],
)
def test_no_column_or_several_are_refused_with_the_candidates(
    tmp_path: Path, column: str | None, words: str
) -> None:
    with pytest.raises(BatchError, match=words) as caught:
        fill_text(tmp_path, MANY, [scored(JANE, 9)], column=column)
    lines = str(caught.value).splitlines()
    assert lines[2:] == ["  Exercise 3 (11)", "  Exercise 3 again (12)", "  Exercise 30 (13)"]
    assert not (tmp_path / "book-filled.csv").exists()


def test_a_worksheet_never_loses_texts_to_a_column_of_grades(tmp_path: Path) -> None:
    grade = scored(Student("a", "", "", "12345"), 7.5)
    for column in ("Full name", "Identifier", "Status"):
        with pytest.raises(BatchError, match="no column"):
            fill_text(tmp_path, MOODLE, [grade], column=column)
    scale = re.sub("(10.00|8.00|6.50)", "Good", MOODLE)
    with pytest.raises(BatchError, match="no column"):
        fill_text(tmp_path, scale.replace("Grade,", "Note,"), [grade])


def test_other_points_than_the_exercise_has_are_said(tmp_path: Path) -> None:
    filled, _ = fill_text(tmp_path, MANY, [scored(JANE, 9)], column="13")
    assert filled.notes == (
        "The column is worth 100 points and the exercise 10: scores were written as they are.",
    )
    german = GERMAN.replace("10,00", "20,00")
    grade = scored(Student("a", "", "", "12345"), 7.5)
    assert len(fill_text(tmp_path, german, [grade], overwrite=True)[0].notes) == 1


# --- which file --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "neither a Canvas gradebook nor a Moodle"),
        (b"a,b\n1,2\n", "neither"),
        (CANVAS.encode("utf-16"), "not a CSV file in UTF-8"),
        (CANVAS.encode("latin-1"), "not a CSV file in UTF-8"),
        (b"PK\x03\x04\0\0", "not a CSV file in UTF-8"),
        (CANVAS.replace("5362841", '"5362841').encode(), "opened in line 5 is never closed"),
        (CANVAS.splitlines()[0].encode(), "neither"),
    ],
)
def test_other_files_are_refused_in_one_line(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(BatchError, match=words):
        fill_text(tmp_path, data, [scored(JANE, 9)])
    assert [path.name for path in tmp_path.iterdir()] == ["book.csv"]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match="can't be read: No such file"):
        fill(tmp_path / "book.csv", [scored(JANE, 9)])


def test_no_grades_and_two_exercises_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match="no grade to fill in"):
        fill_text(tmp_path, CANVAS, [])
    with pytest.raises(BatchError, match="several exercises"):
        fill_text(tmp_path, CANVAS, [scored(JANE, 9), scored(CHIDI, 9, exercise="exercise-4")])


def test_no_other_file_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "book-filled.csv").write_text("mine", encoding="utf-8")
    for out in (None, tmp_path / "book-filled.csv"):
        with pytest.raises(BatchError, match="is there already"):
            fill_text(tmp_path, CANVAS, [scored(JANE, 9)], out=out)
    assert (tmp_path / "book-filled.csv").read_text(encoding="utf-8") == "mine"
    assert fill_text(tmp_path, CANVAS, [scored(JANE, 9)], overwrite=True)[0].matched == 1


def test_the_template_itself_is_filled_when_it_is_named(tmp_path: Path) -> None:
    filled, after = fill_text(tmp_path, CANVAS, [scored(JANE, 9)], out=tmp_path / "book.csv")
    assert filled.written == tmp_path / "book.csv"
    assert after == CANVAS.replace("101-A,8", "101-A,9")
    assert [path.name for path in tmp_path.iterdir()] == ["book.csv"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs links")
def test_a_link_to_the_template_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to("book.csv")
    after = fill_text(tmp_path, CANVAS, [scored(JANE, 9)], out=tmp_path / "link.csv")[1]
    assert after == (tmp_path / "book.csv").read_bytes().decode("utf-8")
    assert (tmp_path / "link.csv").is_symlink()


def test_a_folder_that_cannot_be_written_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match="can't be written"):
        fill_text(tmp_path, CANVAS, [scored(JANE, 9)], out=tmp_path / "none" / "book.csv")
