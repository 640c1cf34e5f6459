"""The services of an exercise file: what a student imports from ``services``."""

from __future__ import annotations

import builtins

from grader.exercise import durations
from grader.exercise.compiler import did_you_mean
from grader.exercise.expressions import compile_call
from grader.exercise.model import Expression, ExpressionError, Failure, Operation, Service
from grader.exercise.problems import Problems
from grader.exercise.section import (
    FALLBACK,
    Section,
    check_identifier,
    join_path,
    show,
)
from grader.exercise.yaml_reader import Entry, Scalar, Sequence
from grader.exercise.yaml_reader import Mapping as MappingTree
from grader.values import Dict, describe

RESERVED_PARAMS = ("nonce", "nth", "self")
KINDS = ("coroutine", "context")
LATER_KINDS = ("sync", "stream")
_CALL_KEYS = ("args", "duration", "returns", "raises", "summary")
# What a service may raise without confusing the event loop; the same for every Python version.
_NOT_RAISED = ("StopIteration", "StopAsyncIteration", "ExceptionGroup", "PythonFinalizationError")
BUILTIN_EXCEPTIONS = frozenset(
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, Exception) and name not in _NOT_RAISED
)


def load_services(top: Section, exceptions: tuple[str, ...]) -> tuple[Service, ...]:
    """Read ``services``. A service with problems is still there, so that others can name it."""
    services = []
    entries = top.entries("services")
    if "services" in top and not entries:
        top.problem("services", "no services", "wanted at least one: name: {args: [], …}")
    for entry in entries:
        path = f"services.{entry.key}"
        wrong = check_identifier(entry.key)
        if not wrong and entry.key in exceptions:
            wrong = f"{entry.key!r} is also the name of an exception"
        if wrong:
            top.problems.add(entry.line, path, wrong, "wanted another name")
        else:
            services.append(_service(entry, path, top.problems, exceptions))
    return tuple(services)


def _service(entry: Entry, path: str, problems: Problems, exceptions: tuple[str, ...]) -> Service:
    kind = _kind(entry, path, problems)
    if kind == "context":
        return _context(entry, path, problems, exceptions)
    optional = ("kind", *_CALL_KEYS)
    section = Section(entry.value, path, problems, required=("duration",), optional=optional)
    operation = _operation(section, str(entry.key), exceptions)
    summary = " ".join(section.text("summary").split())
    return Service(operation.name, "coroutine", (operation,), operation.params, summary=summary)


def _kind(entry: Entry, path: str, problems: Problems) -> str:
    """The kind of a service, read before its keys are known."""
    tree = entry.value
    found = [e for e in tree.entries if e.key == "kind"] if isinstance(tree, MappingTree) else []
    if not found:
        return "coroutine"
    kind = found[0].value
    value = kind.value if isinstance(kind, Scalar) else None
    if value in LATER_KINDS:
        seen = f"kind {value} is not supported yet by this version"
        problems.add(found[0].line, f"{path}.kind", seen, f"wanted one of {', '.join(KINDS)}")
    elif value not in KINDS:
        near = did_you_mean(value, KINDS) if isinstance(value, str) else ""
        seen, wanted = f"seen {show(kind)}{near}", f"wanted one of {', '.join(KINDS)}"
        problems.add(found[0].line, f"{path}.kind", seen, wanted)
    return str(value)


def _context(entry: Entry, path: str, problems: Problems, exceptions: tuple[str, ...]) -> Service:
    section = Section(
        entry.value,
        path,
        problems,
        required=("enter", "exit", "methods"),
        optional=("kind", "args", "exclusive", "summary"),
    )
    name, params = str(entry.key), section.identifiers("args", RESERVED_PARAMS)
    operations = [
        Operation(f"{name}.enter", params, _seconds(section, "enter"), None),
        Operation(f"{name}.exit", (), _seconds(section, "exit"), None),
    ]
    for method in section.entries("methods"):
        method_path = f"{path}.methods.{method.key}"
        wrong = check_identifier(method.key)
        if method.key in ("enter", "exit"):
            wrong = f"{method.key!r} has a meaning of its own"
        if wrong:
            problems.add(method.line, method_path, wrong, "wanted another name")
            continue
        keys = Section(
            method.value, method_path, problems, required=("duration",), optional=_CALL_KEYS
        )
        operations.append(_operation(keys, f"{name}.{method.key}", exceptions))
    if "methods" in section and len(operations) == 2:
        section.problem("methods", "no methods", "wanted at least one")
    summary = " ".join(section.text("summary").split())
    exclusive = section.flag("exclusive")
    return Service(name, "context", tuple(operations), params, exclusive, summary)


