"""From a syntax tree to closures: the closed list of nodes that an expression may hold.

What is not listed here does not compile; what an operation may cost is in ``bounded``.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Collection, Iterator
from difflib import get_close_matches
from typing import Any

from grader.exercise import bounded
from grader.exercise.bounded import Budget
from grader.exercise.functions import FUNCTIONS, METHOD_NAMES, METHODS, Function
from grader.exercise.model import Environment, ExpressionError
from grader.values import Value

MAX_NESTING = 60

Closure = Callable[["Frame"], Value]
Bind = Callable[["Frame", Value], None]


class Frame(Budget):
    """One evaluation: the names from outside, a slot for each loop variable, the steps left."""

    __slots__ = ("environment", "slots")

    def __init__(self, environment: Environment, slots: int) -> None:
        super().__init__()
        self.environment = environment
        self.slots: list[Value] = [None] * slots


def did_you_mean(name: str, known: Collection[str]) -> str:
    """``; did you mean 'x'?`` for the nearest known name, or nothing."""
    near = get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


def target_names(target: ast.expr) -> list[str]:
    if isinstance(target, ast.Name):
        return [target.id]
    if isinstance(target, ast.Tuple | ast.List):
        return [name for part in target.elts for name in target_names(part)]
    raise ExpressionError("a loop can bind names only")


class Compiler:
    """One pass over one syntax tree. Loop variables become slots, other names stay free."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.slots = 0
        self._bound: dict[str, int] = {}
        self._depth = 0

    def compile(self, node: ast.expr) -> Closure:
        visit = getattr(self, f"_{type(node).__name__.lower()}", None)
        if visit is None or type(node) not in _NODES:
            raise ExpressionError(f"{_words(node)} can't be used in an expression")
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise ExpressionError("the expression is nested too deep")
        closure: Closure = visit(node)
        self._depth -= 1
        return closure

    def _all(self, nodes: list[ast.expr]) -> list[Closure]:
        return [self.compile(node) for node in nodes]

    def _constant(self, node: ast.Constant) -> Closure:
        value: Value = node.value
        if type(value) not in (type(None), bool, int, float, str, bytes):
            raise ExpressionError(f"{value!r} can't be used in an expression")
        bounded.charge(bounded.number(value, Budget()) if type(value) is int else value, Budget())
        return lambda frame: value

    def _name(self, node: ast.Name) -> Closure:
        name = node.id
        slot = self._bound.get(name)
        if slot is not None:
            return lambda frame: frame.slots[slot]
        self.names.add(name)

        def read(frame: Frame) -> Value:
            try:
                return frame.environment[name]
            except KeyError:
                raise ExpressionError(f"there is no value for {name!r}") from None

        return read

    # --- operators ------------------------------------------------------------------------------

    def _binop(self, node: ast.BinOp) -> Closure:
        apply = bounded.ARITHMETIC.get(type(node.op).__name__)
        if apply is None:
            raise ExpressionError("@ can't be used in an expression")
        left, right, run = self.compile(node.left), self.compile(node.right), apply
        return lambda frame: run(left(frame), right(frame), frame)

    def _unaryop(self, node: ast.UnaryOp) -> Closure:
        value = self.compile(node.operand)
        if isinstance(node.op, ast.Not):
            return lambda frame: not bounded.truth(value(frame))
        apply = _UNARY[type(node.op)]
        return lambda frame: apply(value(frame), frame)

    def _boolop(self, node: ast.BoolOp) -> Closure:
        parts, stop_at = self._all(node.values), isinstance(node.op, ast.Or)

        def run(frame: Frame) -> Value:
            value = None
            for part in parts:
                value = part(frame)
                if bounded.truth(value) is stop_at:
                    break
            return value

        return run

    def _ifexp(self, node: ast.IfExp) -> Closure:
        test, yes, no = self._all([node.test, node.body, node.orelse])
        return lambda frame: yes(frame) if bounded.truth(test(frame)) else no(frame)

    def _compare(self, node: ast.Compare) -> Closure:
        for op, side in zip(node.ops, node.comparators, strict=True):
            singleton = isinstance(side, ast.Constant) and side.value in (None, True, False)
            if isinstance(op, ast.Is | ast.IsNot) and not singleton:
                raise ExpressionError("'is' compares with None, True or False only; use ==")
        first, rest = self.compile(node.left), self._all(node.comparators)
        tests = [bounded.COMPARISONS[type(op).__name__] for op in node.ops]
        steps = list(zip(tests, rest, strict=True))

        def run(frame: Frame) -> Value:
            left = first(frame)
            for test, side in steps:
                right = side(frame)
                if not test(left, right, frame):
                    return False
                left = right
            return True

        return run

    # --- subscripts and text --------------------------------------------------------------------

    def _subscript(self, node: ast.Subscript) -> Closure:
        value = self.compile(node.value)
        if isinstance(node.slice, ast.Slice):
            key = self._slice(node.slice)
        else:
            key = self.compile(node.slice)
        return lambda frame: bounded.subscript(value(frame), key(frame), frame)

    def _slice(self, node: ast.Slice) -> Closure:
        parts = [
            self.compile(part or ast.Constant(None)) for part in (node.lower, node.upper, node.step)
        ]

        def run(frame: Frame) -> Value:
            bounds = [part(frame) for part in parts]
            if any(bound is not None and type(bound) is not int for bound in bounds):
                raise ExpressionError("the bounds of a slice must be whole numbers")
            return slice(*bounds)

        return run

    def _joinedstr(self, node: ast.JoinedStr) -> Closure:
        parts = self._all(node.values)

        def run(frame: Frame) -> Value:
            return bounded.bounded_text("".join([part(frame) for part in parts]), frame)

        return run

    def _formattedvalue(self, node: ast.FormattedValue) -> Closure:
        value, conversion = self.compile(node.value), node.conversion
        spec = self.compile(node.format_spec or ast.Constant(""))

        def run(frame: Frame) -> Value:
            item = value(frame)
            if conversion != -1:
                item = bounded.to_text(item, frame, quoted=conversion != ord("s"))
            if conversion == ord("a"):
                item = item.encode("ascii", "backslashreplace").decode("ascii")
            return bounded.format_value(item, spec(frame), frame)

        return run

    # --- displays and comprehensions ------------------------------------------------------------

    def _list(self, node: ast.List | ast.Tuple | ast.Set) -> Closure:
        parts = self._all(node.elts)

        def run(frame: Frame) -> Value:
            frame.spend(len(parts))
            return [bounded.settle(part(frame), frame) for part in parts]

        return run

    def _tuple(self, node: ast.Tuple) -> Closure:
        listed = self._list(node)
        return lambda frame: tuple(listed(frame))

    def _set(self, node: ast.Set) -> Closure:
        listed = self._list(node)
        return lambda frame: bounded.make_set(listed(frame), frame)

    def _dict(self, node: ast.Dict) -> Closure:
        keys = []
        for key in node.keys:
            if key is None:
                raise ExpressionError("** can't be used in an expression")
            keys.append(self.compile(key))
        pairs = list(zip(keys, self._all(node.values), strict=True))
        return lambda frame: bounded.make_dict(
            [(key(frame), value(frame)) for key, value in pairs], frame
        )

    def _listcomp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Closure:
        rounds = self._rounds(node.generators, [node.elt])
        return lambda frame: bounded.collect(rounds(frame), frame)

    def _setcomp(self, node: ast.SetComp) -> Closure:
        listed = self._listcomp(node)
        return lambda frame: bounded.make_set(listed(frame), frame)

    def _dictcomp(self, node: ast.DictComp) -> Closure:
        rounds = self._rounds(node.generators, [node.key, node.value])
        return lambda frame: bounded.make_dict(bounded.collect(rounds(frame), frame), frame)

    def _generatorexp(self, node: ast.GeneratorExp) -> Closure:
        return self._rounds(node.generators, [node.elt])

    def _rounds(
        self, loops: list[ast.comprehension], results: list[ast.expr]
    ) -> Callable[[Frame], Iterator[Value]]:
        """The rounds of a comprehension as a generator; the scope of its names ends here."""
        outer = dict(self._bound)
        parts: list[tuple[Closure, Bind, Closure | None]] = []
        for loop in loops:
            if loop.is_async:
                raise ExpressionError("async can't be used in an expression")
            source = self.compile(loop.iter)
            bind = self._bind(loop.target)
            test = ast.BoolOp(ast.And(), loop.ifs)  # of one or many
            parts.append((source, bind, self.compile(test) if loop.ifs else None))
        made = self._all(results)
        self._bound = outer

        def rounds(frame: Frame, level: int = 0) -> Iterator[Value]:
            source, bind, condition = parts[level]
            for item in bounded.iterate(source(frame)):
                frame.spend(1)
                bind(frame, item)
                if condition is not None and not bounded.truth(condition(frame)):
                    continue
                if level + 1 < len(parts):
                    yield from rounds(frame, level + 1)
                elif len(made) == 1:
                    yield made[0](frame)
                else:
                    yield tuple([bounded.settle(part(frame), frame) for part in made])

        return rounds

    def _bind(self, target: ast.expr) -> Bind:
        if isinstance(target, ast.Name):
            slot = self._bound[target.id] = self.slots
            self.slots += 1

            def bind(frame: Frame, value: Value) -> None:
                frame.slots[slot] = value

            return bind
        target_names(target)
        assert isinstance(target, ast.Tuple | ast.List)
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise ExpressionError("the expression is nested too deep")
        parts = [self._bind(part) for part in target.elts]
        self._depth -= 1

        def unpack(frame: Frame, value: Value) -> None:
            items = bounded.collect(value, frame)
            if len(items) != len(parts):
                raise ExpressionError(f"can't unpack {len(items)} items into {len(parts)} names")
            for part, item in zip(parts, items, strict=True):
                part(frame, item)

        return unpack

    # --- calls ----------------------------------------------------------------------------------

    def _call(self, node: ast.Call) -> Closure:
        args = [
            self._generatorexp(arg) if isinstance(arg, ast.GeneratorExp) else self.compile(arg)
            for arg in node.args
        ]
        if not isinstance(node.func, ast.Name):
            return self._method(node, args)
        name = node.func.id
        function = FUNCTIONS.get(name)
        if function is None:
            raise ExpressionError(f"there is no function {name}(){did_you_mean(name, FUNCTIONS)}")
        _check_count(f"{name}()", function, len(args))
        keywords = [self._keyword(name, function, keyword) for keyword in node.keywords]
        apply = function.apply

        def run(frame: Frame) -> Value:
            frame.spend(1)
            more = {key: value(frame) for key, value in keywords}
            return apply(frame, *[arg(frame) for arg in args], **more)

        return run

    def _keyword(self, name: str, function: Function, keyword: ast.keyword) -> tuple[str, Closure]:
        known = function.keywords
        if keyword.arg is None or (known is not None and keyword.arg not in known):
            raise ExpressionError(f"{name}() takes no argument named {keyword.arg or '**'}")
        return keyword.arg, self.compile(keyword.value)

    def _method(self, node: ast.Call, args: list[Closure]) -> Closure:
        if not isinstance(node.func, ast.Attribute):
            raise ExpressionError("only functions and methods with a name can be called")
        name = node.func.attr
        if name not in METHOD_NAMES:
            raise ExpressionError(f"there is no method .{name}(){did_you_mean(name, METHOD_NAMES)}")
        if node.keywords:
            raise ExpressionError(f".{name}() takes no arguments by name here")
        owner = self.compile(node.func.value)

        def run(frame: Frame) -> Value:
            frame.spend(1)
            value = owner(frame)
            bounded.refuse_opaque(value)
            method = METHODS.get(type(value), {}).get(name)
            if method is None:
                raise ExpressionError(f"a {bounded.kind_name(value)} has no .{name}() here")
            _check_count(f".{name}()", method, len(args))
            return method.apply(frame, value, *[arg(frame) for arg in args])

        return run


