"""From the bytes of a YAML file to a tree of nodes with line numbers. Knows no key by name.

The tree is built from parser events with a stack of its own: PyYAML's composer recurses, and the
C one of CSafeLoader ends the process on deeply nested input. Aliases count as often as they are
used, so a small file can't become a large tree. Tags are refused: nothing is constructed.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from grader.exercise.bounded import MAX_INT_BITS, MAX_NUMBER_TEXT
from grader.exercise.problems import Problems

MAX_FILE_BYTES = 1024 * 1024
MAX_NODES = 50_000
MAX_DEPTH = 30

_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Scalar:
    """A word, a number or a text."""

    line: int
    value: bool | int | float | str | None
    source: str  # as it stands in the file, without quotes


@dataclass(frozen=True, slots=True)
class Sequence:
    line: int
    items: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping; ``line`` is the key's."""

    line: int
    key: bool | int | float | str | None
    value: Tree


@dataclass(frozen=True, slots=True)
class Mapping:
    line: int
    entries: tuple[Entry, ...]


Tree = Scalar | Sequence | Mapping


def read_yaml(path: Path, problems: Problems) -> Mapping:
    """Read a file whose top level is a mapping. Raises ExerciseError by way of ``problems``."""
    text = _decode(_read(path, problems), problems)
    composer = _Composer(text, problems)
    try:
        tree = composer.compose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        seen = f"{error.problem or error.context or 'this'}"
        problems.fail(line, "file", f"not YAML: {seen}", "look at the quotes and the indentation")
    except (yaml.YAMLError, ValueError, RecursionError, MemoryError) as error:
        problems.fail(1, "file", f"not YAML: {error}", "look at the quotes and the indentation")
    if tree is None:
        problems.fail(1, "file", "the file is empty", "wanted the keys of an exercise")
    if not isinstance(tree, Mapping):
        seen = "a list" if isinstance(tree, Sequence) else "one text"
        problems.fail(tree.line, "file", f"the file holds {seen}", "wanted a mapping, key: value")
    return tree


def _read(path: Path, problems: Problems) -> bytes:
    try:
        regular = stat.S_ISREG(path.stat().st_mode)
        data = b""
        if regular:
            with path.open("rb") as file:
                data = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        problems.fail(1, "file", f"can't be read: {reason}", "wanted an exercise file")
    if not regular:
        problems.fail(1, "file", "this is not an ordinary file", "wanted an exercise file")
    if len(data) > MAX_FILE_BYTES:
        problems.fail(
            1, "file", "the file is larger than 1 MiB", "an exercise is a few KiB of text"
        )
    return data


def _decode(data: bytes, problems: Problems) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        seen = f"byte 0x{data[error.start]:02x} in column {column} is not UTF-8"
        problems.fail(line, "file", seen, "save the file as UTF-8")
    bad = _UNPRINTABLE.search(text)
    if bad:
        line = text.count("\n", 0, bad.start()) + 1
        column = bad.start() - text.rfind("\n", 0, bad.start())
        seen = f"U+{ord(bad[0]):04X} in column {column} is a control character"
        problems.fail(line, "file", seen, "wanted plain text")
    return text


@dataclass(slots=True)
class _Open:
    """A sequence or mapping whose end has not been seen."""

    line: int
    is_mapping: bool
    anchor: str | None
    size: int = 1  # nodes in it, aliases counted in full
    height: int = 0  # levels below it
    items: list[Tree] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Made:
    tree: Tree
    size: int = 1
    height: int = 0


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


