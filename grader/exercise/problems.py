"""What is wrong with an exercise file: all of it, one line each, sorted by line number."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from grader.exercise.model import ExerciseError

MAX_PROBLEMS = 100


class Problems:
    """Collects problems; knows on which line each key stands."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: dict[tuple[int, str], None] = {}
        self._lines: dict[str, int] = {}

    def add(self, line: int, key: str, seen: str, wanted: str) -> None:
        text = f"{self._path}:{line}: {key}: {seen}" + (f"; {wanted}" if wanted else "")
        self._found[line, " ".join(text.splitlines())] = None

    def add_at(self, key: str, seen: str, wanted: str) -> None:
        """Add a problem of a key whose line was noted, or of the nearest key around it."""
        self.add(self.line_of(key), key, seen, wanted)

    def note(self, key: str, line: int) -> None:
        self._lines[key] = line

    def line_of(self, key: str) -> int:
        while key and key not in self._lines:
            key = key.rpartition(".")[0]
        return self._lines.get(key, 1)

    def fail(self, line: int, key: str, seen: str, wanted: str) -> NoReturn:
        """Add a problem after which nothing else can be read."""
        self.add(line, key, seen, wanted)
        raise self._error()

    def raise_if_any(self) -> None:
        if self._found:
            raise self._error()

    def __len__(self) -> int:
        return len(self._found)

    def _error(self) -> ExerciseError:
        texts = [text for _, text in sorted(self._found, key=lambda found: found[0])]
        if len(texts) > MAX_PROBLEMS:
            texts = [*texts[:MAX_PROBLEMS], f"… and {len(texts) - MAX_PROBLEMS} more problems"]
        return ExerciseError(tuple(texts))
