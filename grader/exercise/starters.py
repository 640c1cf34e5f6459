"""What a student begins with: the file to fill in, and a stub of ``services`` for the editor."""

from __future__ import annotations

import textwrap

from grader.exercise.model import Exercise, ExpressionError, Operation, Service
from grader.exercise.plan import build_plan
from grader.values import Dict, Set, Value

MAX_CALLS_READ = 1000  # of a plan, to infer types
_LINE_CHARS = 88
_SCALARS = {bool: "bool", int: "int", float: "float", str: "str", bytes: "bytes"}

Types = dict[str, tuple[str, ...]]  # operation -> annotations of its parameters and its result


def starter_source(exercise: Exercise) -> str:
    """A Python file with everything but the answer."""
    names = [service.name for service in exercise.services] + list(exercise.exceptions)
    line = f"from services import {', '.join(names)}"
    if len(line) > _LINE_CHARS:
        line = "from services import (\n" + "".join(f"    {name},\n" for name in names) + ")"
    head = textwrap.fill(exercise.title, _LINE_CHARS - 4)
    goal = textwrap.fill(f"The goal: {exercise.goal}", _LINE_CHARS)
    return (
        f'"""{_in_docstring(head)}\n\n{_in_docstring(goal)}\n"""\n\n'
        f"import asyncio\n\n{line}\n\n\n"
        f"async def {exercise.entry}({', '.join(exercise.params)}):\n"
        f'    raise NotImplementedError("write {exercise.entry} here")\n'
    )


def services_stub(exercise: Exercise) -> str:
    """The text of ``services.pyi``: typed signatures, as far as the plan shows the types."""
    types = _types(exercise)
    blocks = [f"class {name}(Exception): ..." for name in exercise.exceptions]
    for service in exercise.services:
        context = service.kind == "context"
        blocks.append(_context(service, types) if context else _coroutine(service, types))
    head = f'"""The services of {exercise.id}. For your editor only; nothing runs from here."""'
    return "\n\n".join([head, "from typing import Any", *blocks]) + "\n"


def _in_docstring(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _summary(service: Service, indent: str) -> str:
    return f'{indent}"""{_in_docstring(service.summary)}"""\n' if service.summary else ""


def _coroutine(service: Service, types: Types) -> str:
    operation = service.operations[0]
    signature = _signature(operation.name, operation, types, "")
    return f"{signature}\n{_summary(service, '    ')}    ..."


def _context(service: Service, types: Types) -> str:
    params = "".join(f", {param}: Any" for param in service.params)
    lines = [
        f"class {service.name}:\n{_summary(service, '    ')}"
        f"    def __init__(self{params}) -> None: ...",
        f"    async def __aenter__(self) -> {service.name}: ...",
        "    async def __aexit__(self, *exc_info: object) -> None: ...",
    ]
    for operation in service.operations[2:]:
        method = operation.name.partition(".")[2]
        lines.append(f"    {_signature(method, operation, types, 'self')} ...")
    return "\n".join(lines)


def _signature(name: str, operation: Operation, types: Types, first: str) -> str:
    unknown = ("Any",) * len(operation.params) + ("Any" if operation.returns else "None",)
    *annotations, returned = types.get(operation.name, unknown)
    pairs = zip(operation.params, annotations, strict=True)
    params = [first] if first else []
    params += [f"{param}: {annotation}" for param, annotation in pairs]
    return f"async def {name}({', '.join(params)}) -> {returned}:"


# --- types, inferred from what a right program's calls give and get ------------------------------


def _types(exercise: Exercise) -> Types:
    seen: dict[str, list[set[str]]] = {}
    for case in exercise.cases:
        try:
            plan = build_plan(exercise, case)
            for index, node in enumerate(plan.nodes[:MAX_CALLS_READ]):
                values = [*plan.arguments(index, plan.reference_values)]
                values.append(plan.reference_values[index])
                columns = seen.setdefault(node.operation, [set() for _ in values])
                for column, value in zip(columns, values, strict=False):
                    column.add(annotation(value))
        except ExpressionError:
            continue
    return {
        name: tuple(_union(column) for column in columns)
        for name, columns in seen.items()
        if not name.endswith((".enter", ".exit"))
    }


def annotation(value: Value) -> str:
    """A value's type as an annotation: ``dict[str, int]``."""
    if value is None:
        return "None"
    if type(value) in _SCALARS:
        return _SCALARS[type(value)]
    if isinstance(value, tuple):
        return f"tuple[{', '.join(annotation(item) for item in value) or '()'}]"
    if isinstance(value, list):
        return f"list[{_union({annotation(item) for item in value})}]"
    if isinstance(value, Set):
        return f"set[{_union({annotation(item) for item in value})}]"
    if isinstance(value, Dict):
        keys = _union({annotation(key) for key in value})
        return f"dict[{keys}, {_union({annotation(item) for _, item in value.items()})}]"
    return "Any"


def _union(annotations: set[str]) -> str:
    if not annotations or "Any" in annotations or len(annotations) > 4:
        return "Any"
    return " | ".join(sorted(annotations - {"None"}) + sorted(annotations & {"None"}))
