"""Shapes of the student's source that name a misconception: a claim, sent only when asked for.

Parsed here, in the process that runs the submission anyway, never on the trusted side. So is the
digest of the syntax tree, which is no claim: it is sent before anything of the student's has run.
"""

from __future__ import annotations

import ast
import hashlib
from typing import Any

_MAKES_TASK = ("create_task", "ensure_future")
_LOOPS = (ast.For, ast.While, ast.AsyncFor)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
MAX_SHAPES = 300
MAX_TREE_CHARS = 65_536  # writing a tree out takes time


def source_shapes(source: str) -> list[list[Any]]:
    """Pairs of line and shape, in source order; empty when the source can't be parsed."""
    try:
        finder = _Finder()
        finder.visit(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return finder.shapes[:MAX_SHAPES]


def tree_digest(source: str) -> str | None:
    """Text that is equal for programs that differ in blanks, comments and line breaks only.

    What the module says of itself (its docstring) is a comment too.
    """
    if len(source) > MAX_TREE_CHARS:
        return None
    try:
        tree = ast.parse(source)
        if ast.get_docstring(tree, clean=False) is not None:
            del tree.body[0]
        text = ast.dump(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _name_of(call: ast.AST) -> str:
    """``gather`` for ``gather(…)`` and ``asyncio.gather(…)``."""
    if not isinstance(call, ast.Call):
        return ""
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


class _Finder(ast.NodeVisitor):
    def __init__(self) -> None:
        self.shapes: list[list[Any]] = []
        self._inside: list[str] = []

    def _note(self, node: ast.AST, shape: str) -> None:
        self.shapes.append([getattr(node, "lineno", 0), shape])

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, _FUNCTIONS):
            outer, self._inside = self._inside, []
            self._note_function(node)
            self.generic_visit(node)
            self._inside = outer
        elif isinstance(node, (*_LOOPS, *_COMPREHENSIONS)):
            self._inside.append("loop" if isinstance(node, _LOOPS) else "comprehension")
            self.generic_visit(node)
            self._inside.pop()
        else:
            if isinstance(node, ast.Await):
                self._note_await(node)
            elif isinstance(node, ast.AsyncWith):
                self._note_async_with(node)
            elif isinstance(node, ast.Call):
                self._note_call(node)
            self.generic_visit(node)

    def _note_function(self, node: ast.AST) -> None:
        self._note(node, "function")

    def _note_await(self, node: ast.Await) -> None:
        self._note(node, "await")
        name = _name_of(node.value)
        if self._inside and name not in ("gather", "wait", "sleep"):
            self._note(node, f"await_in_{self._inside[-1]}")
        if name in _MAKES_TASK:
            self._note(node, "await_of_new_task")
        if name == "sleep" and self._inside[-1:] == ["loop"]:
            self._note(node, "sleep_in_loop")
        elif name == "sleep":
            self._note(node, "sleep")
        if name in ("gather", "wait") and "loop" in self._inside:
            self._note(node, f"{name}_in_loop")

    def _note_async_with(self, node: ast.AsyncWith) -> None:
        if any(_name_of(item.context_expr) == "TaskGroup" for item in node.items):
            self._note(node, "task_group")
            if "loop" in self._inside:
                self._note(node, "task_group_in_loop")

    def _note_call(self, node: ast.Call) -> None:
        name = _name_of(node)
        if name in _MAKES_TASK:
            self._note(node, "new_task")
            if any(isinstance(inner, ast.Await) for arg in node.args for inner in ast.walk(arg)):
                self._note(node, "new_task_of_awaited")
        elif name == "gather":
            self._note(node, "gather")
            self._note_gather(node)
        elif name == "as_completed":
            self._note(node, "as_completed")
        elif name == "wait":
            self._note(node, "wait")
        elif name == "append":
            self._note(node, "append")
        elif name in ("run", "run_until_complete"):
            self._note(node, "nested_run")

    def _note_gather(self, node: ast.Call) -> None:
        awaited = [self._awaits(arg) for arg in node.args]
        if any(awaited):
            shape = "gather_of_awaited" if all(awaited) else "gather_half_awaited"
            self._note(node, shape)
            for argument, is_awaited in zip(node.args, awaited, strict=True):
                if is_awaited and argument.lineno != node.lineno:
                    self._note(argument, shape)
        if len(node.args) == 1 and isinstance(node.args[0], (ast.List, *_COMPREHENSIONS)):
            self._note(node, "gather_of_list")

    def _awaits(self, argument: ast.AST) -> bool:
        """Whether the argument itself is an awaited value (``await f()``, ``*[await f() …]``)."""
        if isinstance(argument, ast.Starred):
            argument = argument.value
        if isinstance(argument, _COMPREHENSIONS) and not isinstance(argument, ast.DictComp):
            argument = argument.elt
        if isinstance(argument, ast.List | ast.Tuple):
            return bool(argument.elts) and all(self._awaits(item) for item in argument.elts)
        return isinstance(argument, ast.Await)