class _Composer:
    def __init__(self, text: str, problems: Problems) -> None:
        self._loader = _Loader(text)
        self._problems = problems
        self._anchors: dict[str, _Made | None] = {}  # None: not complete
        self._open: list[_Open] = []
        self._root: Tree | None = None
        self._nodes = 0

    def compose(self) -> Tree | None:
        try:
            for event in self._events():
                self._take(event)
        finally:
            self._loader.dispose()
        return self._root

    def _events(self) -> Iterator[yaml.Event]:
        documents = 0
        while self._loader.check_event():
            event = self._loader.get_event()  # type: ignore[no-untyped-call]
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    line = _line(event)
                    wanted = "put each exercise in a file of its own"
                    self._problems.fail(line, "file", "a second document begins here", wanted)
            yield event

    def _take(self, event: yaml.Event) -> None:
        line = _line(event)
        if isinstance(event, yaml.AliasEvent):
            self._add(self._alias(event.anchor, line), None, line)
        elif isinstance(event, yaml.ScalarEvent):
            self._refuse_tag(event.tag, line)
            self._add(_Made(self._scalar(event, line)), event.anchor, line)
        elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            self._refuse_tag(event.tag, line)
            is_mapping = isinstance(event, yaml.MappingStartEvent)
            self._open.append(_Open(line, is_mapping, event.anchor))
            self._check_depth(0, line)
            if event.anchor:
                self._anchors[event.anchor] = None
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            done = self._open.pop()
            tree = (
                self._mapping(done) if done.is_mapping else Sequence(done.line, tuple(done.items))
            )
            self._add(_Made(tree, done.size, done.height), done.anchor, done.line)

    def _add(self, made: _Made, anchor: str | None, line: int) -> None:
        if anchor:
            self._anchors[anchor] = made
        if not self._open:
            self._root = made.tree
            return
        parent = self._open[-1]
        parent.items.append(made.tree)
        parent.size += made.size
        parent.height = max(parent.height, made.height + 1)
        self._check_depth(parent.height, line)
        self._nodes = max(self._nodes + 1, parent.size)
        if self._nodes > MAX_NODES:
            seen = f"more than {MAX_NODES:,} values, with those that aliases (*) repeat"
            self._problems.fail(line, "file", seen, "wanted a smaller file")

    def _check_depth(self, height: int, line: int) -> None:
        if len(self._open) + height > MAX_DEPTH:
            seen = f"more than {MAX_DEPTH} levels of nesting"
            self._problems.fail(line, "file", seen, "wanted a flatter structure")

    def _alias(self, name: str | None, line: int) -> _Made:
        known = self._anchors.get(name or "")
        if known is None:
            seen = f"the alias *{name} has no complete anchor &{name} before it"
            self._problems.fail(line, "file", seen, "wanted a value that was named before")
        return known

    def _refuse_tag(self, tag: str | None, line: int) -> None:
        if tag is not None:
            shown = tag.replace("tag:yaml.org,2002:", "!!")[:60]
            self._problems.add(line, "file", f"the tag {shown}", "tags are not possible here")

    def _mapping(self, done: _Open) -> Mapping:
        entries: list[Entry] = []
        seen: set[tuple[type, object]] = set()
        for key, value in zip(done.items[::2], done.items[1::2], strict=True):
            if not isinstance(key, Scalar):
                self._problems.add(key.line, "file", "a key that is a collection", "wanted a word")
                continue
            if (type(key.value), key.value) in seen:
                wanted = "keep one of them"
                self._problems.add(key.line, key.source, "this key is here twice", wanted)
                continue
            seen.add((type(key.value), key.value))
            entries.append(Entry(key.line, key.value, value))
        return Mapping(done.line, tuple(entries))

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> Scalar:
        """Numbers, true, false and null are what they look like; everything else is text."""
        text = event.value
        if not event.implicit[0] or event.tag is not None:
            return Scalar(line, text, text)
        resolved = self._loader.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
        tag = str(resolved).rpartition(":")[2]
        value: bool | int | float | str | None = text
        if tag == "null":
            value = None
        elif tag == "bool" and text.lower() in ("true", "false"):
            value = text.lower() == "true"
        elif tag in ("int", "float") and ":" not in text:
            value = self._number(text, tag, line)
        return Scalar(line, value, text)

    def _number(self, text: str, tag: str, line: int) -> int | float:
        node = yaml.ScalarNode(f"tag:yaml.org,2002:{tag}", text)
        if len(text) <= MAX_NUMBER_TEXT:
            try:
                if tag == "float":
                    return float(self._loader.construct_yaml_float(node))
                number = int(self._loader.construct_yaml_int(node))
            except ValueError:
                self._problems.add(line, "file", f"{text} is not a number", "put text in quotes")
                return 0
            if number.bit_length() <= MAX_INT_BITS:
                return number
        self._problems.add(line, "file", f"a number of {len(text)} digits", "wanted a smaller one")
        return 0