def _check_count(name: str, function: Function, count: int) -> None:
    if not function.least <= count <= function.most:
        wanted = str(function.least)
        if function.most > function.least:
            wanted += f" to {function.most}"
        raise ExpressionError(f"{name} got {count} arguments; it takes {wanted}")


_UNARY: dict[type[ast.unaryop], Callable[[Value, Budget], Value]] = {
    ast.USub: bounded.unary("-", operator.neg),
    ast.UAdd: bounded.unary("+", operator.pos),
    ast.Invert: bounded.unary("~", lambda value: ~int(value)),
}
_NODES: frozenset[type[ast.expr]] = frozenset(
    {
        ast.Constant, ast.Name, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.IfExp, ast.Compare,
        ast.Subscript, ast.JoinedStr, ast.FormattedValue, ast.List, ast.Tuple, ast.Set, ast.Dict,
        ast.ListComp, ast.SetComp, ast.DictComp, ast.Call,
    }
)  # fmt: skip
_WORDS: dict[type[Any], str] = {
    ast.Lambda: "a lambda",
    ast.Attribute: "an attribute (a dot without a call)",
    ast.NamedExpr: "an assignment (:=)",
    ast.Starred: "a star (*)",
    ast.GeneratorExp: "a generator that is not the argument of a function",
    ast.Await: "await",
    ast.Yield: "yield",
    ast.YieldFrom: "yield",
    ast.Slice: "a slice in this place",
}


def _words(node: ast.expr) -> str:
    return _WORDS.get(type(node), f"this syntax ({type(node).__name__})")
