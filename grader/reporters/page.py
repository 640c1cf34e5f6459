"""A page of text of a fixed width, measured, wrapped and coloured by rich. Knows nothing of grades.

Text goes in as it is and never as rich's markup. What rich has no answer for is here: text in
ASCII only, and quotations that can't be taken for a part of the report.
"""

from __future__ import annotations

from io import StringIO

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.text import Text
from rich.theme import Theme

from grader.reporters.words import to_ascii

STYLES = Theme({"good": "green", "bad": "red", "strong": "bold", "faint": "dim", "hint": "cyan"})
HEAD_LINES, TAIL_LINES = 15, 10  # of a long quotation
MAX_ROWS = 3  # of a long line in a quotation
_MIN_ROOM = 12  # cells for prose, however long its label is


class Page:
    """Lines of text that fit ``width`` cells. Colour never carries meaning of its own."""

    def __init__(self, *, width: int, color: bool, unicode: bool) -> None:
        self.width = width
        self.unicode = unicode
        self._lines: list[Text] = []
        # Nothing is left for rich to learn from the environment, and nothing to read into a text.
        self._console = Console(
            file=StringIO(),
            width=width,
            color_system="standard" if color else None,
            no_color=not color,
            force_terminal=color,
            legacy_windows=False,
            theme=STYLES,
            soft_wrap=True,
            markup=False,
            emoji=False,
            highlight=False,
        )

    def spell(self, text: str) -> str:
        """Write text with the characters that this page may use."""
        return text if self.unicode else to_ascii(text)

    def spell_command(self, text: str) -> str:
        """Write a command to paste: nothing in it becomes a quotation mark, which ends a word."""
        return text if self.unicode else text.encode("ascii", "backslashreplace").decode("ascii")

    def blank(self) -> None:
        self.line("")

    def line(self, text: str, style: str = "") -> None:
        """Add a line that is already laid out."""
        self._lines.append(Text(self.spell(text), style))

    def prose(
        self,
        text: str,
        *,
        indent: int = 0,
        style: str = "",
        label: str = "",
        label_style: str = "",
        right: str = "",
    ) -> None:
        """Add a paragraph, wrapped; lines after the first stand below the text after ``label``.

        A label is never wrapped: a long one stands on a line of its own when the text does not fit
        beside it. ``right`` stands at the right end of the first line.
        """
        text = self.spell(text)
        head = Text(" " * indent).append(self.spell(label), label_style)
        margin = cell_len(right) + 2 if right else 0
        if self.width - head.cell_len < min(cell_len(text) + margin, self.width * 3 // 5):
            self.line(head.plain.rstrip(), style)
            head = Text(" " * (indent + 2))
        room = max(self.width - head.cell_len - margin, _MIN_ROOM)
        for wrapped in Text(text).wrap(self._console, room):
            line = Text(wrapped.plain.strip())  # rich keeps the blanks where it breaks a line
            if right:
                line.align("left", room)
                line.append(f"  {right}")
                right = ""
            self._lines.append(Text.assemble(head, line, style=style))
            head = Text(" " * head.cell_len)

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
        self.line(f"{' ' * indent}… {left_out} lines are left out here …", "faint")
        self._rows(lines[-TAIL_LINES:], indent)

    def _rows(self, lines: list[str], indent: int) -> None:
        room = max(self.width - indent - 2, _MIN_ROOM)
        for line in lines:
            rows = chop_cells(line, room)[:MAX_ROWS]
            for row in rows or [""]:
                self.line(f"{' ' * indent}| {row}".rstrip())
            left_out = len(line) - sum(map(len, rows))
            if left_out:
                self.line(f"{' ' * indent}… {left_out} more characters …", "faint")

    def text(self) -> str:
        """The page, with a final newline."""
        with self._console.capture() as capture:
            self._console.print(*self._lines, sep="\n")
        return capture.get().rstrip("\n") + "\n"