def _operation(section: Section, name: str, exceptions: tuple[str, ...]) -> Operation:
    params = section.identifiers("args", RESERVED_PARAMS)
    return Operation(
        name=name,
        params=params,
        duration_us=_duration(section, params),
        returns=section.expression("returns", (*params, "nonce", "nth")),
        failures=_failures(section, params, exceptions),
    )


# --- durations ---------------------------------------------------------------------------------


def _seconds(section: Section, key: str) -> durations.Fixed:
    """A plain number of seconds."""
    tree = section.tree(key)
    if tree is None:
        return durations.Fixed(1)
    try:
        value = tree.value if isinstance(tree, Scalar) else None
        return durations.Fixed(durations.microseconds(value))
    except ExpressionError as error:
        seen = str(error) if isinstance(tree, Scalar) else f"seen {show(tree)}"
        section.problem(key, seen, "wanted a number of seconds")
        return durations.Fixed(1)


def _duration(
    section: Section, params: tuple[str, ...]
) -> durations.Fixed | durations.ByArgument | durations.Computed:
    tree = section.tree("duration")
    if isinstance(tree, MappingTree):
        return _duration_table(section, tree, params)
    if isinstance(tree, Scalar) and isinstance(tree.value, str):
        seconds = section.expression("duration", params)
        return durations.Computed(seconds or FALLBACK)
    return _seconds(section, "duration")


def _duration_table(
    section: Section, tree: MappingTree, params: tuple[str, ...]
) -> durations.Fixed | durations.ByArgument:
    if not params:
        seen = "seconds by argument, but the service takes none"
        section.problem("duration", seen, "wanted a number of seconds")
        return durations.Fixed(1)
    pairs = []
    for entry in tree.entries:
        path = join_path(section.path, f"duration.{entry.key}")
        section.problems.note(path, entry.line)
        if entry.key == "sequence" and isinstance(entry.value, Sequence):
            section.problem("duration.sequence", "not supported yet by this version", "remove it")
            continue
        try:
            value = entry.value.value if isinstance(entry.value, Scalar) else show(entry.value)
            pairs.append((entry.key, durations.microseconds(value)))
        except ExpressionError as error:
            section.problem(f"duration.{entry.key}", str(error), "wanted a number of seconds")
    if not tree.entries:
        section.problem("duration", "an empty mapping", "wanted argument: seconds")
    return durations.ByArgument(params[0], Dict(pairs))


# --- failures ----------------------------------------------------------------------------------


def _failures(
    section: Section, params: tuple[str, ...], exceptions: tuple[str, ...]
) -> tuple[Failure, ...]:
    tree = section.tree("raises")
    if tree is None:
        return ()
    many = tree.items if isinstance(tree, Sequence) else (tree,)
    failures = []
    for number, item in enumerate(many):
        path = join_path(section.path, "raises")
        if isinstance(tree, Sequence):
            path = f"{path}[{number}]"
        section.problems.note(path, item.line)
        part = Section(item, path, section.problems, required=("when", "error"))
        names = (*params, "nth")
        when = part.expression("when", names) or FALLBACK
        error_type, error_args = _error(part, names, exceptions)
        failures.append(Failure(when, error_type, error_args))
    return tuple(failures)


def _error(
    part: Section, names: tuple[str, ...], exceptions: tuple[str, ...]
) -> tuple[str, tuple[Expression, ...]]:
    """The call of an exception class, such as ``ValueError('no such user')``."""
    text = part.source("error")
    if text is None:
        return "Exception", ()
    try:
        call = compile_call(text)
    except ExpressionError as error:
        part.problem("error", f"seen {describe(text, 60)}", str(error))
        return "Exception", ()
    if call.keywords:
        part.problem("error", "an argument by name", "exceptions take arguments by place")
    check_exception(part, "error", call.callee, exceptions)
    for argument in call.args:
        part.check_names("error", argument, names)
    return call.callee, call.args


def check_exception(part: Section, key: str, name: str, exceptions: tuple[str, ...]) -> None:
    """Refuse what is neither a built-in exception nor one of the exercise's own."""
    known = {*BUILTIN_EXCEPTIONS, *exceptions}
    if name not in known:
        own = ", ".join(exceptions) or "none"
        seen = f"unknown exception {name!r}{did_you_mean(name, known)}"
        wanted = f"wanted a built-in exception or one of the exercise's `exceptions` ({own})"
        part.problem(key, seen, wanted)
