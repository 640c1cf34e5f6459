"""A page of plain text of a fixed width: cells, wrapping, colours. Knows nothing of grades.

Plain strings, not rich: its console would take longer to import than the whole report to make.
"""

from __future__ import annotations

import unicodedata

STYLES = {"good": "32", "bad": "31", "strong": "1", "faint": "2", "hint": "36"}  # SGR codes
HEAD_LINES, TAIL_LINES = 15, 10  # of a long quotation
MAX_ROWS = 3  # of a long line in a quotation
_TO_ASCII = str.maketrans(
    {"…": "...", "–": "-", "—": "-", "×": "x", "→": "->", "≤": "<=", "≥": ">="}
    | dict.fromkeys("‘’", "'")
    | dict.fromkeys("“”", '"')
)


def to_ascii(text: str) -> str:
    """Write text with ASCII characters only; a character that has no stand-in becomes its code."""
    if text.isascii():
        return text
    return text.translate(_TO_ASCII).encode("ascii", "backslashreplace").decode("ascii")


def cells(text: str) -> int:
    """The number of terminal cells that a line without control characters takes."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def _cells_of(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def split_at(text: str, width: int) -> tuple[str, str]:
    """Split a line in two, the first at most ``width`` cells wide."""
    if text.isascii():
        return text[:width], text[width:]
    used = 0
    for index, char in enumerate(text):
        used += _cells_of(char)
        if used > width:
            return text[:index], text[index:]
    return text, ""


def fit(text: str, width: int, ellipsis: str = "…") -> str:
    """Cut a line to ``width`` cells; a cut line ends with ``ellipsis``."""
    if cells(text) <= width:
        return text
    ellipsis = ellipsis[:width]
    return split_at(text, width - len(ellipsis))[0] + ellipsis


def pad(text: str, width: int) -> str:
    """Fill a line with blanks to ``width`` cells."""
    return text + " " * (width - cells(text))


def wrap(text: str, width: int) -> list[str]:
    """Break prose at blanks, and a word that is too long anywhere. ``width`` is at least 2."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        joined = f"{line} {word}" if line else word
        if cells(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        while cells(word) > width:
            part, word = split_at(word, width)
            lines.append(part)
        line = word
    return [*lines, line] if line or not lines else lines


class Page:
    """Lines of text that fit ``width`` cells. Colour never carries meaning of its own."""

    def __init__(self, *, width: int, color: bool, unicode: bool) -> None:
        self.width = width
        self.unicode = unicode
        self._color = color
        self._lines: list[str] = []

    def spell(self, text: str) -> str:
        """Write text with the characters that this page may use."""
        return text if self.unicode else to_ascii(text)

    def paint(self, text: str, style: str) -> str:
        """Colour a part of a line. Lay out first: colours count as characters."""
        if not self._color or not style or not text:
            return text
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m"

    def blank(self) -> None:
        self._lines.append("")

    def line(self, text: str, style: str = "") -> None:
        """Add a line that is already laid out."""
        self._lines.append(self.paint(text, style))

    def prose(self, text: str, *, indent: int = 0, style: str = "", label: str = "") -> None:
        """Add a paragraph, wrapped; lines after the first stand below the text after ``label``."""
        head = " " * indent + label
        room = max(self.width - len(head), 12)
        for number, line in enumerate(wrap(self.spell(text), room)):
            self.line((head if number == 0 else " " * len(head)) + line, style)

    def quote(self, text: str, *, indent: int = 2) -> None:
        """Add text as it is behind "| ": its first and last lines, long lines in several rows.

        What is left out is said in lines without "| ", which no quoted text can imitate.
        """
        lines = self.spell(text).split("\n")
        left_out = len(lines) - HEAD_LINES - TAIL_LINES
        if left_out <= 1:
            self._rows(lines, indent)
            return
        self._rows(lines[:HEAD_LINES], indent)
        self.line(self.spell(f"{' ' * indent}… {left_out} lines are left out here …"), "faint")
        self._rows(lines[-TAIL_LINES:], indent)

    def _rows(self, lines: list[str], indent: int) -> None:
        for rest in lines:
            for _ in range(MAX_ROWS):
                row, rest = split_at(rest, self.width - indent - 2)
                self.line(f"{' ' * indent}| {row}".rstrip())
                if not rest:
                    break
            else:
                note = f"{' ' * indent}… {len(rest)} more characters …"
                self.line(self.spell(note), "faint")

    def text(self) -> str:
        """The page, with a final newline."""
        return "\n".join(self._lines).rstrip("\n") + "\n"
