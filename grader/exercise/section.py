"""One mapping of an exercise file, read key by key: each problem is noted where it is.

The getters never raise: after a problem they give a harmless value, so that one reading finds
every problem of the file.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from keyword import iskeyword

from grader.exercise.compiler import did_you_mean
from grader.exercise.expressions import compile_expression
from grader.exercise.model import Expression, ExpressionError
from grader.exercise.problems import Problems
from grader.exercise.yaml_reader import Entry, Scalar, Sequence, Tree
from grader.exercise.yaml_reader import Mapping as MappingTree
from grader.values import Dict, Value, describe

NO_NAMES: Mapping[str, str] = {}
FALLBACK = compile_expression("None")
# Keys that the format is meant to have, and that this version can't grade.
LATER = frozenset(
    [
        "assert",
        "cancel_at",
        "capacity",
        "cleanup",
        "close",
        "consumes",
        "effect",
        "events",
        "every",
        "heartbeat",
        "items",
        "returns_at",
        "scenario",
        "seeds",
        "sequence",
        "state",
    ]
)


def show(tree: Tree) -> str:
    """What stands there, for the "seen" part of a problem."""
    if isinstance(tree, Scalar):
        return describe(tree.value, 60) if tree.source or tree.value is not None else "nothing"
    return "a list" if isinstance(tree, Sequence) else "a mapping"


def literal(tree: Tree) -> Value:
    """A YAML value as a value of the course: lists and dicts of scalars."""
    if isinstance(tree, Scalar):
        return tree.value
    if isinstance(tree, Sequence):
        return [literal(item) for item in tree.items]
    return Dict([(entry.key, literal(entry.value)) for entry in tree.entries])


def count(number: int, noun: str) -> str:
    """``1 argument``, ``2 arguments``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def join_path(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def check_identifier(name: object) -> str:
    """What is wrong with a name that Python code uses; empty when nothing is."""
    if not isinstance(name, str) or not name.isidentifier() or not name.isascii():
        return f"{describe(name, 60)} is not a Python name"
    if iskeyword(name):
        return f"{name!r} is a word of the language Python"
    return f"{name!r} begins with two underscores" if name.startswith("__") else ""


class Section:
    """A mapping with a closed set of keys."""

    def __init__(
        self,
        tree: Tree,
        path: str,
        problems: Problems,
        *,
        required: Collection[str] = (),
        optional: Collection[str] = (),
    ) -> None:
        self.path = path
        self.problems = problems
        self.line = tree.line
        self._entries: dict[str, Entry] = {}
        if not isinstance(tree, MappingTree):
            problems.add(tree.line, path, f"seen {show(tree)}", "wanted a mapping, key: value")
            return
        known = {*required, *optional}
        for entry in tree.entries:
            self._take(entry, known)
        for key in required:
            if key not in self._entries:
                problems.add(tree.line, join_path(path, key), "this key is missing", "add it")

    def _take(self, entry: Entry, known: set[str]) -> None:
        key = entry.key if isinstance(entry.key, str) else str(entry.key)
        path = join_path(self.path, key)
        self.problems.note(path, entry.line)
        if key in known:
            self._entries[key] = entry
        elif key in LATER:
            self.problems.add(entry.line, path, "not supported yet by this version", "remove it")
        else:
            seen = f"unknown key{did_you_mean(key, known)}"
            self.problems.add(entry.line, path, seen, f"wanted one of {', '.join(sorted(known))}")

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def tree(self, key: str) -> Tree | None:
        entry = self._entries.get(key)
        return entry.value if entry else None

    def problem(self, key: str, seen: str, wanted: str) -> None:
        """Note a problem with the value of a key."""
        self.problems.add_at(join_path(self.path, key), seen, wanted)

    def text(self, key: str, default: str = "") -> str:
        """A text that is not empty."""
        tree = self.tree(key)
        if tree is None:
            return default
        if not isinstance(tree, Scalar) or not isinstance(tree.value, str):
            self.problem(key, f"seen {show(tree)}", "wanted text (numbers in quotes)")
            return default
        if not tree.value.strip():
            self.problem(key, "seen an empty text", "wanted some words")
        return tree.value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, none of them empty."""
        out = []
        for item in self.items(key):
            if isinstance(item, Scalar) and isinstance(item.value, str) and item.value.strip():
                out.append(item.value)
            else:
                path = join_path(self.path, key)
                self.problems.add(item.line, path, f"seen {show(item)} in the list", "wanted text")
        return tuple(out)

    def whole(self, key: str, default: int, least: int, most: int) -> int:
        """A whole number within bounds."""
        tree = self.tree(key)
        if tree is None:
            return default
        value = tree.value if isinstance(tree, Scalar) else None
        if type(value) is not int or not least <= value <= most:
            wanted = f"wanted a whole number from {least} to {most}"
            self.problem(key, f"seen {show(tree)}", wanted)
            return default
        return value

    def flag(self, key: str) -> bool:
        tree = self.tree(key)
        if tree is None:
            return False
        if not isinstance(tree, Scalar) or not isinstance(tree.value, bool):
            self.problem(key, f"seen {show(tree)}", "wanted true or false")
            return False
        return tree.value

    def choice(self, key: str, choices: Collection[str], default: str) -> str:
        """One of a closed list of words."""
        tree = self.tree(key)
        if tree is None:
            return default
        value = tree.value if isinstance(tree, Scalar) else None
        if not isinstance(value, str) or value not in choices:
            near = did_you_mean(value, choices) if isinstance(value, str) else ""
            self.problem(key, f"seen {show(tree)}{near}", f"wanted one of {', '.join(choices)}")
            return default
        return value

    def items(self, key: str) -> tuple[Tree, ...]:
        """The items of a list."""
        tree = self.tree(key)
        if tree is None:
            return ()
        if not isinstance(tree, Sequence):
            self.problem(key, f"seen {show(tree)}", "wanted a list: [one, two]")
            return ()
        return tree.items

    def entries(self, key: str) -> tuple[Entry, ...]:
        """The entries of a mapping with names of the author's own. Their lines are noted."""
        tree = self.tree(key)
        if tree is None:
            return ()
        if not isinstance(tree, MappingTree):
            self.problem(key, f"seen {show(tree)}", "wanted a mapping, name: …")
            return ()
        for entry in tree.entries:
            self.problems.note(join_path(self.path, f"{key}.{entry.key}"), entry.line)
        return tree.entries

    def identifiers(self, key: str, reserved: Collection[str] = ()) -> tuple[str, ...]:
        """A list of different Python names."""
        out: list[str] = []
        path = join_path(self.path, key)
        for item in self.items(key):
            name = item.value if isinstance(item, Scalar) else show(item)
            wrong = check_identifier(name)
            if not wrong and name in out:
                wrong = f"{name!r} is here twice"
            if not wrong and name in reserved:
                wrong = f"{name!r} has a meaning of its own"
            if wrong:
                self.problems.add(item.line, path, wrong, "wanted another name")
            else:
                out.append(str(name))
        return tuple(out)

    def source(self, key: str) -> str | None:
        """The text of an expression; numbers, true, false and null as Python writes them."""
        tree = self.tree(key)
        if tree is None:
            return None
        if not isinstance(tree, Scalar):
            self.problem(key, f"seen {show(tree)}", "wanted an expression in quotes")
            return None
        return tree.value if isinstance(tree.value, str) else (tree.source and repr(tree.value))

    def expression(
        self, key: str, names: Collection[str], unusable: Mapping[str, str] = NO_NAMES
    ) -> Expression | None:
        """A compiled expression over ``names``. ``unusable``: other names, and why not them."""
        if key not in self:
            return None
        text = self.source(key)
        if text is None:
            return FALLBACK
        try:
            expression = compile_expression(text)
        except ExpressionError as error:
            self.problem(key, f"seen {describe(text, 60)}", str(error))
            return FALLBACK
        self.check_names(key, expression, names, unusable)
        return expression

    def check_names(
        self,
        key: str,
        expression: Expression,
        names: Collection[str],
        unusable: Mapping[str, str] = NO_NAMES,
    ) -> None:
        """Refuse names that an expression can't use in this place."""
        for name in sorted(expression.names - set(names)):
            if name in unusable:
                self.problem(key, unusable[name], "")
            else:
                listed = ", ".join(sorted(set(names))) or "no names"
                seen = f"unknown name {name!r}{did_you_mean(name, names)}"
                self.problem(key, seen, f"{listed} can be used here")
