"""How a download's names are read: who, which try, how late, which file."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from grader.batch.discovery.find import NOTHING, discover
from grader.batch.discovery.listing import READ_LIMIT
from grader.batch.records import BatchError, Handin
from tests.batch.discovery_helpers import PROGRAM, folder, tarred, zipped

GITHUB = [
    "exercise-3-submissions/exercise-3-doejane/exercise_3.py",
    "exercise-3-submissions/exercise-3-okaforc/exercise_3.py",
]
CLASSROOM50 = [
    "async-2026-exercise-3-doejane/exercise_3.py",
    "async-2026-exercise-3-doejane/result.json",
    "async-2026-exercise-3-doejane/results.json",
]
SCORES = {"scores.csv": b"username,first_name\ndoejane,Jane\n"}
CANVAS = [
    "doejane_5362839_74575800_exercise_3.py",
    "okaforchidi_LATE_5362840_74575911_exercise_3-1.py",
    "anon_7f3Qk_74575999_exercise_3.py",
]
MOODLE = [
    "Jane Doe_12345_assignsubmission_file/exercise_3.py",
    "Chidi Okafor_12346_assignsubmission_file_/src/exercise_3.py",
    "Participant_12347_assignsubmission_onlinetext/onlinetext.html",
]
METADATA = b"""---
submission_123456:
  :submitters:
  - :name: Jane Doe
    :email: jane.doe@example.edu
    :sid: '20260001'
  :created_at: 2026-11-22 14:32:01.655874000 -08:00
  :score: 8.0
  :results:
    :submitters:
    - :name: Mallory
submission_123457:
  :submitters:
  - :name: Chidi Okafor
    :email: chidi.okafor@example.edu
    :sid: '20260002'
  - :name: Ana Nu\xc3\xb1ez
    :email: ana.nunez@example.edu
    :sid: '20260003'
  :created_at: 2026-11-22 15:01:40.000000000 -08:00
  :score:
