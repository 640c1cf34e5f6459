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
        " ON CONFLICT (student, attempt, sha256) DO UPDATE SET"
        " tree = coalesce(nullif(excluded.tree, ''), tree), path = excluded.path,"
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
