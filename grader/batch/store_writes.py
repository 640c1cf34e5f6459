"""Writing the tables of a gradebook, inside a transaction of ``store``."""

from __future__ import annotations

import re
import sqlite3
from datetime import datetime, timezone

from grader.batch import store_rows
from grader.batch.evidence import PackedGrade, Program, VerdictKey
from grader.batch.records import Handin, Student
from grader.batch.store_rows import plain, student_key
from grader.grade import MAX_SOURCE_BYTES

_KEPT_BYTES = MAX_SOURCE_BYTES + 1  # what was too long to grade stays too long


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def save_handin(
    db: sqlite3.Connection, run: int, handin: Handin, program: Program, verdict: int | None
) -> None:
    """Save what a student handed in, with the verdict on it if there is one."""
    key = save_student(db, handin.student)
    save_source(db, program)
    problem = "" if verdict is not None else handin.problem or "it was not graded"
    db.execute(
        "INSERT INTO handins (student, attempt, sha256, tree, path, submitted_at, is_late,"
        " problem, verdict, run) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (student, attempt, sha256, path) DO UPDATE SET"
        " tree = coalesce(nullif(excluded.tree, ''), tree),"
        " submitted_at = excluded.submitted_at, is_late = excluded.is_late,"
        " run = max(run, excluded.run),"
        " problem = CASE WHEN coalesce(excluded.verdict, verdict) IS NULL"
        " THEN excluded.problem ELSE '' END,"
        " verdict = coalesce(excluded.verdict, verdict)",
        (
            *(key, handin.attempt, program.sha256, program.tree, plain(handin.path)),
            *(plain(handin.submitted_at), handin.is_late, plain(problem), verdict, run),
        ),
    )


def present_keys(db: sqlite3.Connection, student: Student) -> list[str]:
    """The keys under which a student has handed something in: this key, or the same numbers."""
    known = (student.login, student.lms_id, student.email)
    rows = db.execute(
        "SELECT key FROM students WHERE key IN (SELECT student FROM handins WHERE attempt > 0)"
        " AND (key = ? OR (login <> '' AND login = ?) OR (lms_id <> '' AND lms_id = ?)"
        " OR (email <> '' AND email = ?)) ORDER BY key",
        (student_key(student.key), *map(plain, known)),
    )
    return [key for (key,) in rows]


def forget_absent(db: sqlite3.Connection, run: int) -> None:
    """Forget who was absent and has handed in since, or was last absent before ``run``.

    An instructor's score goes to the one key under which the student has handed in.
    """
    absent = db.execute(
        "SELECT key, name, login, lms_id, email, max(h.run) FROM students"
        " JOIN handins AS h ON h.student = key GROUP BY key HAVING max(h.attempt) = 0"
    ).fetchall()
    for *about, last in absent:
        student = Student(*about)
        present = present_keys(db, student)
        if len(present) == 1:
            db.execute(
                "UPDATE overrides SET student = ? WHERE student = ?", (present[0], student.key)
            )
        elif last >= run or store_rows.override(db, student.key) is not None:
            continue
        db.execute("DELETE FROM handins WHERE student = ?", (student.key,))
        db.execute("DELETE FROM overrides WHERE student = ?", (student.key,))
        db.execute("DELETE FROM students WHERE key = ?", (student.key,))


def save_student(db: sqlite3.Connection, student: Student) -> str:
    """What a layout does not tell leaves in place what an earlier one told."""
    key = student_key(student.key)
    db.execute(
        "INSERT INTO students (key, name, login, lms_id, email) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (key) DO UPDATE SET name = coalesce(nullif(excluded.name, ''), name),"
        " login = coalesce(nullif(excluded.login, ''), login),"
        " lms_id = coalesce(nullif(excluded.lms_id, ''), lms_id),"
        " email = coalesce(nullif(excluded.email, ''), email)",
        (key, *map(plain, (student.name, student.login, student.lms_id, student.email))),
    )
    return key


def save_source(db: sqlite3.Connection, program: Program) -> None:
    if program.sha256:
        db.execute(
            "INSERT INTO sources VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (
                *(program.sha256, len(program.source)),
                store_rows.compress(program.source[:_KEPT_BYTES]),
            ),
        )


def save_verdict(
    db: sqlite3.Connection, key: VerdictKey, grade: PackedGrade, replace: bool
) -> tuple[int, bool]:
    """The verdict's id, and whether it was written now."""
    values = (
        *(grade.score, grade.max_score, plain(grade.ending), grade.passed),
        *(plain(grade.isolation), plain(grade.isolation_note)),
        *(grade.graded_s, now(), grade.verdict),
    )
    known = store_rows.known_verdict(db, key)
    if known is None:
        number = db.execute(
            f"INSERT INTO verdicts ({store_rows.KEY}, {store_rows.SUMMARY})"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*store_rows.key_values(key), *values),
        ).lastrowid
        assert number is not None
    elif replace:
        number = known.id
        columns = re.sub(r"(\w+)", r"\1 = ?", store_rows.SUMMARY)
        db.execute(f"UPDATE verdicts SET {columns} WHERE id = ?", (*values, number))
        db.execute("DELETE FROM items WHERE verdict = ?", (number,))
    else:
        return known.id, False
    db.executemany(
        "INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *(number, n, plain(item.id), plain(item.title), item.status),
                *(item.points, item.max_points, plain(item.message), plain(item.misconception)),
            )
            for n, item in enumerate(grade.items)
        ],
    )
    return number, True
