"""Words and figures that several reports share: plain sentences about parts of a verdict.

Student text leaves here clean for a terminal; other media escape again on top.
"""

from __future__ import annotations

from grader.escape import one_line
from grader.verdict import ItemResult, Status, StudentError, Timeline, TimelineCall, Verdict

TEXT_LIMIT = 600

ENDINGS = {
    "returned": "your function returned",
    "raised": "your function raised an error",
    "cancelled": "your function was cancelled",
    "deadlock": "your program waits for something that can never come",
    "livelock": "your program goes round and round while no time passes",
    "virtual_time_limit": "your program did not come to an end in the time it was given",
    "load_error": "your file could not be loaded, so nothing was run",
    "output_limit": "your program printed too much and was stopped",
    "cpu_limit": "your program computed for too long and was stopped",
    "wall_limit": "your program took too long and was stopped",
    "memory_limit": "your program used too much memory and was stopped",
    "crashed": "the Python process of your program died",
    "violation": "your program broke a rule of the grader and was stopped",
}

OUTCOMES = {
    "ok": "ended",
    "raised": "raised an error",
    "cancelled": "was cancelled",
    "refused": "was refused",
    "open": "had not ended when the run was over",
}

_TO_ASCII = str.maketrans(
    {"…": "...", "–": "-", "—": "-", "×": "x", "→": "->", "≤": "<=", "≥": ">="}
    | dict.fromkeys("‘’", "'")
    | dict.fromkeys("“”", '"')
)


def to_ascii(text: str) -> str:
    """Write text with ASCII characters only; a character that has no stand-in becomes its code."""
    return text.translate(_TO_ASCII).encode("ascii", "backslashreplace").decode("ascii")


def seconds(us: int) -> str:
    """A time in microseconds as seconds, exactly: ``3``, ``2.5``, ``0.000001``."""
    whole, part = divmod(us, 1_000_000)
    return f"{whole}.{part:06}".rstrip("0") if part else str(whole)


def points(number: int) -> str:
    """``1 point``, ``2 points``."""
    return f"{number} point" if number == 1 else f"{number} points"


def place(path: str, line: int | None) -> str:
    """Where in the submission, so that a terminal makes it a link: ``s.py:4``."""
    name = "" if path == "-" else one_line(path, 200)
    if line is None:
        return name
    return f"{name}:{line}" if name else f"line {line}"


def ending(verdict: Verdict) -> str:
    """One sentence when the program did not simply return, else nothing."""
    if verdict.ending == "returned":
        return ""
    word = one_line(verdict.ending, 60)
    return f"{ENDINGS.get(verdict.ending, 'the run ended early')} ({word})"


def error_text(error: StudentError) -> str:
    """What went wrong, on one line: ``KeyError: 'name'``."""
    return f"{one_line(error.kind, 80)}: {one_line(error.text, TEXT_LIMIT)}".rstrip(": ")


def error_and_place(error: StudentError, path: str) -> str:
    """The same, and where in the submission if that is known: ``KeyError: 'name' (s.py:4)``."""
    where = "" if error.line is None else f" ({place(path, error.line)})"
    return error_text(error) + where


def outcome(call: TimelineCall) -> str:
    """One of OUTCOMES: what became of a call. What never ended is open, whatever it is called."""
    return "open" if call.end_us is None or call.outcome not in OUTCOMES else call.outcome


def same_times(one: Timeline, other: Timeline) -> bool:
    """Say whether two timelines would give the same picture."""
    first, second = (
        [(call.service, call.start_us, call.end_us) for call in timeline.calls]
        for timeline in (one, other)
    )
    return first == second


def details(item: ItemResult, path: str) -> list[tuple[str, str]]:
    """What to say below an item that was not passed: (label, one line of clean text) pairs."""
    message = one_line(item.message, TEXT_LIMIT)
    if item.status is Status.NOT_ASSESSED:
        return [("", message)] if message else []
    source = one_line(item.source_line, 200)
    where = place(path, item.line) if item.line is not None else ""
    parts = [
        ("", message),
        (f"{where} | ", source) if where and source else ("", where),
        ("wanted: ", one_line(item.wanted, TEXT_LIMIT)),
        ("next step: ", one_line(item.hint, TEXT_LIMIT)),
        ("in case ", one_line(item.case or "", 80)),
    ]
    return [(label, text) for label, text in parts if text]
