"""Facts about a class with hostile programs and names in it: nobody else's grade is touched.

The programs are those of tests/zoo. They run on this machine, so: only where the isolation is
enough for them to do no harm. The command itself refuses to run anything below that.
"""

from __future__ import annotations

import csv
import random
import secrets
import sys
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from grader.executors.base import LEVELS
from grader.executors.in_process import InProcessSession
from grader.exercise.loader import load_exercise
from grader.grade import grade, read_submission
from tests.batch.class_maker import SEED, check_words, complaints, folders, said, table
from tests.cli.commands import asyncgrade
from tests.zoo.programs import ZOO, programs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the lock-down is Linux's")

STUDENTS = 60
LEVEL = LEVELS[1]
NAMED = (  # one of each kind of harm is always there; the rest is drawn
    *("esc_kill_all", "forge_stdout_verdict", "inj_html_in_exception", "res_memory_bomb"),
    *("secret_walk_solutions", "host_kill_parent"),
)
RIGHT = """
from services import get_user_details, get_profile_details
async def display_user():
    user = await get_user_details()
    return user, await get_profile_details(username=user["username"])
"""
HONEST = (
    RIGHT,
    RIGHT.replace("return user, ", "profile = ").rstrip() + "\n    return profile, user\n",
    RIGHT.replace("return user, await ", "return user, "),
    RIGHT.replace("    user =", "    await get_user_details()\n    user ="),
    RIGHT.replace("user[", "user.nothing["),
    "async def display_user(:\n",
)
NAMES = (  # of students: hostile in a spreadsheet, in a page, in a terminal
    *("=1+2", "+SUM(A1:A9)", "-2+3", "@x", "=HYPERLINK(A1)", "'; DROP TABLE handins; --"),
    *("<script>alert(1)<script>", "<img src=x onerror=alert(1)>", '"><svg onload=alert(1)>'),
    *("${7*7}{{7*7}}{% raw %}", "javascript:alert(1)", "con", "Zoë \u202ereversed", "a,b;c d"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class HostileClass:
    """A class of the exercise of the zoo, a tenth of it hostile, and what a batch made of it."""

    def __init__(self, home: Path, students: int = STUDENTS) -> None:
        self.home = home
        self.out = home / "out"
        self.word = f"CANARY-{secrets.token_hex(8)}"
        self.exercise = home / "exercises" / "display-user.yaml"
        self.exercise.parent.mkdir()
        text = (ZOO / "display-user.yaml").read_text("utf-8")
        limits = "limits: {cpu_s: 1, wall_s: 4}\n"
        self.exercise.write_text(text + limits + f"# {self.word}\n", encoding="utf-8")
        (home / "secret_solution.py").write_text(f"TOKEN = {self.word!r}\n", encoding="utf-8")
        self.hostile = {
            f"{name}-{n:03}": programs([name])[0].path.read_bytes()
            for n, name in enumerate(chosen(students // 10))
        }
        self.honest = dict(honest(students - len(self.hostile)))
        everybody = [*self.honest.items(), *self.hostile.items()]
        random.Random(7).shuffle(everybody)
        self.source = folders(home / "class", dict(everybody), "display_user.py")
        folders(self.source, {"mallory\n::error::x\x1b[2J": RIGHT}, "display_user.py")
        self.done = asyncgrade(
            *("batch", "display-user", self.source, "--exercises", self.exercise.parent),
            *("--out", self.out, "--seed", SEED, "--feedback", home / "feedback", "-j", "2"),
            *("--require-isolation", LEVEL),
            cwd=home,
            ASYNCGRADE_CANARY=self.word,
        )

    def alone(self, program: bytes) -> tuple[str, str]:
        """Score and items of a program that is graded by itself, in this process."""
        submission = read_submission("program.py", "program.py", program)
        verdict = grade(load_exercise(self.exercise), submission, InProcessSession, SEED)
        items = [f"{item.id}={item.points}/{item.max_points}" for item in verdict.items]
        return str(verdict.score), " ".join(items)

    def written(self) -> list[Path]:
        """All files that the batch has written."""
        return [*self.out.iterdir(), *(self.home / "feedback").iterdir()]


def chosen(count: int) -> list[str]:
    """So many hostile programs of this exercise, always the same ones."""
    others = [
        program.name
        for program in programs()
        if program.exercise == "display-user"
        and program.category not in ("honest", "kind", "broken")
        and program.name not in NAMED
    ]
    return [*NAMED, *random.Random(5).sample(others, max(0, count - len(NAMED)))][:count]


def honest(count: int) -> Iterable[tuple[str, bytes]]:
    """Programs that mean well, right and wrong ones; some of the names do not."""
    for n in range(count):
        name = NAMES[n] if n < len(NAMES) else f"student-{n:03}"
        yield name, f"{HONEST[n % len(HONEST)]}\nnumber = {n}\n".encode()


class Page(HTMLParser):
    """What a browser would run, load or obey in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.active: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_script = tag == "script"
        if self._in_script:
            self.scripts.append("")
        for name, value in attrs:
            outward = name in ("src", "href", "action") and not (value or "").startswith("#")
            if name.startswith("on") or outward or tag in ("iframe", "object", "embed", "base"):
                self.active.append(f"<{tag} {name}={value!r}>")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = self._in_script and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts[-1] += data


@pytest.fixture(scope="module")
def hostile_class(tmp_path_factory: pytest.TempPathFactory) -> HostileClass:
    made = HostileClass(tmp_path_factory.mktemp("hostile"))
    if made.done.returncode == 5:
        pytest.skip(f"the isolation is below {LEVEL} here: {complaints(made.done)[:1]}")
    return made


def test_everybody_is_graded_and_nothing_is_said_twice(hostile_class: HostileClass) -> None:
    done = hostile_class.done
    check_words(done.returncode, done.stdout, done.stderr)
    assert done.returncode == 0, said(done)
    rows = table(hostile_class.out / "grades.csv")
    assert len(rows) == STUDENTS == len(hostile_class.honest) + len(hostile_class.hostile)
    assert not any(row["problem"] for row in rows.values())


def test_name_with_control_characters_is_refused_by_name(hostile_class: HostileClass) -> None:
    (line,) = [line for line in said(hostile_class.done).splitlines() if "mallory" in line]
    assert line.startswith("  skipped: mallory")
    assert "\x1b" not in line


def test_honest_students_are_graded_as_alone(hostile_class: HostileClass) -> None:
    wrong = different_from_alone(hostile_class)
    assert wrong == []


def different_from_alone(hostile_class: HostileClass) -> list[tuple[object, ...]]:
    """Honest students whose score or items are others than when they are graded alone."""
    rows = table(hostile_class.out / "grades.csv")
    by_path = {row["file"].lstrip("'"): row for row in rows.values()}
    wrong: list[tuple[object, ...]] = []
    for name, program in hostile_class.honest.items():
        row = by_path.get(f"{name}/display_user.py") or _row_of(rows, program)
        seen = (row["score"], row["items"])
        if seen != hostile_class.alone(program):
            wrong.append((name, seen, hostile_class.alone(program)))
    return wrong


def _row_of(rows: dict[str, dict[str, str]], program: bytes) -> dict[str, str]:
    """By what was handed in: a hostile name is not shown as it is."""
    digest = read_submission("program.py", "program.py", program).sha256
    return next(row for row in rows.values() if row["sha256"] == digest)


def test_hostile_programs_earn_no_more_than_their_manifest_says(
    hostile_class: HostileClass,
) -> None:
    rows = table(hostile_class.out / "grades.csv")
    for key in hostile_class.hostile:
        (program,) = programs([key[:-4]])
        if "pass" not in program.acceptable:
            assert rows[key]["passed"] == "no", key
            assert float(rows[key]["score"]) <= program.most_points, key


def test_table_holds_no_formula(hostile_class: HostileClass) -> None:
    data = (hostile_class.out / "grades.csv").read_bytes().decode("utf-8")
    for row in csv.reader(data.splitlines(keepends=True), strict=True):
        assert [cell for cell in row if cell.startswith(FORMULA)] == []
    assert all(char.isprintable() or char in "\r\n" for char in data)


def test_page_runs_nothing_but_its_own_script(hostile_class: HostileClass) -> None:
    page = Page()
    page.feed((hostile_class.out / "report.html").read_text("utf-8"))
    page.close()
    assert page.active == []
    honest_page = Page()
    honest_page.feed(page_of_nobody(hostile_class))
    assert page.scripts == honest_page.scripts


def page_of_nobody(hostile_class: HostileClass) -> str:
    """The page of a class in which nobody is hostile."""
    home = hostile_class.home / "nobody"
    source = folders(home / "class", {"anna": RIGHT}, "display_user.py")
    asyncgrade(
        *("batch", "display-user", source, "--exercises", hostile_class.exercise.parent),
        *("--out", home / "out", "-j", "1"),
    )
    return (home / "out" / "report.html").read_text("utf-8")


def test_no_secret_is_in_anything_that_was_written(hostile_class: HostileClass) -> None:
    assert len(hostile_class.written()) > STUDENTS
    for path in hostile_class.written():
        assert hostile_class.word.encode() not in path.read_bytes(), path
    assert hostile_class.word.encode() not in hostile_class.done.stdout + hostile_class.done.stderr


def test_seed_is_in_nothing_that_is_handed_back(hostile_class: HostileClass) -> None:
    for path in (hostile_class.home / "feedback").iterdir():
        assert SEED.encode() not in path.read_bytes(), path
