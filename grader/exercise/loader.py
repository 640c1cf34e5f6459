"""From an exercise file to an ``Exercise``: every problem at once, or none.

After the keys are read, the plan is made for each case, so that what fails on a case's own data
is the author's problem here and not a student's later.
"""

from __future__ import annotations

import re
from pathlib import Path

from grader.exercise.load_plan import load_plan
from grader.exercise.load_rubric import Results, load_cases, load_limits, load_rubric
from grader.exercise.load_services import load_services
from grader.exercise.model import (
    Case,
    Exercise,
    ExpressionError,
)
from grader.exercise.plan import Plan, PlanError, build_plan
from grader.exercise.problems import Problems
from grader.exercise.section import Section, check_identifier, show
from grader.exercise.yaml_reader import Mapping as MappingTree
from grader.exercise.yaml_reader import Scalar, read_yaml

FORMAT = "asyncgrade/exercise/1"
DIFFICULTIES = ("introductory", "easy", "medium", "hard")
MAX_NODES_OF_ALL_CASES = 400_000
TIMED_CHECKS = ("makespan", "concurrency")
_REQUIRED = (
    "format",
    "id",
    "title",
    "goal",
    "difficulty",
    "text",
    "hints",
    "entry",
    "services",
    "cases",
    "rubric",
)
_OPTIONAL = ("params", "exceptions", "plan", "result", "normalise", "limits")
_ID = re.compile(r"[a-z0-9][a-z0-9-]*")
_NONCE = {
    "nonce": "a nonce belongs to one call; write the result over the steps of the plan",
}


def load_exercise(path: Path) -> Exercise:
    """Read an exercise file. Raises ExerciseError with every problem: ``file:line: key: what``."""
    problems = Problems(path)
    try:
        tree = read_yaml(path, problems)
        _check_format(tree, problems)
        exercise = _load(tree, path, problems)
        problems.raise_if_any()
        _try_cases(exercise, problems)
    except (RecursionError, MemoryError):
        problems.fail(1, "file", "the file is too complicated", "wanted a smaller one")
    problems.raise_if_any()
    return exercise


def _check_format(tree: MappingTree, problems: Problems) -> None:
    """A file of another format has no use for the problems that follow."""
    for entry in tree.entries:
        if entry.key == "format":
            value = entry.value.value if isinstance(entry.value, Scalar) else None
            if value != FORMAT:
                problems.fail(entry.line, "format", f"seen {show(entry.value)}", f"wanted {FORMAT}")


def _load(tree: MappingTree, path: Path, problems: Problems) -> Exercise:
    top = Section(tree, "", problems, required=_REQUIRED, optional=_OPTIONAL)
    params = top.identifiers("params", ("self",))
    exceptions = top.identifiers("exceptions")
    services = load_services(top, exceptions)
    plan = load_plan(top, params, services)
    if "plan" in top and not plan and not len(problems):
        top.problem("plan", "no steps", "wanted at least one, or no plan")
    names = (*params, *(step.name for step in plan))
    result = top.expression("result", names, _NONCE)
    cases = load_cases(top, Results(params, names, _NONCE, result is not None, exceptions))
    return Exercise(
        id=_id(top, path),
        title=" ".join(top.text("title").split()),
        goal=" ".join(top.text("goal").split()),
        difficulty=top.choice("difficulty", DIFFICULTIES, "easy"),
        text=top.text("text"),
        hints=_hints(top),
        entry=_entry(top, [service.name for service in services]),
        params=params,
        services=services,
        exceptions=exceptions,
        plan=plan,
        result=result,
        normalise=top.expression("normalise", ("result",)),
        cases=cases,
        rubric=load_rubric(top, cases, services),
        limits=load_limits(top),
        path=str(path),
    )


def _id(top: Section, path: Path) -> str:
    name = top.text("id")
    if "id" in top and not _ID.fullmatch(name):
        top.problem("id", f"seen {name!r}", "wanted a-z, 0-9 and - only")
    elif "id" in top and name != path.stem:
        top.problem("id", f"seen {name!r}", f"wanted the name of the file, {path.stem!r}")
    return name


def _hints(top: Section) -> tuple[str, ...]:
    hints = top.texts("hints")
    if "hints" in top and not hints:
        top.problem("hints", "no hints", "wanted a list of texts, the vaguest first")
    return hints


def _entry(top: Section, services: list[str]) -> str:
    name = top.text("entry")
    wrong = check_identifier(name) if "entry" in top else ""
    if name in services:
        wrong = f"{name!r} is also the name of a service"
    if wrong:
        top.problem("entry", wrong, "wanted the name of the function that a student writes")
    return name


# --- every case is tried -----------------------------------------------------------------------


def _try_cases(exercise: Exercise, problems: Problems) -> None:
    """Make the plan of each case and the result that it expects."""
    timed = any(item.check in TIMED_CHECKS for item in exercise.rubric)
    nodes = 0
    for case in exercise.cases:
        try:
            plan = build_plan(exercise, case)
        except PlanError as error:
            where = _place(error)
            problems.add_at(where, f"in case {case.name!r}: {error}", "")
            continue
        nodes += len(plan.nodes)
        if nodes > MAX_NODES_OF_ALL_CASES:
            seen = f"the plans of all cases have more than {MAX_NODES_OF_ALL_CASES:,} calls"
            problems.add_at("cases", seen, "wanted fewer cases or shorter ones")
            return
        if timed:
            _refuse_zero_durations(plan, problems)
        if case.raises is None:
            _try_result(exercise, case, plan, problems)


def _place(error: PlanError) -> str:
    """The key that an error of a plan comes from."""
    if error.part in ("duration", "returns"):
        return f"{_operation_path(error.operation)}.{error.part}"
    return f"plan.{error.step}.{error.part}"


def _operation_path(operation: str) -> str:
    """``Session.execute`` is described at ``services.Session.methods.execute``."""
    service, _, method = operation.partition(".")
    if not method:
        return f"services.{service}"
    between = "" if method in ("enter", "exit") else "methods."
    return f"services.{service}.{between}{method}"


def _refuse_zero_durations(plan: Plan, problems: Problems) -> None:
    for node in plan.nodes:
        if node.duration_us == 0:
            path = _operation_path(node.operation)
            key = path if node.operation.endswith((".enter", ".exit")) else f"{path}.duration"
            seen = f"{node.operation} takes 0 s in case {plan.case.name!r}"
            problems.add_at(key, seen, "wanted more than 0, because the rubric looks at time")
            return


def _try_result(exercise: Exercise, case: Case, plan: Plan, problems: Problems) -> None:
    try:
        expected = plan.result(plan.reference_values)
    except ExpressionError as error:
        where = f"cases.{case.name}.result" if case.result else "result"
        problems.add_at(where, f"in case {case.name!r}: {error}", "")
        return
    if exercise.normalise is None:
        return
    try:
        exercise.normalise({"result": expected})
    except ExpressionError as error:
        seen = f"fails on the result of case {case.name!r}: {error}"
        problems.add_at("normalise", seen, "wanted an expression that works on right results")
