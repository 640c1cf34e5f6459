"""The plan of an exercise file: calls by name, what they wait for, and what must be returned."""

from __future__ import annotations

from collections.abc import Mapping

from grader.exercise.compiler import did_you_mean
from grader.exercise.expressions import CallSyntax, compile_call, compile_loop
from grader.exercise.model import Expression, ExpressionError, PlanStep, Service
from grader.exercise.section import FALLBACK, Section, check_identifier, count, show
from grader.exercise.yaml_reader import Entry, Scalar
from grader.exercise.yaml_reader import Mapping as MappingTree
from grader.values import describe


def load_plan(
    top: Section, params: tuple[str, ...], services: tuple[Service, ...]
) -> tuple[PlanStep, ...]:
    """Read ``plan``. Each step may use the parameters, its loop names and the steps above it."""
    entries = top.entries("plan")
    names = [str(entry.key) for entry in entries]
    steps: dict[str, PlanStep] = {}
    for position, entry in enumerate(entries):
        wrong = check_identifier(entry.key)
        if not wrong and entry.key in params:
            wrong = f"{entry.key!r} is also a parameter of the entry"
        if wrong:
            top.problems.add(entry.line, f"plan.{entry.key}", wrong, "wanted another name")
            continue
        later = {
            name: f"the step {name!r} is defined further down; move it above {entry.key}"
            for name in names[position + 1 :]
        }
        later[names[position]] = f"the step {entry.key!r} uses itself"
        steps[names[position]] = _Step(top, entry, params, tuple(steps), later, services).load()
    return tuple(steps.values())


class _Step:
    """Reads one step."""

    def __init__(
        self,
        top: Section,
        entry: Entry,
        params: tuple[str, ...],
        earlier: tuple[str, ...],
        later: Mapping[str, str],
        services: tuple[Service, ...],
    ) -> None:
        self._name = str(entry.key)
        self._entry = entry
        self._names = (*params, *earlier)
        self._earlier = earlier
        self._later = later
        self._services = services
        self._short = not isinstance(entry.value, MappingTree)
        path = "plan" if self._short else f"plan.{self._name}"
        tree = MappingTree(entry.line, (entry,)) if self._short else entry.value
        keys = (self._name,) if self._short else ("call",)
        optional = () if self._short else ("each", "after")
        self._section = Section(tree, path, top.problems, required=keys, optional=optional)
        self._key = keys[0]

    def load(self) -> PlanStep:
        targets, loop = self._each()
        call = self._call()
        if call is None:
            return PlanStep(self._name, "", (), targets, loop)
        for argument in (*call.args, *[value for _, value in call.keywords]):
            if loop is FALLBACK:
                break
            self._section.check_names(self._key, argument, (*self._names, *targets), self._later)
        args = self._bind(call)
        return PlanStep(self._name, call.callee, args, targets, loop, self._after())

    def _each(self) -> tuple[tuple[str, ...], Expression | None]:
        text = None if self._short else self._section.source("each")
        if text is None:
            return (), None
        try:
            targets, loop = compile_loop(text)
        except ExpressionError as error:
            self._section.problem("each", f"seen {describe(text, 60)}", str(error))
            return (), FALLBACK
        for target in targets:
            if target in self._names or target in self._later:
                seen = f"{target!r} is already a parameter or a step"
                self._section.problem("each", seen, "wanted another name")
        self._section.check_names("each", loop, self._names, self._later)
        return targets, loop

    def _call(self) -> CallSyntax | None:
        text = self._section.source(self._key)
        if text is None:
            return None
        try:
            return compile_call(text)
        except ExpressionError as error:
            self._section.problem(self._key, f"seen {describe(text, 60)}", str(error))
            return None

    def _after(self) -> tuple[str, ...]:
        if self._short:
            return ()
        names = []
        for item in self._section.items("after"):
            name = item.value if isinstance(item, Scalar) else None
            if isinstance(name, str) and name in self._earlier:
                names.append(name)
                continue
            seen = f"unknown step {show(item)}"
            if isinstance(name, str):
                seen = self._later.get(name, seen + did_you_mean(name, self._earlier))
            wanted = f"wanted steps above this one: {', '.join(self._earlier) or 'there are none'}"
            self._section.problem("after", seen, wanted)
        return tuple(dict.fromkeys(names))

    # --- what is called -------------------------------------------------------------------------

    def _bind(self, call: CallSyntax) -> tuple[tuple[str, Expression], ...]:
        """Give each parameter of the operation its argument."""
        params = self._params_of(call.callee)
        if params is None:
            return ()
        takes = f"it takes {', '.join(params) or 'no arguments'}"
        if len(call.args) > len(params):
            seen = f"{call.callee}() got {count(len(call.args), 'argument')}"
            self._section.problem(self._key, seen, takes)
        bound = dict(zip(params, call.args, strict=False))
        for name, value in call.keywords:
            if name not in params:
                seen = f"{call.callee}() got the unknown argument {name!r}"
                self._section.problem(self._key, seen + did_you_mean(name, params), takes)
            elif name in bound:
                self._section.problem(self._key, f"{call.callee}() got {name!r} twice", takes)
            else:
                bound[name] = value
        missing = [param for param in params if param not in bound]
        if missing:
            seen = f"{call.callee}() got no {' and no '.join(missing)}"
            self._section.problem(self._key, seen, takes)
        return tuple((param, bound[param]) for param in params if param in bound)

    def _params_of(self, callee: str) -> tuple[str, ...] | None:
        """The parameters of an operation; None after a problem with its name."""
        owner, _, method = callee.partition(".")
        for service in self._services:
            if service.name != owner:
                continue
            if service.kind == "context" and service.params:
                seen = f"{owner} takes arguments, and a plan can't give them yet"
                self._section.problem(self._key, seen, "wanted a context without arguments")
                return None
            for operation in service.operations:
                if operation.name == callee and method not in ("enter", "exit"):
                    return operation.params
        known = [
            operation.name
            for service in self._services
            for operation in service.operations
            if operation.name.partition(".")[2] not in ("enter", "exit")
        ]
        seen = f"unknown service {callee}(){did_you_mean(callee, known)}"
        if method in ("enter", "exit"):
            seen = f"{callee}() is a part of every step on {owner}"
        self._section.problem(self._key, seen, f"wanted one of {', '.join(known)}")
        return None
