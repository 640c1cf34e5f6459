"""The next step after an error of the student's own, or after a file that can't be loaded."""

from __future__ import annotations

from grader.engine.trace import Raised
from grader.exercise.model import Exercise

_OF_KIND = {
    "NotImplementedError": "replace this line by your own code",
    "NameError": "define this name first, or import it",
    "UnboundLocalError": "give this name a value before you use it",
    "EOFError": "do not ask with input(): what your function needs comes as its parameters",
    "RecursionError": "look for a function that calls itself without an end",
    "exit": "take the exit away: the grader calls your function itself",
}
_OF_SYNTAX = {
    "'await' outside async function": "write `async def` for the function that awaits",
    "TabError": "indent with spaces only",
    "IndentationError": "indent the lines of one block by the same number of spaces",
    "": "mend this line first: nothing of the file runs before that",
}


def next_step(error: Raised, exercise: Exercise) -> str:
    """What to do about this error; one line, empty when its text says it already."""
    if error.kind == "syntax":
        return next(step for words, step in _OF_SYNTAX.items() if words in error.text)
    if error.kind == "missing":
        return f"use exactly the name that the exercise asks for: {exercise.entry}"
    if error.kind in ("not_async", "signature"):
        return ""
    if error.kind in ("ImportError", "ModuleNotFoundError"):
        if "'services'" in error.text:
            names = [service.name for service in exercise.services] + list(exercise.exceptions)
            return f"import from services what is there: {', '.join(names)}"
        return "import from services, and from Python's standard library; nothing else is there"
    return _OF_KIND.get(
        error.kind, "look at the line of the error: which values are there, and which did you want?"
    )
