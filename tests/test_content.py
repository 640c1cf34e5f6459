"""The content is tested as code is: exercise files, their texts and their model programs.

Nothing is graded here; that every program gets its verdict is tested elsewhere.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from grader.exercise.loader import load_exercise
from grader.exercise.model import Exercise

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / "exercises").glob("exercise-*.yaml"))
EXERCISES = [load_exercise(path) for path in FILES]
DIFFICULTIES = ("introductory", "easy", "medium", "hard")
SERIAL = ("serial", "loop", "comprehension")  # names of programs that await one call at a time
NEWER_THAN_3_10 = ("TaskGroup", "asyncio.timeout", "except*", "asyncio.Runner")
EXPECTATION = re.compile(r"# expect: (?:pass|fails (?P<items>\w+(?:, \w+)*))")


def programs(exercise: Exercise, kind: str) -> list[Path]:
    return sorted((ROOT / "solutions" / exercise.id / kind).glob("*.py"))


def first_line(program: Path) -> str:
    return program.read_text("utf-8").split("\n", 1)[0].rstrip("\r")


def expected_failures(program: Path) -> list[str]:
    match = EXPECTATION.fullmatch(first_line(program))
    assert match, f"{program}: the first line must be `# expect: pass` or `# expect: fails …`"
    return match["items"].split(", ") if match["items"] else []


each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
each_program = pytest.mark.parametrize(
    ("exercise", "program"),
    [
        pytest.param(exercise, program, id=f"{exercise.id}-{kind}-{program.stem}")
        for exercise in EXERCISES
        for kind in ("right", "wrong")
        for program in programs(exercise, kind)
    ],
)


def test_exercises_folder_holds_exercises_and_quizzes_only() -> None:
    names = [path.name for path in (ROOT / "exercises").iterdir()]
    assert [n for n in names if not re.fullmatch(r"(exercise|quiz)-[1-9]\d*\.yaml", n)] == []


def test_exercises_are_numbered_without_a_gap() -> None:
    numbers = sorted(int(exercise.id.removeprefix("exercise-")) for exercise in EXERCISES)
    assert numbers == list(range(1, len(EXERCISES) + 1))


def test_titles_are_unique() -> None:
    titles = [exercise.title for exercise in EXERCISES]
    assert len(set(titles)) == len(titles)


@each_exercise
def test_id_is_the_name_of_the_file(exercise: Exercise) -> None:
    assert exercise.id == Path(exercise.path).stem


@each_exercise
def test_head_is_filled_in(exercise: Exercise) -> None:
    assert exercise.title.strip()
    assert exercise.goal.strip()
    assert exercise.difficulty in DIFFICULTIES


@each_exercise
def test_hints_come_in_at_least_three_stages(exercise: Exercise) -> None:
    assert len(exercise.hints) >= 3
    assert all(hint.strip() for hint in exercise.hints)
    assert len(set(exercise.hints)) == len(exercise.hints)
    assert "?" in exercise.hints[0], "the first hint is a question or a nudge, not the answer"
    assert "`" in exercise.hints[-1], "the last hint shows a line of code"


@each_exercise
def test_text_names_everything_the_learner_needs(exercise: Exercise) -> None:
    assert f"async def {exercise.entry}({', '.join(exercise.params)})" in exercise.text
    assert "from services import " in exercise.text
    assert "What is graded" in exercise.text
    operations = [op.name for service in exercise.services for op in service.operations]
    names = [name for name in operations if not name.endswith((".enter", ".exit"))]
    missing = [name for name in names if f"{name.rpartition('.')[2]}(" not in exercise.text]
    assert missing == []


@each_exercise
def test_code_in_the_text_is_python(exercise: Exercise) -> None:
    for block in re.findall(r"```python\n(.*?)```", exercise.text, re.DOTALL):
        compile(block, exercise.id, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | ast.PyCF_ONLY_AST)


@each_exercise
def test_imports_in_the_text_are_the_names_of_the_services(exercise: Exercise) -> None:
    line = next(line for line in exercise.text.split("\n") if "from services import" in line)
    imported = line.split(" import ")[1].split(", ")
    offered = {service.name for service in exercise.services} | set(exercise.exceptions)
    assert set(imported) <= offered
    assert {service.name for service in exercise.services} <= set(imported)


@each_exercise
def test_text_says_from_when_on_newer_features_exist(exercise: Exercise) -> None:
    for text in (exercise.text, *exercise.hints):
        if any(feature in text for feature in NEWER_THAN_3_10):
            assert "3.11" in text


@each_exercise
def test_services_are_summarised(exercise: Exercise) -> None:
    assert [service.name for service in exercise.services if not service.summary.strip()] == []


@each_exercise
def test_points_total_ten_and_the_goal_holds_six(exercise: Exercise) -> None:
    assert sum(item.points for item in exercise.rubric) == 10
    assert sum(item.points for item in exercise.rubric if item.goal) >= 6


@each_exercise
def test_items_say_in_words_what_must_hold(exercise: Exercise) -> None:
    assert all(" " in item.title for item in exercise.rubric)
    assert all(item.points >= 1 for item in exercise.rubric)


@each_exercise
def test_serial_program_earns_at_most_four(exercise: Exercise) -> None:
    for program in programs(exercise, "wrong"):
        if program.stem in SERIAL:
            failed = expected_failures(program)
            assert sum(i.points for i in exercise.rubric if i.id not in failed) <= 4


@each_exercise
def test_solutions_hold_right_and_wrong_programs_and_nothing_else(exercise: Exercise) -> None:
    folder = ROOT / "solutions" / exercise.id
    assert programs(exercise, "right")
    assert programs(exercise, "wrong")
    known = {folder / "right", folder / "wrong"}
    known |= {*programs(exercise, "right"), *programs(exercise, "wrong")}
    found = {path for path in folder.rglob("*") if "__pycache__" not in path.parts}
    assert found == known


def test_every_solutions_folder_belongs_to_an_exercise() -> None:
    ids = {exercise.id for exercise in EXERCISES}
    assert {path.name for path in (ROOT / "solutions").iterdir()} <= ids


@each_exercise
def test_one_right_program_works_on_python_3_10(exercise: Exercise) -> None:
    sources = [program.read_text("utf-8") for program in programs(exercise, "right")]
    assert any(not any(new in source for new in NEWER_THAN_3_10) for source in sources)


@each_program
def test_program_says_what_is_expected(exercise: Exercise, program: Path) -> None:
    failures = expected_failures(program)
    ids = [item.id for item in exercise.rubric]
    assert [name for name in failures if name not in ids] == []
    assert failures == [name for name in ids if name in failures], "in the order of the rubric"
    assert bool(failures) == (program.parent.name == "wrong")


@each_program
def test_program_defines_the_entry(exercise: Exercise, program: Path) -> None:
    tree = ast.parse(program.read_text("utf-8"), feature_version=(3, 10))
    assert any(
        isinstance(node, ast.AsyncFunctionDef) and node.name == exercise.entry for node in tree.body
    )


def test_index_lists_every_exercise() -> None:
    index = (ROOT / "docs" / "exercises.md").read_text("utf-8")
    rows = re.findall(r"^\| (exercise-\d+) \| (.+) \| (.+) \| (.+) \|$", index, re.MULTILINE)
    listed = [(e.id, e.title, e.goal, e.difficulty) for e in EXERCISES]
    assert sorted(rows) == sorted(listed)
