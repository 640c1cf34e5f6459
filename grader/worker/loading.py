"""Loads a submission as a fresh module beside a fresh ``services`` module."""

from __future__ import annotations

import asyncio
import builtins
import inspect
import sys
import warnings
from collections.abc import Callable
from types import CodeType, FunctionType, ModuleType
from typing import Any

from grader.protocol import Load, Loaded, type_name
from grader.worker.importing import importing
from grader.worker.places import (
    describe_error,
    describe_syntax_error,
    describe_traceback,
    place_of_error,
    submission_frames,
)
from grader.worker.shapes import source_shapes

MODULE_NAME = "submission"
Perform = Callable[[str, Any, tuple[Any, ...]], Any]

_compiled: dict[tuple[str, str], CodeType] = {}
_stub_codes: dict[str, CodeType] = {}
_sound: list[CodeType] = []  # the source whose entry has been looked at


class LoadFailed(Exception):
    """The submission can't be run; carries the message that says so."""

    def __init__(self, loaded: Loaded) -> None:
        super().__init__(loaded.text)
        self.loaded = loaded


def load(message: Load, perform: Perform) -> tuple[ModuleType, Loaded]:
    """Execute the submission. ``perform`` makes the coroutine of a service call.

    Raises LoadFailed when there is no entry to be called in the end.
    """
    exceptions = {
        name: type(name, (Exception,), {"__module__": "services"}) for name in message.exceptions
    }
    sys.modules["services"] = services_module(message, perform, exceptions)
    module = ModuleType(MODULE_NAME)
    module.__file__ = message.filename
    sys.modules[MODULE_NAME] = module
    code = _compile(message)
    notes: list[list[Any]] = []
    with importing(message.filename, notes):
        try:
            exec(code, module.__dict__)
        except BaseException as error:
            if not notes or not callable(module.__dict__.get(message.entry)):
                raise LoadFailed(_import_failure(error, message, notes)) from None
    if code not in _sound:  # the same source has the same signature every time
        problem = _entry_problem(module.__dict__.get(message.entry), message)
        if problem is not None:
            raise LoadFailed(problem._replace(notes=notes))
        _sound[:] = [code]
    shapes = source_shapes(message.source) if message.shapes else []
    return module, Loaded(None, "", "", None, notes, shapes)


def unload() -> None:
    """Forget the modules, so that the next run starts afresh."""
    for name in (MODULE_NAME, "services"):
        sys.modules.pop(name, None)


def _compile(message: Load) -> CodeType:
    key = (message.filename, message.source)
    code = _compiled.get(key)
    if code is None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # or the first run alone would print them
                code = compile(message.source, message.filename, "exec", dont_inherit=True)
        except SyntaxError as error:
            text = f"{type(error).__name__}: {error.msg}"
            shown = describe_syntax_error(error, message.filename)
            raise LoadFailed(Loaded("syntax", text, shown, error.lineno, [], [])) from None
        except BaseException as error:
            kind = type_name(error)
            text = f"Python can't compile this file: it is too deep or too long ({kind})"
            raise LoadFailed(Loaded("syntax", text, "", None, [], [])) from None
        _compiled.clear()
        _compiled[key] = code
    return code


def _import_failure(error: BaseException, message: Load, notes: list[list[Any]]) -> Loaded:
    frames = submission_frames(place_of_error(error), message.filename)
    line = frames[-1][0] if frames else None
    shown = describe_traceback(error, message.filename, message.source)
    kind = type_name(error)
    if isinstance(error, SystemExit):
        return Loaded(
            "exit", "the program ended itself while it was imported", shown, line, notes, []
        )
    if isinstance(error, MemoryError):
        return Loaded("MemoryError", "out of memory during the import", shown, line, notes, [])
    return Loaded(kind, describe_error(error), shown, line, notes, [])


