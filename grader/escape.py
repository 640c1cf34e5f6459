"""The one door for text that came from a submission, one function per medium.

Every string of a student's (output, error, argument, source line, file name) passes here before a
reporter shows it. Nothing here knows a report's layout, and nothing here raises on any text.
"""

from __future__ import annotations

import os
import re
import shlex
import unicodedata

REPLACEMENT = "\ufffd"
TAB_WIDTH = 4
MAX_COMBINING = 4  # marks on one character; no living script needs more

# An unterminated string sequence (OSC, DCS, …) must not swallow the lines that follow it. Each
# class leaves out what can begin a sequence, so that the search is linear on hostile text.
_ANSI = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor, clear
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x80-\x9f\r\n]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]"  # the short ones: reset, character sets
)
_NEWLINE = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# Controls but tab and newline; then what Unicode calls default ignorable: characters of no width,
# marks of direction, fillers, selectors, tags. Hiding text or its order is all they do here.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")


def for_terminal(text: str, *, limit: int = 20_000) -> str:
    """Make text safe to print: lines of visible characters, cut to ``limit`` characters.

    Newlines are the only control characters left. A cut text ends with "…". The same text is safe
    inside HTML or Markdown only after their own escaping.
    """
    text = _NEWLINE.sub("\n", _ANSI.sub("", text))
    text = _INVISIBLE.sub("", text).expandtabs(TAB_WIDTH)
    if not text.isascii():
        text = _visible(text, limit + 1)
    return cut(text, limit)


def _visible(text: str, limit: int) -> str:
    """Replace what can't be shown and cap the combining marks; at most ``limit`` characters."""
    out: list[str] = []
    marks = 0
    for char in text:
        if len(out) >= limit:
            break
        if char <= "~":
            marks = 0
        elif (category := unicodedata.category(char)) in ("Mn", "Me"):
            marks += 1
            if marks > MAX_COMBINING:
                continue
        else:
            marks = 0
            if category == "Zs":
                char = " "
            elif category[0] in "CZ":
                char = REPLACEMENT
        out.append(char)
    return "".join(out)


def cut(text: str, limit: int) -> str:
    """Cut text to ``limit`` characters; the last one is then "…"."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + "…"


def one_line(text: str, limit: int) -> str:
    """Make text safe to print on one line: as ``for_terminal``, line breaks become blanks."""
    # Twice the limit: blanks at the ends of lines go first, then the text is cut.
    lines = for_terminal(text, limit=2 * limit).split("\n")
    return cut(" ".join(filter(None, map(str.strip, lines))), limit)


def for_json(text: str) -> str:
    """Make text valid Unicode, which JSON, UTF-8 and databases need; all else stays."""
    return text if text.isascii() else _SURROGATE.sub(REPLACEMENT, text)


def for_shell(word: str) -> str:
    """Make text one word of a command to paste into this system's shell."""
    if os.name == "nt":
        return f'"{word}"' if re.search(r"[\s&|<>^()%!;,'=]", word) else word
    return shlex.quote(word)


def for_log(text: str, *, limit: int = 4_000) -> str:
    """Make text safe in the log of a CI job, where a line can be a command to the runner.

    GitHub's runner obeys a line that begins with ``::`` after blanks, and ``##[`` anywhere in a
    line (actions/runner, ActionCommand.cs); its problem matchers read the beginnings of lines.
    So every line gets the prefix "| " and ``##[`` is broken up.
    """
    lines = for_terminal(text, limit=limit).rstrip("\n").split("\n")
    return "\n".join(f"| {_break_command(line)}" for line in lines)


def log_line(text: str, limit: int) -> str:
    """Make text safe as the name of a test in the log of a CI job: one line, no prefix."""
    return _break_command(one_line(text, limit)).lstrip(": ")


def _break_command(line: str) -> str:
    return line.replace("##[", "# #[")