"""
GRADESCOPE = {
    "submission_metadata.yml": METADATA,
    "submission_123456/exercise_3.py": PROGRAM,
    "submission_123457/exercise_3.py": PROGRAM,
}
BLACKBOARD = [
    "Exercise 3_jdoe_attempt_2026-11-22-14-32-01_exercise_3.py",
    "Exercise 3_jdoe_attempt_2026-11-22-14-32-01.txt",
]
NBGRADER = {
    "submitted/doejane/exercise-3/exercise_3.py": PROGRAM,
    "submitted/doejane/exercise-3/timestamp.txt": b"2026-11-22 14:32:01 UTC\n",
}


def found(path: Path, **options: str) -> list[Handin]:
    discovery = discover(path, exercise_id="exercise-3", **options)  # type: ignore[arg-type]
    with discovery.tree as tree:
        for handin in discovery.handins:
            if handin.path:
                assert tree.read(handin.path) == PROGRAM
    return discovery.handins


def sentence(path: Path, **options: str) -> str:
    discovery = discover(path, exercise_id="exercise-3", **options)  # type: ignore[arg-type]
    discovery.tree.close()
    return discovery.sentence()


def keys(handins: Iterable[Handin]) -> list[str]:
    return [handin.student.key for handin in handins]


@pytest.mark.parametrize("pack", [folder, zipped, tarred, lambda p, n: tarred(p, n, "gz")])
@pytest.mark.parametrize(
    ("names", "words", "expected"),
    [
        (GITHUB, "GitHub Classroom download", ["doejane", "okaforc"]),
        (CLASSROOM50, "Classroom 50 download", ["doejane"]),
        (CANVAS, "Canvas download", ["5362839", "5362840", "anon_7f3Qk"]),
        (MOODLE, "Moodle download", ["12345", "12346", "12347"]),
        (GRADESCOPE, "Gradescope export", ["20260001", "20260002", "20260003"]),
        (BLACKBOARD, "Blackboard download", ["jdoe"]),
        (NBGRADER, "nbgrader tree", ["doejane"]),
        (
            ["doejane/exercise_3.py", "okaforc/main.py"],
            "a folder a student",
            ["doejane", "okaforc"],
        ),
        (["doejane.py", "okaforc.py"], "a file a student", ["doejane", "okaforc"]),
    ],
)
@pytest.mark.parametrize("wrapper", ["", "download/"])
def test_each_source_is_recognised_in_folders_and_archives(
    tmp_path: Path,
    pack: Callable[[Path, object], Path],
    names: object,
    words: str,
    expected: list[str],
    wrapper: str,
) -> None:
    data = {
        f"{wrapper}{name}": names[name] if isinstance(names, dict) else PROGRAM
        for name in names  # type: ignore[attr-defined]
    }
    path = pack(tmp_path / "class", data)
    if pack is folder and words == "a file a student":
        path /= wrapper  # on disk a folder alone is a student's: see the class of one below
    discovery = discover(path, exercise_id="exercise-3")
    with discovery.tree:
        assert discovery.layout == words
        assert keys(discovery.handins) == expected
        assert discovery.skipped == []
        assert discovery.sentence().startswith(f"recognised: {words}, {len(expected)} submission")


def test_canvas_tells_id_lateness_and_resubmission(tmp_path: Path) -> None:
    jane, chidi, anonymous = found(zipped(tmp_path / "c.zip", CANVAS))
    assert (jane.student.name, jane.student.lms_id, jane.is_late) == ("doejane", "5362839", False)
    assert (chidi.is_late, chidi.attempt) == (True, 2)
    assert (anonymous.student.lms_id, anonymous.student.name) == ("", "")


def test_canvas_marks_an_anonymous_late_file_before_the_id(tmp_path: Path) -> None:
    names = ["LATE_anon_7f3Qk_74575999_exercise_3.py", "anon_8f3Qk_74575998_exercise_3.py"]
    late, in_time = found(zipped(tmp_path / "c.zip", names))
    assert (late.student.key, late.is_late) == ("anon_7f3Qk", True)
    assert in_time.is_late is False


def test_canvas_tries_come_in_order_and_an_exercise_number_is_no_try(tmp_path: Path) -> None:
    names = [
        "doejane_1_13_exercise-3-2.py",
        "doejane_1_11_exercise-3.py",
        "doejane_1_12_exercise-3-1.py",
        "okafor_2_14_exercise-3.py",
        "okafor_2_15_helper-7.py",
    ]
    handins = found(zipped(tmp_path / "c.zip", names))
    assert [(h.student.key, h.attempt, h.path[-6:]) for h in handins] == [
        ("1", 1, "e-3.py"),
        ("1", 2, "3-1.py"),
        ("1", 3, "3-2.py"),
        ("2", 1, "e-3.py"),
    ]


@pytest.mark.parametrize(
    "name", ["exercise-3", "Exercise-3", "EXERCISE_3", "Exercise 3", "hw-3", "task_v-2"]
)
def test_a_number_that_the_student_wrote_is_no_canvas_attempt(tmp_path: Path, name: str) -> None:
    (handin,) = found(zipped(tmp_path / "c.zip", [f"doejane_1_11_{name}.py"]))
    assert (handin.attempt, handin.problem) == (1, "")


def test_canvas_second_try_is_known_by_the_name_that_was_asked_for(tmp_path: Path) -> None:
    source = zipped(tmp_path / "c.zip", ["doejane_1_11_main-1.py", "doejane_1_12_other.py"])
    (handin,) = found(source, program_name="main.py")
    assert (handin.attempt, handin.path) == (2, "doejane_1_11_main-1.py")
    (unclear,) = found(source)
    assert "main-1.py, other.py; say which" in unclear.problem


@pytest.mark.parametrize("more", [[], ["doejane_1_10_task.py"]])
def test_canvas_files_that_the_student_may_have_numbered_are_not_clear(
    tmp_path: Path, more: list[str]
) -> None:
    names = ["doejane_1_11_task-1.py", "doejane_1_12_task-2.py", *more]
    (handin,) = found(zipped(tmp_path / "c.zip", names))
    assert (handin.path, handin.attempt) == ("", 1)
    assert "Python files, and none is named exercise-3.py" in handin.problem


def test_canvas_files_of_one_name_come_in_the_order_of_their_ids(tmp_path: Path) -> None:
    names = ["doejane_1_101_exercise_3.py", "doejane_1_99_exercise_3.py"]
    assert [(h.attempt, h.path) for h in found(zipped(tmp_path / "c.zip", names))] == [
        (1, names[1]),
        (2, names[0]),
    ]


def test_canvas_text_instead_of_a_file_is_a_submission_without_a_program(tmp_path: Path) -> None:
    names = [*CANVAS, "nunezana_5362841_text.html"]
    assert "1 without a Python file" in sentence(zipped(tmp_path / "c.zip", names))


def test_canvas_name_of_one_student_cannot_hold_anothers_id(tmp_path: Path) -> None:
    names = [*CANVAS, "a_5362839_999__77_99_exercise_3.py"]
    discovery = discover(zipped(tmp_path / "c.zip", names), exercise_id="exercise-3")
    with discovery.tree:
        assert [h.path for h in discovery.handins if h.student.key == "5362839"] == [CANVAS[0]]
        assert "two students" in discovery.skipped[0].why


def test_moodle_tells_participant_and_name(tmp_path: Path) -> None:
    jane, chidi, blind = found(folder(tmp_path / "m", MOODLE))
    assert (jane.student.key, jane.student.name, jane.student.lms_id) == (
        *("12345", "Jane Doe"),
        "12345",
    )
    assert chidi.path.endswith("src/exercise_3.py")
    assert blind.problem.startswith("no Python file")
    assert blind.student.name == ""


def test_moodle_flat_names_and_group_before_the_name(tmp_path: Path) -> None:
    names = [
        "Jane Doe_12345_assignsubmission_file_exercise_3.py",
        "Team A-Chidi Okafor_12346_assignsubmission_file_/exercise_3.py",
        "Chidi Okafor_12346_assignsubmission_onlinetext/onlinetext.html",
        "Anne-Marie Roy_12347_assignsubmission_file_exercise_3.py",
    ]
    handins = found(folder(tmp_path / "m", names))
    assert [h.student.name for h in handins] == ["Jane Doe", "Chidi Okafor", "Anne-Marie Roy"]


def test_moodle_group_of_all_is_cut_off(tmp_path: Path) -> None:
    names = [f"Lab 1-{who}_{n}_assignsubmission_file_x.py" for n, who in enumerate("ABC")]
    assert [h.student.name for h in found(folder(tmp_path / "m", names))] == ["A", "B", "C"]


def test_moodle_file_name_cannot_name_another_participant(tmp_path: Path) -> None:
    names = ["Eve_1_assignsubmission_file_x_2_assignsubmission_file_exercise_3.py"]
    assert keys(found(folder(tmp_path / "m", names))) == ["1"]


def test_gradescope_tells_names_times_and_groups(tmp_path: Path) -> None:
    jane, chidi, ana = found(folder(tmp_path / "g", GRADESCOPE))
    assert jane.student.name == "Jane Doe"
    assert jane.student.email == "jane.doe@example.edu"
    assert jane.submitted_at == "2026-11-22T14:32:01.655874-08:00"
    assert chidi.path == ana.path
    assert ana.student.name == "Ana Nuñez"


@pytest.mark.parametrize(
    ("metadata", "is_yaml"),
    [
        (b"submission_1:\n :submitters: [*x]", True),
        (b"[" * 5_000, False),
        (b"\x00", False),
        (b"\xff\xfe\x00", False),
        (b"? [a]\n: b", False),
        (b"a: b: c", False),
        (b"submission_1: " + b"{a: " * 300, False),
        (b'submission_1: !!python/object/apply:os.system ["true"]', True),
        (b"submission_%s:\n :created_at: x\n" % (b"1" * 900), True),
        (b'submission_1:\n :submitters:\n - :sid: "\\e[31m\\n7"\n', True),
        (b"- 1", True),
        (b"", True),
        (b"submission_1:\n :created_at: &1 2026-11-22 14:32:01 Z\nx:\n :created_at: *1\n", True),
    ],
)
def test_gradescope_metadata_is_read_or_refused_in_one_way(
    tmp_path: Path, metadata: bytes, is_yaml: bool
) -> None:
    names = {"submission_metadata.yml": metadata, "submission_1/exercise_3.py": PROGRAM}
    source = folder(tmp_path / "g", names)
    if is_yaml:
        assert found(source)[0].path == "submission_1/exercise_3.py"
    else:
        with pytest.raises(BatchError, match=r"submission_metadata\.yml is not YAML"):
            found(source)


def test_gradescope_tries_of_one_student_come_in_order(tmp_path: Path) -> None:
    one = b"submission_%d:\n  :submitters:\n  - :sid: '7'\n"
    names = {
        "submission_metadata.yml": one % 10 + one % 9,
        "submission_10/exercise_3.py": PROGRAM,
        "submission_9/exercise_3.py": PROGRAM,
    }
    handins = found(folder(tmp_path / "g", names))
    assert [h.path[:13] for h in handins] == ["submission_9/", "submission_10"]


def test_blackboard_attempts_are_counted_by_time(tmp_path: Path) -> None:
    names = [
        "Exercise 3_j_doe_attempt_2026-11-22-14-32-01_exercise_3.py",
        "Exercise 3_j_doe_attempt_2026-11-21-14-32-01_exercise_3.py",
        "Exercise 3_okafor_attempt_2026-11-21-14-32-01_exercise_3.py",
    ]
    handins = found(folder(tmp_path / "b", names))
    assert [(h.student.login, h.attempt) for h in handins] == [
        ("j_doe", 1),
        ("j_doe", 2),
        ("okafor", 1),
    ]
    assert "-21-" in handins[0].path


def test_nbgrader_takes_the_assignment_of_the_exercise(tmp_path: Path) -> None:
    names = {
        **NBGRADER,
        "submitted/doejane/exercise-2/main.py": PROGRAM,
        "source/exercise-3/x.py": PROGRAM,
    }
    (handin,) = found(folder(tmp_path / "n", names))
    assert handin.path == "submitted/doejane/exercise-3/exercise_3.py"
    assert handin.submitted_at == "2026-11-22T14:32:01+00:00"


def test_clones_keep_the_hyphens_of_a_login(tmp_path: Path) -> None:
    names = ["exercise-3-jane-exercise-3-doe/x.py", "exercise-3-a-b/x.py"]
    assert keys(found(folder(tmp_path / "c", names))) == ["a-b", "jane-exercise-3-doe"]


def test_title_of_a_clones_folder_is_cut_off(tmp_path: Path) -> None:
    names = ["homework-three-doejane/x.py", "homework-three-a-b/x.py"]
    assert keys(found(folder(tmp_path / "homework-three-submissions", names))) == [
        "a-b",
        "doejane",
    ]


def test_classroom50_scores_tell_the_logins(tmp_path: Path) -> None:
    names = {**dict.fromkeys(CLASSROOM50, PROGRAM), **SCORES}
    names = {name.replace("exercise-3", "hw"): data for name, data in names.items()}
    (handin,) = found(folder(tmp_path / "c", names))
    assert handin.student.login == "doejane"


def test_roster_tells_where_a_login_begins(tmp_path: Path) -> None:
    names = ["hw-7-doe-jane/x.py", "hw-7-okaforc/x.py"]
    roster = tmp_path / "roster.csv"
    roster.write_text("github_username\ndoe-jane\nokaforc\n")
    source = folder(tmp_path / "c", names)
    handins = discover(source, exercise_id="exercise-3", roster=roster)
    handins.tree.close()
    assert keys(handins.handins) == ["doe-jane", "okaforc"]


# --- which layout ----------------------------------------------------------------------------


def test_folders_beside_files_are_ambiguous_and_the_option_decides(tmp_path: Path) -> None:
    path = folder(tmp_path / "class", ["doejane/exercise_3.py", "doejane.py", "okaforc.py"])
    with pytest.raises(BatchError, match="--layout mixed"):
        found(path)
    assert keys(found(path, layout="mixed")) == ["doejane", "doejane (2)", "okaforc"]
    assert keys(found(path, layout="folders")) == ["doejane"]
    assert keys(found(path, layout="files")) == ["doejane", "okaforc"]


def test_names_of_one_student_do_not_change_the_layout(tmp_path: Path) -> None:
    names = ["doejane.py", "okaforc.py", "x_1_2_exercise_3.py"]
    assert sentence(folder(tmp_path / "class", names)).startswith("recognised: a file a student, 3")


def test_files_that_do_not_fit_are_skipped_by_name(tmp_path: Path) -> None:
    names = [*CANVAS, "notes.py"]
    discovery = discover(folder(tmp_path / "class", names), exercise_id="exercise-3")
    with discovery.tree:
        assert [skip.path for skip in discovery.skipped] == ["notes.py"]


def test_two_layouts_that_fit_are_named(tmp_path: Path) -> None:
    names = [f"{name}/x.py" for name in ("exercise-3-a-exercise-3-b", "exercise-3-a-exercise-3-c")]
    with pytest.raises(BatchError, match="--layout classroom50"):
        found(folder(tmp_path / "class", names))


@pytest.mark.parametrize("layout", ["canvas", "gradescope", "nbgrader", "blackboard", "moodle"])
def test_layout_that_nothing_fits_is_refused(tmp_path: Path, layout: str) -> None:
    with pytest.raises(BatchError, match="nothing in"):
        found(folder(tmp_path / "class", ["doejane.py"]), layout=layout)


def test_unknown_layout_is_refused_with_the_list(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match="canvas, moodle"):
        found(folder(tmp_path / "class", ["doejane.py"]), layout="cavnas")


@pytest.mark.parametrize("names", [[], ["README.md"]])
def test_nothing_handed_in_at_all_is_an_error(tmp_path: Path, names: list[str]) -> None:
    with pytest.raises(BatchError, match="no submissions"):
        found(folder(tmp_path / "class", names))


def test_folder_of_one_student_is_not_taken_for_a_class(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match="one student"):
        found(folder(tmp_path / "class", ["exercise_3.py", "helper.py"]))


@pytest.mark.parametrize("program", [None, "main.py"])
def test_class_of_one_with_several_files_is_one_student(
    tmp_path: Path, program: str | None
) -> None:
    path = folder(tmp_path / "subs", ["doejane/main.py", "doejane/helper.py"])
    options = {} if program is None else {"program_name": program}
    words = sentence(path, **options)
    assert words.startswith("recognised: a folder a student, 1 submission")
    (handin,) = found(path, **options)
    assert handin.student.key == "doejane"
    assert handin.path == ("doejane/main.py" if program else "")
    assert keys(found(path, layout="files")) == ["helper", "main"]
    asked = zipped(tmp_path / "subs.zip", ["doejane/main.py", "doejane/helper.py"])
    assert keys(found(asked, program_name="main.py")) == ["doejane"]


def test_roster_tells_whether_a_folder_alone_is_a_student(tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("login\ndoejane\nokaforc\n")
    for pack, names, wanted in (
        (folder, ["class/doejane.py", "class/okaforc.py"], ["doejane", "okaforc"]),
        (zipped, ["doejane/a.py", "doejane/b.py"], ["doejane"]),
    ):
        source = pack(tmp_path / pack.__name__, names)
        discovery = discover(source, exercise_id="exercise-3", roster=roster)
        discovery.tree.close()
        assert keys(h for h in discovery.handins if h.problem != NOTHING) == wanted


# --- which file ------------------------------------------------------------------------------


def problem(path: Path, names: list[str], **options: str) -> tuple[str, str]:
    source = folder(path / "class", ["other/x.py", *(f"doe/{name}" for name in names)])
    handin = next(h for h in found(source, **options) if h.student.key == "doe")
    return handin.path.removeprefix("doe/"), handin.problem


def test_usual_name_wins_then_the_highest_then_the_only_one(tmp_path: Path) -> None:
    assert problem(tmp_path, ["a.py", "exercise_3.py", "old/exercise_3.py"])[0] == "exercise_3.py"


def test_only_python_file_is_the_program(tmp_path: Path) -> None:
    assert problem(tmp_path, ["deep/er/Main.PY", "README.md"]) == ("deep/er/Main.PY", "")


def test_several_files_are_named_and_never_chosen_from(tmp_path: Path) -> None:
    path, why = problem(tmp_path, ["a.py", "b.py"])
    assert path == ""
    assert "a.py, b.py; say which with --program NAME" in why
    assert problem(tmp_path, ["a.py", "b.py"], program_name="b.py") == ("b.py", "")


def test_usual_name_twice_in_one_depth_is_not_decided(tmp_path: Path) -> None:
    assert "2 files have the name" in problem(tmp_path, ["a/exercise_3.py", "b/exercise_3.py"])[1]


def test_program_name_that_is_missing_tells_what_there_is(tmp_path: Path) -> None:
    assert problem(tmp_path, ["a.py"], program_name="b.py")[1] == (
        "there is no file b.py; there is a.py"
    )


def test_archive_or_notebook_instead_of_a_program_is_named(tmp_path: Path) -> None:
    assert "unpack it first" in problem(tmp_path, ["work.zip"])[1]
    (tmp_path / "class/doe/work.zip").unlink()
    assert "only main.ipynb" in problem(tmp_path, ["main.ipynb"])[1]


def test_reading_limit_is_one_byte_more_than_a_submission(tmp_path: Path) -> None:
    names = {"doe/exercise_3.py": b"#" * (READ_LIMIT + 10), "roe/exercise_3.py": b""}
    discovery = discover(folder(tmp_path / "class", names), exercise_id="exercise-3")
    with discovery.tree as tree:
        assert len(tree.read("doe/exercise_3.py")) == READ_LIMIT


def test_sentence_counts_what_matters(tmp_path: Path) -> None:
    names = ["a/exercise_3.py", "b/README.md", "c/x.py", "c/y.py"]
    roster = tmp_path / "roster.csv"
    roster.write_text("login,name\na,Ann\nb,Bob\nd,Dan\n")
    discovery = discover(folder(tmp_path / "class", names), exercise_id="exercise-3", roster=roster)
    discovery.tree.close()
    assert discovery.sentence() == (
        "recognised: a folder a student, 3 submissions, 1 without a Python file, "
        "1 where the program is not clear, 1 on the roster handed nothing in, 1 not on the roster"
    )
    assert discovery.unmatched == ["c"]
    (absent,) = (h for h in discovery.handins if h.problem == NOTHING)
    assert (absent.student.key, absent.attempt) == ("d", 0)


def test_one_submission_is_one_and_who_is_absent_is_none(tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("login\na\nb\nc\n")
    source = folder(tmp_path / "class", ["a/exercise_3.py"])
    discovery = discover(source, exercise_id="exercise-3", roster=roster)
    discovery.tree.close()
    assert discovery.sentence() == (
        "recognised: a folder a student, 1 submission, 2 on the roster handed nothing in"
    )


# --- accents ---------------------------------------------------------------------------------

ANA = "N\u00fa\u00f1ez, Ana"
ANA_APART = unicodedata.normalize("NFD", ANA)


@pytest.mark.parametrize(
    "name",
    ["{}/exercise_3.py", "{}.py", "exercise-3-{}/exercise_3.py", "{}_7_assignsubmission_file_x.py"],
)
def test_a_student_is_the_same_however_accents_are_kept(tmp_path: Path, name: str) -> None:
    names = [name.format(ANA), name.format(ANA_APART)]
    both = [
        found(zipped(tmp_path / f"{n}.zip", [each, name.format("x").replace("7", "8")]))
        for n, each in enumerate(names)
    ]
    assert [h.student for h in both[0]] == [h.student for h in both[1]]


def test_one_student_in_two_folders_is_not_clear(tmp_path: Path) -> None:
    names = [f"{ANA}/exercise_3.py", f"{ANA_APART}/exercise_3.py"]
    (handin,) = found(zipped(tmp_path / "c.zip", names))
    assert handin.student.key == ANA
    assert handin.path == ""
    assert "2 files have the name of the program" in handin.problem


def test_the_name_of_the_program_may_have_its_accents_apart(tmp_path: Path) -> None:
    names = [f"doejane/{unicodedata.normalize('NFD', 'é.py')}", "doejane/x.py"]
    (handin,) = found(zipped(tmp_path / "c.zip", names), program_name="é.py")
    assert handin.problem == ""
