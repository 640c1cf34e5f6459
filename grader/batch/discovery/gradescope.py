"""Gradescope's export: folders of submissions, and a YAML file that says whose they are.

The metadata also holds every result with its output, so it is read as a stream of events; only
names and times are kept, and no object is ever made of a tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from grader.batch.discovery.layouts import (
    MAX_METADATA_BYTES,
    Gathered,
    Piece,
    Recognised,
    View,
)
from grader.batch.discovery.listing import shown
from grader.batch.records import BatchError, Student
from grader.escape import one_line

METADATA = "submission_metadata.yml"
_MAX_DEPTH = 200
_MAX_ALIASED = 10_000
_MAX_TEXT = 200  # characters of a name
_FOLDER = re.compile(r"submission_[0-9]{1,18}")
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)? ?(Z|UTC|[+-]\d\d:?\d\d)"
)
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class _Record:
    submitters: dict[str, dict[str, str]] = field(default_factory=dict)  # by their place
    created_at: str = ""


def gradescope(view: View) -> Recognised | None:
    """Recognise an assignment's export."""
    if not any(view.name(entry) == METADATA for entry in view.files()):
        return None
    folders = view.folders()
    if not any(map(_FOLDER.fullmatch, folders)):
        return None
    records = _read(view)
    found = Gathered("gradescope", "exports from Gradescope")
    for folder in folders:
        if not _FOLDER.fullmatch(folder):
            found.unfit(view.base + folder)
    for folder in sorted({*filter(_FOLDER.fullmatch, folders), *records}):
        record = records.get(folder, _Record())
        number = f"{int(folder.rpartition('_')[2]):020}"
        piece = Piece(Student(folder), submission=number, submitted_at=_iso(record.created_at))
        pieces = view.pieces(folder, piece)
        students = [_student(folder, who) for who in record.submitters.values()]
        # The program of a group counts for each of its members.
        for student in students or [Student(folder)]:
            found.pieces += [piece._replace(student=student) for piece in pieces]
        found.fit([])
    return found.result(f"it holds {METADATA}")


def _student(folder: str, who: dict[str, str]) -> Student:
    name, email, sid = (who.get(key, "") for key in ("name", "email", "sid"))
    return Student(sid or email or folder, name=name, lms_id=sid, email=email)


def _iso(text: str) -> str:
    """Write Ruby's time as ISO 8601 with offset; "" when there is none."""
    match = _TIME.fullmatch(text)
    if match is None:
        return ""
    day, time, micro, zone = match.groups()
    zone = "+00:00" if zone in ("Z", "UTC") else f"{zone[:3]}:{zone[-2:]}"
    return f"{day}T{time}{'.' + micro if micro else ''}{zone}"


def _read(view: View) -> dict[str, _Record]:
    data = view.read(view.base + METADATA, MAX_METADATA_BYTES + 1)
    if len(data) > MAX_METADATA_BYTES:
        raise BatchError(f"{METADATA} is larger than {MAX_METADATA_BYTES // 1024**2} MB")
    records: dict[str, _Record] = {}
    try:
        for path, text in _scalars(data):
            _note(records, path, text)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        why = shown(str(getattr(error, "problem", None) or error))
        raise BatchError(
            f"{METADATA} is not YAML{where}: {why}", "Export the assignment from Gradescope again."
        ) from None
    return records


def _note(records: dict[str, _Record], path: list[str], text: str) -> None:
    """Keep a value if it says who or when; the path is made of keys and places in lists."""
    if not path or not _FOLDER.fullmatch(path[0]):
        return
    record = records.setdefault(path[0], _Record())
    keys = [key.removeprefix(":") for key in path[1:]]
    text = one_line(text, _MAX_TEXT)  # people choose their names
    if text in ("~", "null"):
        text = ""
    if keys in (["created_at"], ["created_at", "utc"]):
        record.created_at = text
    elif len(keys) == 3 and keys[0] == "submitters" and keys[2] in ("name", "email", "sid"):
        record.submitters.setdefault(keys[1], {})[keys[2]] = text


def _scalars(data: bytes) -> Iterator[tuple[list[str], str]]:
    """Give each scalar of a YAML document with the keys and places that lead to it."""
    loader = _Loader(data)
    path: list[str] = []  # of what is open: the present key, or the place in a list
    waits_for_key: list[bool | None] = []  # of what is open; None in a list
    anchors: dict[str, str] = {}
    try:
        while loader.check_event():
            event = loader.get_event()  # type: ignore[no-untyped-call]
            if isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
                anchor = event.anchor or ""
                text = anchors.get(anchor, "")
                if isinstance(event, yaml.ScalarEvent):
                    text = event.value
                    if anchor and len(anchors) < _MAX_ALIASED:
                        anchors[anchor] = text[:1_000]
                if waits_for_key and waits_for_key[-1]:
                    path[-1], waits_for_key[-1] = text, False
                    continue
                yield path, text
                _next(path, waits_for_key)
            elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                is_mapping = isinstance(event, yaml.MappingStartEvent)
                if waits_for_key and waits_for_key[-1]:
                    raise ValueError("a key is a collection")
                if len(path) >= _MAX_DEPTH:
                    raise ValueError(f"more than {_MAX_DEPTH} levels of nesting")
                path.append("" if is_mapping else "0")
                waits_for_key.append(True if is_mapping else None)
            elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                path.pop()
                waits_for_key.pop()
                _next(path, waits_for_key)
    finally:
        loader.dispose()


def _next(path: list[str], waits_for_key: list[bool | None]) -> None:
    """A value is complete: a key follows, or the next place in a list."""
    if not path:
        return
    if waits_for_key[-1] is None:
        path[-1] = str(int(path[-1]) + 1)
    else:
        waits_for_key[-1] = True
