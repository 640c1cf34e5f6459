"""Facts about the gradebook: what it keeps, which attempt counts, what comes back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from grader.batch.evidence import ExplainedRow, Program, VerdictKey
from grader.batch.late import LatePolicy, parse_moment
from grader.batch.records import BatchError, GradeRow, Handin, Student
from grader.batch.store import Rules, Store
from grader.batch.store_rows import MAX_SAME, Keep
from grader.grade import MAX_SOURCE_BYTES
from tests.batch.store_helpers import (
    EXERCISE,
    HASH,
    MAX_SCORE,
    TITLE,
    grade_of,
    handin,
    key_of,
    open_store,
    program,
    save,
    verdict_of,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "grades.sqlite"


def scores(store: Store, keep: Keep = "last") -> dict[str, float]:
    return {row.student.key: row.score for row in store.grade_rows(keep)}


def only_row(store: Store, keep: Keep = "last") -> GradeRow:
    rows = list(store.grade_rows(keep))
    assert len(rows) == 1
    return rows[0]


def count(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


# --- the batch -----------------------------------------------------------------------------------


def test_secret_is_drawn_once_and_stays(path: Path) -> None:
    with Store.open(path) as store:
        secret = store.secret()
        assert len(bytes.fromhex(secret)) == 32
        assert store.secret() == secret
    with Store.open(path) as store:
        assert store.secret() == secret
        assert store.secret(secret) == secret
        with pytest.raises(BatchError, match="rest on another seed; leave --seed out"):
            store.secret("another")


def test_first_seed_that_is_asked_for_is_kept(path: Path, tmp_path: Path) -> None:
    with Store.open(path) as store:
        assert store.secret("lecture 7") == "lecture 7"
        assert store.secret() == "lecture 7"
    with Store.open(tmp_path / "b") as store, pytest.raises(BatchError, match="at most 200"):
        store.secret("x" * 201)


def test_a_gradebook_is_of_one_exercise(path: Path) -> None:
    with open_store(path) as store, pytest.raises(BatchError, match="grades of exercise-2, not of"):
        store.begin_run("exercise-3", "", HASH, MAX_SCORE, "1.0.0")


def test_runs_of_the_command_are_logged_with_what_they_graded(path: Path) -> None:
    with open_store(path) as store:
        save(store, "anna", 5)
        save(store, "bert", 5)
        save(store, "bert", 5)
        store.finish_run()
    with open_store(path) as store:
        save(store, "anna", 5)
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT graded, finished_at IS NULL FROM runs ORDER BY id").fetchall()
    assert rows == [(2, False), (0, True)]


# --- grades --------------------------------------------------------------------------------------


def test_a_saved_grade_comes_back_whole(path: Path) -> None:
    student = Student("anna", "Anna Ö", "anna77", "4711", "a@x.invalid")
    given = Handin(student, "anna/main.py", 2, "2026-01-01T10:00:00+01:00", True)
    made = program("x = 1\n", "a tree")
    grade = grade_of(6)
    with open_store(path) as store:
        assert store.save_grade(given, made, key_of(made), grade)
        row = only_row(store)
    assert row == GradeRow(
        student=student,
        exercise=EXERCISE,
        title=TITLE,
        path="anna/main.py",
        attempt=2,
        submitted_at="2026-01-01T10:00:00+01:00",
        is_late=True,
        score=6.0,
        max_score=10,
        penalty=0.0,
        override=None,
        ending="returned",
        passed=False,
        isolation="weak",
        isolation_note=verdict_of(6).isolation_note,
        sha256=made.sha256,
        tree="a tree",
        same_as=(),
        graded_s=0.25,
        items=grade.items,
    )


@pytest.mark.parametrize("mark", [True, False, None])
def test_marks_of_lateness_come_back_as_they_are(path: Path, mark: bool | None) -> None:
    with open_store(path) as store:
        save(store, "anna", 5, is_late=mark)
        assert only_row(store).is_late is mark


def test_rows_are_in_the_order_of_keys_whatever_the_order_of_saving(path: Path) -> None:
    with open_store(path) as store:
        for key in ("zoe", "Ärne", "bert", "Zoe", "anna", "日本"):
            save(store, key, 5)
        assert list(scores(store)) == ["Zoe", "anna", "bert", "zoe", "Ärne", "日本"]


def test_known_verdict_is_found_by_its_whole_key_only(path: Path) -> None:
    made = program("a")
    key = key_of(made)
    with open_store(path) as store:
        assert store.known_verdict(key) is None
        store.save_grade(handin("anna"), made, key, grade_of(6))
        known = store.known_verdict(key)
        assert known is not None
        assert (known.score, known.max_score, known.passed) == (6, 10, False)
        values = [key.sha256, key.exercise_hash, key.seed, key.grader_version, key.python]
        for n in range(5):
            other = [value + "x" if i == n else value for i, value in enumerate(values)]
            assert store.known_verdict(VerdictKey(*other)) is None


def test_a_known_verdict_serves_another_hand_in(path: Path) -> None:
    with open_store(path) as store:
        made = program("a", "tree")
        store.save_grade(handin("anna"), made, key_of(made), grade_of(6))
        known = store.known_verdict(key_of(program("a")))
        assert known is not None
        assert store.tree_of(made.sha256) == "tree"
        store.save_known(handin("bert"), made, known)
        assert scores(store) == {"anna": 6.0, "bert": 6.0}
    assert (count(path, "verdicts"), count(path, "items"), count(path, "sources")) == (1, 2, 1)


def test_tree_of_unknown_bytes_is_empty(path: Path) -> None:
    with open_store(path) as store:
        assert store.tree_of(program("never seen").sha256) == ""


def test_saving_again_changes_nothing_unless_it_replaces(path: Path) -> None:
    made = program("a")
    with open_store(path) as store:
        assert store.save_grade(handin("anna"), made, key_of(made), grade_of(6))
        assert not store.save_grade(handin("anna"), made, key_of(made), grade_of(3))
        assert scores(store) == {"anna": 6.0}
        assert store.save_grade(handin("anna"), made, key_of(made), grade_of(3), replace=True)
        assert [item.points for item in only_row(store).items] == [3, 0]
    assert [count(path, table) for table in ("verdicts", "items", "handins")] == [1, 2, 1]


def test_what_a_layout_does_not_tell_stays_as_an_earlier_one_told(path: Path) -> None:
    with open_store(path) as store:
        for student in (Student("a", "Anna", login="a77"), Student("a", "Anna B", lms_id="5")):
            made = program("x")
            store.save_grade(Handin(student, "p"), made, key_of(made), grade_of(1))
        assert only_row(store).student == Student("a", "Anna B", "a77", "5")


def test_names_that_are_not_unicode_stay_different_students(path: Path) -> None:
    with open_store(path) as store:
        for key in ("a\udc80", "a\udc81", "a\ufffd"):
            save(store, key, 5, "x", tree="t")
        rows = list(store.grade_rows())
        assert len({row.student.key for row in rows}) == 3
        assert store.evidence("a\udc81").row.student.key in {row.student.key for row in rows}


@pytest.mark.parametrize("name", ["'; DROP TABLE handins; --", "a\nb", "nul\x00nul", "x" * 10_000])
def test_hostile_names_are_kept_as_they_are(path: Path, name: str) -> None:
    with open_store(path) as store:
        save(store, name, 5)
        assert only_row(store).student.key == name
        assert store.evidence(name).row.path == f"{name}/main.py"


# --- attempts ------------------------------------------------------------------------------------


def test_last_and_best_choose_among_attempts_and_all_of_them_are_kept(path: Path) -> None:
    with open_store(path) as store:
        for attempt, score in ((3, 4), (1, 2), (2, 9)):
            save(store, "anna", score, attempt=attempt)
        assert scores(store, "last") == {"anna": 4.0}
        assert scores(store, "best") == {"anna": 9.0}
        found = store.evidence("anna")
        assert [(a.attempt, a.score, a.counts) for a in found.attempts] == [
            (1, 2, False),
            (2, 9, False),
            (3, 4, True),
        ]
        assert store.evidence("anna", keep="best").row.attempt == 2
        assert store.evidence("anna", attempt=1).row.score == 2.0


def test_a_program_that_changed_and_changed_back_counts_as_handed_in_last(path: Path) -> None:
    for text, score in (("a", 1), ("b", 2), ("a", 1)):
        with open_store(path) as store:
            save(store, "anna", score, text)
            assert scores(store) == {"anna": float(score)}
    assert count(path, "handins") == 2


def test_which_counts_does_not_depend_on_the_order_of_saving(tmp_path: Path) -> None:
    kept = set()
    for n, order in enumerate(([("a", 1), ("b", 2)], [("b", 2), ("a", 1)])):
        with open_store(tmp_path / str(n)) as store:
            for text, score in order:
                save(store, "anna", score, text)
            kept.add(only_row(store).score)
    assert len(kept) == 1


def test_best_counts_points_after_the_penalty_and_of_equals_the_later(path: Path) -> None:
    policy = LatePolicy(0, 50, None, parse_moment("2026-01-01T00:00Z"))
    with open_store(path) as store:
        save(store, "anna", 7, attempt=1, submitted_at="2025-12-31T00:00Z")
        save(store, "anna", 9, attempt=2, submitted_at="2026-01-01T12:00Z")
        save(store, "bert", 7, attempt=1)
        save(store, "bert", 7, attempt=2)
        anna, bert = store.grade_rows("best", policy)
        assert (anna.attempt, anna.final_score, bert.attempt) == (1, 7.0, 2)
        anna, bert = store.grade_rows("last", policy)
        assert (anna.attempt, anna.score, anna.penalty, anna.final_score) == (2, 9.0, 5.0, 4.0)


def test_what_a_later_batch_saw_counts_whatever_its_number_is(path: Path) -> None:
    """Each download counts its attempts anew."""
    with open_store(path) as store:
        save(store, "anna", 4, attempt=2)
    with open_store(path) as store:
        save(store, "anna", 10, attempt=1)
        assert scores(store) == {"anna": 10.0}


def test_absence_takes_no_grade_and_ends_with_the_next_roster(path: Path) -> None:
    with open_store(path) as store:
        save(store, "anna", 4)
        for key in ("bert", "carl", "dora", "emil"):
            assert store.save_absent(absent(key))
        store.override("bert", 3, "shown in the lab")
        store.override("dora", 7, "shown in the lab")
    with open_store(path) as store:
        made = program("x")  # it is bert, whom the LMS calls 4711
        student = Student("4711", "Bert", email="bert@example.org")
        store.save_grade(Handin(student, "4711.py"), made, key_of(made), grade_of(5))
        assert [store.save_absent(absent(key)) for key in ("anna", "carl")] == [False, True]
        store.settle_absent(has_roster=True)
        rows = {row.student.key: (row.final_score, row.problem) for row in store.grade_rows()}
        assert store.evidence("bert@example.org").row.student.key == "4711"
    assert rows == {
        "4711": (3.0, ""),  # what the instructor has set went along
        "anna": (4.0, ""),
        "carl": (0.0, "nothing was handed in"),
        "dora": (7.0, "nothing was handed in"),
    }


def absent(key: str) -> Handin:
    student = Student(key, email=f"{key}@example.org")
    return Handin(student, "", 0, problem="nothing was handed in")


def test_absence_stays_where_no_roster_says_otherwise(path: Path) -> None:
    with open_store(path) as store:
        store.save_absent(absent("anna"))
    with open_store(path) as store:
        store.settle_absent(has_roster=False)
        assert only_row(store).problem == "nothing was handed in"


def test_best_keeps_the_time_of_an_earlier_hand_in_of_the_same_bytes(path: Path) -> None:
    policy = LatePolicy(0, 10, None, None)
    for late in (False, True):
        with open_store(path) as store:
            made = program("x")
            given = Handin(Student("anna"), f"{late}.py", 1, "", late)
            store.save_grade(given, made, key_of(made), grade_of(10))
            assert [row.final_score for row in store.grade_rows("best", policy)] == [10.0]


def test_what_could_not_be_graded_counts_only_as_the_newest(path: Path) -> None:
    with open_store(path) as store:
        store.save_problem(handin("anna", problem="no Python file"))
    with open_store(path) as store:
        save(store, "anna", 9)
    with open_store(path, "new hash") as store:
        assert only_row(store).score == 9.0
        store.save_problem(handin("anna", problem="no Python file"))
        assert only_row(store).problem == "no Python file"


def test_who_is_not_handed_in_again_is_told(path: Path) -> None:
    with open_store(path) as store:
        for key in ("anna", "bert"):
            save(store, key, 4)
        assert store.not_handed_in_again() == []
    with open_store(path) as store:
        save(store, "bert", 4)
        assert store.not_handed_in_again() == ["anna"]


def test_rules_stay_until_others_are_given(path: Path) -> None:
    policy = LatePolicy(5, 12.5, 3, parse_moment("2026-01-01T00:00+02:00"))
    with open_store(path) as store:
        assert store.rules() == Rules("last", None)
        store.set_rules(Rules("best", policy))
    with open_store(path) as store:
        assert store.rules() == Rules("best", policy)
        assert store.rules("last") == Rules("last", policy)
        assert store.rules("last", LatePolicy()) == Rules("last", LatePolicy())


def test_a_student_is_found_by_login_address_and_name(path: Path) -> None:
    with open_store(path) as store:
        for key, name in (("1", "Anna Ö"), ("2", "Bert B"), ("3", "Bert B")):
            made = program(key)
            student = Student(key, name, f"login{key}", email=f"{key}@example.org")
            store.save_grade(Handin(student, key), made, key_of(made), grade_of(5))
        for word in ("1", "login1", "1@example.org", "Anna Ö"):
            assert store.evidence(word).row.student.key == "1"
        with pytest.raises(BatchError, match="'Bert B' may be 2, 3; name one of these"):
            store.evidence("Bert B")


def test_a_failure_of_the_grader_takes_no_grade(path: Path) -> None:
    made = program("# anna 1")
    with open_store(path) as store:
        save(store, "anna", 6)
        store.save_problem(handin("anna", problem="the process that grades was lost"), made)
        assert only_row(store).score == 6.0


def test_grades_of_an_older_exercise_count_only_where_there_is_nothing_else(path: Path) -> None:
    with open_store(path) as store:
        save(store, "anna", 9)
        save(store, "bert", 8)
    with open_store(path, "new hash") as store:
        save(store, "anna", 1, "# changed", exercise_hash="new hash")
        assert scores(store, "best") == {"anna": 1.0, "bert": 8.0}


def test_regrading_with_a_new_exercise_moves_the_hand_in_to_the_new_verdict(path: Path) -> None:
    with open_store(path) as store:
        save(store, "anna", 9)
    with open_store(path, "new hash") as store:
        save(store, "anna", 4, exercise_hash="new hash")
        assert scores(store, "best") == {"anna": 4.0}
    assert (count(path, "handins"), count(path, "verdicts")) == (1, 2)


# --- problems ------------------------------------------------------------------------------------


def test_a_hand_in_without_a_grade_is_a_row_with_its_problem(path: Path) -> None:
    with open_store(path) as store:
        store.save_problem(Handin(Student("anna"), "", problem="there is no Python file"))
        row = only_row(store)
        found = store.evidence("anna")
    assert (row.score, row.max_score, row.items) == (0.0, MAX_SCORE, ())
    assert row.problem == "there is no Python file"
    assert (found.verdict, found.key, found.source) == (None, None, b"")


def test_a_problem_ends_when_the_program_is_graded_and_never_takes_a_grade(path: Path) -> None:
    made = program("# anna 1")
    with open_store(path) as store:
        store.save_problem(handin("anna", problem="the grader failed"), made)
        assert only_row(store).problem == "the grader failed"
        save(store, "anna", 6, tree="t")
        assert (only_row(store).problem, only_row(store).score) == ("", 6.0)
        store.save_problem(handin("anna", problem="the grader failed"), made)
        row = only_row(store)
        assert (row.problem, row.score, row.tree) == ("", 6.0, "t")


def test_best_prefers_a_graded_attempt_and_last_takes_the_last(path: Path) -> None:
    with open_store(path) as store:
        save(store, "anna", 0)
        store.save_problem(handin("anna", 2, problem="no file"))
        assert only_row(store, "best").problem == ""
        assert only_row(store, "last").problem == "no file"


# --- the same program ----------------------------------------------------------------------------


def test_same_trees_are_told_both_ways_and_keep_their_own_verdicts(path: Path) -> None:
    with open_store(path) as store:
        save(store, "anna", 6, "x = 1", tree="t")
        save(store, "bert", 6, "x  =  1", tree="t")
        save(store, "carl", 6, "y", tree="u")
        save(store, "dora", 6, "not python", tree="")
        save(store, "emil", 6, "not python either", tree="")
        same = {row.student.key: row.same_as for row in store.grade_rows()}
        assert same == {"anna": ("bert",), "bert": ("anna",), "carl": (), "dora": (), "emil": ()}
        assert store.identical_groups() == (("anna", "bert"),)
    assert count(path, "verdicts") == 5


def test_a_group_that_handed_in_one_file_is_no_finding(path: Path) -> None:
    with open_store(path) as store:
        made = program("x", "t")
        for key in ("anna", "bert"):
            store.save_grade(Handin(Student(key), "group.py"), made, key_of(made), grade_of(6))
        made = program("x  # again", "t")
        for key in ("anna", "bert"):
            store.save_grade(Handin(Student(key), "again.py"), made, key_of(made), grade_of(6))
        assert [row.same_as for row in store.grade_rows()] == [(), ()]
        assert store.identical_groups() == ()
        save(store, "carl", 6, "x  # copied", tree="t")
        assert [row.same_as for row in store.grade_rows()] == [
            ("carl",),
            ("carl",),
            ("anna", "bert"),
        ]
        assert store.identical_groups() == (("anna", "bert", "carl"),)


def test_sameness_holds_both_ways_across_attempts(path: Path) -> None:
    with open_store(path) as store:
        save(store, "anna", 6, tree="t")
        save(store, "bert", 6, "copied", tree="t", attempt=1)
        save(store, "bert", 7, "changed", tree="u", attempt=2)
        save(store, "carl", 7, "other", tree="u")
        same = {row.student.key: row.same_as for row in store.grade_rows()}
        assert same == {"anna": ("bert",), "bert": ("anna", "carl"), "carl": ("bert",)}
        assert store.identical_groups() == (("anna", "bert"), ("bert", "carl"))


def test_a_student_is_not_the_same_as_themselves(path: Path) -> None:
    with open_store(path) as store:
        save(store, "anna", 6, "a", tree="t", attempt=1)
        save(store, "anna", 6, "b", tree="t", attempt=2)
        assert only_row(store).same_as == ()
        assert store.identical_groups() == ()


def test_a_large_group_is_whole_in_the_groups_and_cut_in_the_rows(path: Path) -> None:
    keys = [f"s{n:03}" for n in range(MAX_SAME + 10)]
    with open_store(path) as store:
        for key in keys:
            save(store, key, 6, tree="t")
        assert {len(row.same_as) for row in store.grade_rows()} == {MAX_SAME}
        assert store.identical_groups() == (tuple(keys),)


# --- evidence ------------------------------------------------------------------------------------


def test_evidence_holds_verdict_sources_key_and_history(path: Path) -> None:
    with open_store(path) as store:
        made = program("x = 1", "t")
        save(store, "anna", 6, "x = 1", tree="t")
        known = store.known_verdict(key_of(made))
        assert known is not None
        store.save_known(handin("bert"), made, known)
        anna, bert = store.evidence("anna"), store.evidence("bert")
        explained = list(store.explained_rows())
    assert anna.verdict == replace(verdict_of(6), path=anna.row.path, replay="")
    assert (anna.source, bert.source) == (b"x = 1", b"x = 1")
    # A shared verdict names the file of the student who is shown, and nobody else's.
    assert bert.verdict == replace(verdict_of(6), path=bert.row.path, replay="")
    assert anna.row.path != bert.row.path
    assert (anna.key, anna.row.same_as) == (key_of(made), ("bert",))
    assert anna.graded_at.endswith("+00:00")
    assert explained == [ExplainedRow(each.row, each.verdict, each.source) for each in (anna, bert)]


def test_a_program_that_is_too_large_stays_so(path: Path) -> None:
    made = Program("f" * 64, "", b"x" * 3_000_000)
    with open_store(path) as store:
        store.save_grade(handin("anna"), made, key_of(made), grade_of(0))
        assert store.evidence("anna").source == b"x" * (MAX_SOURCE_BYTES + 1)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT size_bytes FROM sources").fetchall() == [(3_000_000,)]


def test_an_unknown_student_or_attempt_is_told_in_one_line(path: Path) -> None:
    with open_store(path) as store:
        save(store, "anna", 6)
        with pytest.raises(BatchError, match="there is no student 'ana'; did you mean 'anna'"):
            store.evidence("ana")
        with pytest.raises(BatchError, match="anna has not handed in attempt 7"):
            store.evidence("anna", attempt=7)


def test_rows_are_of_one_moment_whatever_is_saved_meanwhile(path: Path) -> None:
    with open_store(path) as store:
        for key in ("anna", "bert"):
            save(store, key, 5)
        rows = store.grade_rows()
        next(rows)
        save(store, "carl", 5)
        save(store, "bert", 9, attempt=2)
        assert [row.score for row in rows] == [5.0]
        assert scores(store) == {"anna": 5.0, "bert": 9.0, "carl": 5.0}


# --- overrides -----------------------------------------------------------------------------------


def test_an_override_is_kept_beside_the_grade_and_survives_regrading(path: Path) -> None:
    with open_store(path) as store:
        save(store, "anna", 3)
        store.override("anna", 8.125, " she was ill ")
    with open_store(path, "new hash") as store:
        save(store, "anna", 4, "# new", exercise_hash="new hash")
        row = only_row(store)
        assert row.override is not None
        assert (row.override.score, row.override.reason) == (8.13, "she was ill")
        assert (row.score, row.final_score) == (4.0, 8.13)


def test_an_override_can_be_taken_back_and_its_history_stays(path: Path) -> None:
    with open_store(path) as store:
        save(store, "anna", 3)
        store.override("anna", 8, "one")
        store.override("anna", 0, "two")
        assert only_row(store).final_score == 0.0
        store.clear_override("anna", "a mistake")
        assert (only_row(store).override, only_row(store).final_score) == (None, 3.0)
        history = store.evidence("anna").overrides
        assert [(past.score, past.reason) for past in history] == [
            (8.0, "one"),
            (0.0, "two"),
            (None, "a mistake"),
        ]
        with pytest.raises(BatchError, match="anna has no score of an instructor"):
            store.clear_override("anna")


@pytest.mark.parametrize(
    ("student", "score", "reason", "words"),
    [
        ("nobody", 1.0, "why", "there is no student 'nobody'"),
        ("anna", -1.0, "why", "the score is -1.0"),
        ("anna", float("nan"), "why", "the score is nan"),
        ("anna", float("inf"), "why", "the score is inf"),
        ("anna", 1.0, "  ", "the reason is empty"),
    ],
)
def test_an_override_needs_a_student_a_score_and_a_reason(
    path: Path, student: str, score: float, reason: str, words: str
) -> None:
    with open_store(path) as store:
        save(store, "anna", 3)
        with pytest.raises(BatchError, match=words):
            store.override(student, score, reason)
        assert only_row(store).override is None
