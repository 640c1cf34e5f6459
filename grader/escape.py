"""The one door for text that came from a submission, one function per medium.

Every string of a student's (output, error, argument, source line, file name) passes here before a
reporter shows it. Nothing here knows a report's layout, and nothing here raises on any text.

All but ``source_lines``, ``for_json`` and ``for_shell`` begin with ``for_terminal`` and take its
``limit`` on what is seen; signs written for a medium come on top of it.
"""

from __future__ import annotations

import html
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
_SOURCE_NEWLINE = re.compile("\r\n|\r|\n")  # all that ends a line for Python

# First what a site still reads in the finished page, whatever Markdown was written: GitHub's
# @name #1 GH-1 /issues/1 :smile: $x$ www. a@b.c and numbers of commits, GitLab's !1 ~label %1 &1.
# Then what is a sign in the middle of a line, then what is one at its beginning.
_MARKDOWN = re.compile(
    r"(?P<live>[@#:!~%&](?!\s)|\.(?=\S)|\$|[/-](?=[0-9])|[0-9a-f]{6}(?=[0-9a-f]))"
    r"|[\\`*_\[\]<>|~&#]"
    r"|\A(?:[-+=:]|[0-9](?=[0-9]*[.)]))",
    re.IGNORECASE,
)
_TILDES = re.compile("~+")
# The signs with which Excel, LibreOffice and Google Sheets begin a formula, also in full width and
# small form. A blank or a quotation mark before one may be taken off by a program on the way. An
# Excel of a country with a decimal comma ends a cell at each ";" that is not inside quotes.
_FORMULA = re.compile(
    "(^|;)(?=[ \"']*[-=+@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212])", re.MULTILINE
)


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


def source_lines(text: str) -> list[str]:
    """Divide a program into the lines that Python counts, as they are: escape each one after this.

    A form feed or a line separator ends no line there, unlike for ``str.splitlines``.
    """
    lines = _SOURCE_NEWLINE.split(text)
    return lines if lines[-1] else lines[:-1]


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


def for_workflow_data(text: str, *, limit: int = 4_000) -> str:
    """Make text safe after the second ``::`` of a workflow command such as ``::error::text``.

    Line breaks stay, as %0A (actions/toolkit, command.ts). The runner shows 4096 characters.
    """
    return _percent(for_terminal(text, limit=limit))


def for_workflow_property(text: str, *, limit: int = 1_000) -> str:
    """Make text safe as a value in ``::error file=value,title=value::``: one line.

    An empty value must be left out together with its key (actions/toolkit, command.ts).
    """
    return _percent(one_line(text, limit)).replace(":", "%3A").replace(",", "%2C")


def _percent(text: str) -> str:
    # The old form of a command is broken up too: the same text may come to stand in a plain line.
    return _break_command(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def for_html(text: str, *, limit: int = 20_000) -> str:
    """Make text safe between tags of HTML and in a quoted attribute; not in a script or a URL."""
    return html.escape(for_terminal(text, limit=limit))


def for_xml(text: str, *, limit: int = 20_000) -> str:
    """Make text safe between tags of XML 1.0 and in a quoted attribute.

    A writer that escapes by itself, as xml.etree does, takes ``for_terminal``: all the characters
    that it leaves are legal in XML. Line breaks are references, or an attribute would lose them.
    """
    return html.escape(for_terminal(text, limit=limit)).replace("\n", "&#10;")


def for_markdown(text: str, *, limit: int = 2_000) -> str:
    """Make text safe as words of a paragraph, heading, list item or table cell: one line.

    Signs become character references, which CommonMark (6.2) never takes for structure. Sites
    look for names, numbers, emoji, links and formulas once more in each text node of the page, so
    what they look for is broken by a <span>, the way GitHub's documentation shows for "$".
    """
    return _MARKDOWN.sub(_markdown_sign, one_line(text, limit))


def _markdown_sign(match: re.Match[str]) -> str:
    found = match[0]
    text = found if found.isalnum() and len(found) > 1 else f"&#{ord(found)};"
    return f"<span>{text}</span>" if match["live"] else text


def markdown_fence(text: str, *, limit: int = 20_000) -> str:
    """Make text a code block of Markdown, to begin on a line of its own, with a final newline.

    The fence is longer than any run of its character in the text (CommonMark 4.5), and sites look
    for nothing inside.
    """
    body = for_terminal(text, limit=limit).rstrip("\n")
    fence = "~" * max(4, 1 + max(map(len, _TILDES.findall(body)), default=0))
    return f"{fence}text\n{body}\n{fence}\n"


def for_csv(text: str, *, limit: int = 20_000) -> str:
    """Make text safe as a cell that the csv module writes between commas; not for numbers.

    What a spreadsheet would take for a formula gets a "'" in front (OWASP, "CSV Injection"), on
    each line. Grown to the utmost, a text of the usual limit fits into a cell of Excel (32 767).
    """
    return _FORMULA.sub(r"\1'", for_terminal(text, limit=limit))
