"""Expressions of an exercise: Python syntax, a closed list of nodes, compiled to closures.

Rule 1: source text is parsed with ``ast`` once and never evaluated by Python itself.
Rule 2: what is not listed here does not compile; what an operation may cost is in ``bounded``.
Rule 3: nothing but ExpressionError leaves this module.
A record is read as ``record['field']``; going over it gives its field values.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Collection
from dataclasses import dataclass

from grader.exercise import bounded
from grader.exercise.compiler import Closure, Compiler, Frame, did_you_mean, target_names
from grader.exercise.model import Environment, Expression, ExpressionError
from grader.values import Value

MAX_SOURCE_CHARS = 4_000


class Compiled:
    """A compiled expression: see ``model.Expression``."""

    __slots__ = ("_body", "_slots", "names", "text")

    def __init__(self, text: str, names: frozenset[str], body: Closure, slots: int) -> None:
        self.text = text
        self.names = names
        self._body = body
        self._slots = slots

    def __call__(self, environment: Environment) -> Value:
        frame = Frame(environment, self._slots)
        try:
            value = bounded.settle(self._body(frame), frame)
            bounded.charge(value, frame)
        except ExpressionError:
            raise
        except RecursionError:
            raise ExpressionError("a value is nested too deep") from None
        except MemoryError:
            raise ExpressionError("the expression needs too much memory") from None
        except OverflowError:
            raise ExpressionError("a number is too large") from None
        except Exception as error:
            raise ExpressionError(str(error)[:200] or type(error).__name__) from None
        return value

    def __repr__(self) -> str:
        return f"<expression {self.text!r}>"


@dataclass(frozen=True, slots=True)
class CallSyntax:
    """A call as it is written: ``Session.execute(query, limit=3)``."""

    callee: str
    args: tuple[Expression, ...]
    keywords: tuple[tuple[str, Expression], ...]


def compile_expression(text: str, *, allowed_names: Collection[str] | None = None) -> Expression:
    """Compile an expression. Raises ExpressionError; so does calling the result, and no more."""
    return _compile(_parse(text), text, allowed_names)


def compile_call(text: str, *, allowed_names: Collection[str] | None = None) -> CallSyntax:
    """Compile the arguments of a call; what is called is only named. Raises ExpressionError."""
    node = _parse(text)
    if not isinstance(node, ast.Call):
        raise ExpressionError("this is not a call; write it like name(arguments)")
    callee = node.func
    if isinstance(callee, ast.Attribute) and isinstance(callee.value, ast.Name):
        name = f"{callee.value.id}.{callee.attr}"
    elif isinstance(callee, ast.Name):
        name = callee.id
    else:
        raise ExpressionError("what is called must be a name, or a name and a method")

    def part(argument: ast.expr) -> Expression:
        source = ast.get_source_segment(text.strip(), argument) or ""
        return _compile(argument, source, allowed_names)

    keywords = []
    for keyword in node.keywords:
        if keyword.arg is None:
            raise ExpressionError("** is not possible here; name each argument")
        keywords.append((keyword.arg, part(keyword.value)))
    return CallSyntax(name, tuple(part(arg) for arg in node.args), tuple(keywords))


def compile_loop(
    text: str, *, allowed_names: Collection[str] | None = None
) -> tuple[tuple[str, ...], Expression]:
    """Compile ``i, item in enumerate(items)``: the names it binds, and an expression that gives
    a list with a tuple of their values for each round. Raises ExpressionError."""
    node = _parse(f"[0 for {text.strip()}]")
    if not isinstance(node, ast.ListComp) or len(node.generators) != 1:
        raise ExpressionError("this is not one loop; write it like: item in items")
    names = tuple(target_names(node.generators[0].target))
    row = ast.Tuple([ast.Name(name, ast.Load()) for name in names], ast.Load())
    return names, _compile(ast.ListComp(row, node.generators), text, allowed_names)


def _parse(text: str) -> ast.expr:
    if len(text) > MAX_SOURCE_CHARS:
        raise ExpressionError(f"the expression is longer than {MAX_SOURCE_CHARS:,} characters")
    if not text.strip():
        raise ExpressionError("the expression is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise ExpressionError(f"this is not a Python expression: {error.msg}") from None
    except ValueError as error:
        raise ExpressionError(f"this is not a Python expression: {error}") from None
    except (RecursionError, MemoryError):
        raise ExpressionError("the expression is nested too deep") from None


def _compile(node: ast.expr, text: str, allowed_names: Collection[str] | None) -> Compiled:
    compiler = Compiler()
    try:
        body = compiler.compile(node)
    except RecursionError:
        raise ExpressionError("the expression is nested too deep") from None
    if allowed_names is not None:
        for name in sorted(compiler.names - set(allowed_names)):
            raise ExpressionError(
                f"there is no name {name!r} here{did_you_mean(name, allowed_names)}"
            )
    return Compiled(text, frozenset(compiler.names), body, compiler.slots)
