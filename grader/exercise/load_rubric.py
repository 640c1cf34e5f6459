"""The cases, the rubric and the limits of an exercise file."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from grader.exercise.load_services import check_exception
from grader.exercise.model import Case, Item, Limits, Service
from grader.exercise.section import Section, count, literal, show
from grader.exercise.yaml_reader import Entry, Scalar

CHECKS = ("result", "calls", "concurrency", "makespan", "clean", "references")
PLAN_CHECKS = ("calls", "concurrency", "makespan")
MAX_ID_CHARS = 18
MAX_CASES = 100
MAX_POINTS = 1000
_ITEM_ID = re.compile(r"[a-z][a-z0-9_-]*")
_LIMITS = {  # the largest that an exercise may ask for
    "cpu_s": 600,
    "wall_s": 3600,
    "memory_mib": 16 * 1024,
    "output_bytes": 64 * 1024 * 1024,
    "virtual_s": 10**9,
}


@dataclass(frozen=True, slots=True)
class Results:
    """What the results of cases may be written over, and whether there is one for all."""

    params: tuple[str, ...]
    names: Collection[str]  # that a result may use
    unusable: Mapping[str, str]
    shared: bool  # the exercise has a result of its own
    exceptions: tuple[str, ...]


def load_cases(top: Section, results: Results) -> tuple[Case, ...]:
    """Read ``cases``."""
    entries = top.entries("cases")
    if "cases" in top and not entries:
        top.problem("cases", "no cases", "wanted at least one: name: {call: [arguments]}")
    if len(entries) > MAX_CASES:
        top.problem("cases", f"{len(entries)} cases", f"wanted at most {MAX_CASES}")
    return tuple(_case(top, entry, results) for entry in entries)


def _case(top: Section, entry: Entry, results: Results) -> Case:
    optional = ("result", "raises")
    path = f"cases.{entry.key}"
    case = Section(entry.value, path, top.problems, required=("call",), optional=optional)
    args = tuple(literal(item) for item in case.items("call"))
    if "call" in case and len(args) != len(results.params) == len(top.items("params")):
        takes = ", ".join(results.params) or "no arguments"
        case.problem("call", count(len(args), "argument"), f"the entry takes {takes}")
    result = case.expression("result", results.names, results.unusable)
    raises = case.text("raises") or None
    if raises:
        check_exception(case, "raises", raises, results.exceptions)
    if result is not None and raises:
        case.problem("raises", "a result and an exception", "a case ends in one of them")
    if result is None and not raises and not results.shared:
        seen = "neither a result nor an exception"
        wanted = "give the case `result` or `raises`, or the exercise a `result`"
        top.problems.add(entry.line, path, seen, wanted)
    return Case(str(entry.key), args, result, raises)


def load_rubric(
    top: Section, cases: tuple[Case, ...], services: tuple[Service, ...]
) -> tuple[Item, ...]:
    """Read ``rubric``."""
    items: list[Item] = []
    for number, tree in enumerate(top.items("rubric")):
        path = f"rubric[{number}]"
        top.problems.note(path, tree.line)
        keys = Section(
            tree,
            path,
            top.problems,
            required=("id", "points", "title") + (() if _has_assert(tree) else ("check",)),
            optional=("check", "message", "case", "goal"),
        )
        item = _item(keys, cases)
        _check_item(keys, item, items, top, services)
        items.append(item)
    _check_points(top, items)
    return tuple(items)


def _has_assert(tree: object) -> bool:
    """Whether an item uses the key that a later version has instead of ``check``."""
    return any(entry.key == "assert" for entry in getattr(tree, "entries", ()))


def _item(keys: Section, cases: tuple[Case, ...]) -> Item:
    case = keys.text("case") or None
    names = [case.name for case in cases]
    if case is not None and case not in names:
        keys.choice("case", names, "")
    return Item(
        id=keys.text("id", "item"),
        points=keys.whole("points", 0, 0, MAX_POINTS),
        check=keys.choice("check", CHECKS, ""),
        title=keys.text("title"),
        message=keys.text("message"),
        case=case,
        goal=keys.flag("goal"),
    )


def _check_item(
    keys: Section, item: Item, earlier: list[Item], top: Section, services: tuple[Service, ...]
) -> None:
    if "id" in keys:
        if not _ITEM_ID.fullmatch(item.id) or len(item.id) > MAX_ID_CHARS:
            wanted = f"wanted at most {MAX_ID_CHARS} of a-z, 0-9, _ and -, a letter first"
            keys.problem("id", f"seen {item.id!r}", wanted)
        if any(other.id == item.id for other in earlier):
            keys.problem("id", f"{item.id!r} is the id of two items", "wanted another id")
    if item.check in PLAN_CHECKS and "plan" not in top:
        wanted = "add a plan, or use the checks result and clean"
        keys.problem("check", f"{item.check} needs a plan, and there is none", wanted)
    failing = [s.name for s in services if any(op.failures for op in s.operations)]
    if item.check == "concurrency" and failing:
        seen = f"concurrency can't be judged while {failing[0]} raises"
        keys.problem("check", seen, "use the check makespan")


def _check_points(top: Section, items: list[Item]) -> None:
    if "rubric" not in top:
        return
    total = sum(item.points for item in items)
    goal = sum(item.points for item in items if item.goal)
    if total == 0:
        top.problem("rubric", "no points", "wanted items with points")
    elif goal * 10 < total * 6:
        seen = f"the goal items hold {goal} of {total} points"
        wanted = "mark what the exercise teaches with `goal: true`; it must hold 6 of every 10"
        top.problem("rubric", seen, wanted)


def load_limits(top: Section) -> Limits:
    """Read ``limits``; what is not there keeps its default."""
    tree = top.tree("limits")
    usual = Limits()
    if tree is None or (isinstance(tree, Scalar) and show(tree) == "nothing"):
        return usual
    keys = Section(tree, "limits", top.problems, optional=tuple(_LIMITS))
    return Limits(
        **{name: keys.whole(name, getattr(usual, name), 1, most) for name, most in _LIMITS.items()}
    )