def _entry_problem(entry: Any, message: Load) -> Loaded | None:
    name = message.entry
    if entry is None:
        text = (
            f"there is no function {name}(): write `async def {name}({', '.join(message.params)})`"
        )
        return Loaded("missing", text, "", None, [], [])
    if not callable(entry):
        text = f"{name} is a {type_name(entry)}, not a function"
        return Loaded("missing", text, "", None, [], [])
    try:
        if inspect.isasyncgenfunction(entry):
            text = (
                f"{name}() uses `yield`, so it is an async generator: `return` the result instead"
            )
            return Loaded("not_async", text, "", _first_line(entry), [], [])
        inspect.signature(entry).bind(*message.params)
    except TypeError as error:
        wanted = f"async def {name}({', '.join(message.params)})"
        count = len(message.params)
        text = f"{name}() can't be called with {count} argument(s): {error}; write `{wanted}`"
        return Loaded("signature", text, "", _first_line(entry), [], [])
    except BaseException:
        return None  # a callable without a signature: the call itself will tell
    return None


def _first_line(entry: Any) -> int | None:
    return entry.__code__.co_firstlineno if type(entry) is FunctionType else None


# --- the services module ---------------------------------------------------------------------


def services_module(
    message: Load, perform: Perform, exceptions: dict[str, type[BaseException]]
) -> ModuleType:
    """A module with the exercise's services and exceptions."""
    module = ModuleType("services")
    module.__doc__ = "The services of this exercise."
    module.__file__ = "services.py"  # what Python's messages on a wrong import name
    names: dict[str, Any] = dict(exceptions)
    for name, kind, params, methods in message.services:
        if kind == "context":
            names[name] = _context_class(name, params, methods, perform)
        else:
            names[name] = _stub(name, name, params, perform, bound=False)
    module.__dict__.update(names)
    module.__dict__["__all__"] = list(names)
    return module


def _stub(name: str, service: str, params: list[str], perform: Perform, *, bound: bool) -> Any:
    """A function with the service's real signature that returns the call's coroutine."""
    signature = ", ".join((["self"] if bound else []) + params)
    context = "self" if bound else "None"
    packed = "".join(f"{param}, " for param in params)
    text = f"def {name}({signature}):\n    return _perform({service!r}, {context}, ({packed}))\n"
    code = _stub_codes.get(text)
    if code is None:
        code = _stub_codes[text] = compile(text, "<services>", "exec", dont_inherit=True)
    namespace: dict[str, Any] = {"_perform": perform, "__name__": "services"}
    exec(code, namespace)
    function = namespace[name]
    if hasattr(inspect, "markcoroutinefunction"):
        inspect.markcoroutinefunction(function)
    else:
        function._is_coroutine = asyncio.coroutines._is_coroutine  # type: ignore[attr-defined]
    return function


def _context_class(
    name: str, params: list[str], methods: list[list[Any]], perform: Perform
) -> type:
    """A context manager class. The id of the call that entered it stands for the session."""
    enter = f"{name}.enter"

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        signature.bind(*args, **kwargs)
        self._context_id = None
        self._arguments = signature.bind(*args, **kwargs).args

    def __aenter__(self: Any) -> Any:
        return perform(enter, self, self._arguments)

    def __aexit__(self: Any, *exc_info: Any) -> Any:
        return perform(f"{name}.exit", self, ())

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = inspect.Signature([inspect.Parameter(param, kind) for param in params])
    namespace: dict[str, Any] = {
        "__init__": __init__,
        "__aenter__": __aenter__,
        "__aexit__": __aexit__,
        "__module__": "services",
        "__slots__": ("_arguments", "_context_id"),
        "__signature__": signature,
    }
    for method, method_params in methods:
        namespace[method] = _stub(method, f"{name}.{method}", method_params, perform, bound=True)
    return type(name, (), namespace)


def exception_class(name: str) -> type[BaseException]:
    """The class that a service raises: the exercise's own or a built-in one."""
    own = getattr(sys.modules.get("services"), name, None)
    found = own if isinstance(own, type) else getattr(builtins, name, None)
    if isinstance(found, type) and issubclass(found, BaseException):
        return found
    return RuntimeError
