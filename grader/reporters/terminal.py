"""The report that a person reads in a terminal. Each mark is a word too: colour is only help.

Sees the verdict only and returns text; the caller knows the terminal and prints.
"""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

from grader.escape import for_terminal, one_line
from grader.reporters import lanes, words
from grader.reporters.page import Page
from grader.verdict import ItemResult, Status, Verdict

MIN_WIDTH = 40
_QUOTE_LIMIT = 300_000  # characters; more than a run may print

_MARKS = {
    Status.PASSED: ("✓ passed", "[pass]", "good"),
    Status.FAILED: ("✗ failed", "[FAIL]", "bad"),
    Status.NOT_ASSESSED: ("– not assessed", "[ -- ]", "faint"),
}


def render(verdict: Verdict, *, width: int, color: bool, unicode: bool) -> str:
    """Render a verdict in lines of ``width`` cells (at least 40), with a final newline.

    With ``unicode`` false the text is ASCII; with ``color`` true it holds SGR colour codes. Only
    the command that runs this again may be wider: broken in two it could not be copied.
    """
    page = Page(width=max(width, MIN_WIDTH), color=color, unicode=unicode)
    _add_head(page, verdict)
    _add_items(page, verdict)
    _add_ending(page, verdict)
    _add_output(page, verdict)
    _add_timelines(page, verdict)
    _add_foot(page, verdict)
    return page.text()


def _add_head(page: Page, verdict: Verdict) -> None:
    name, title = one_line(verdict.exercise, 100), one_line(verdict.title, 200)
    page.prose(f"{name}: {title}" if title else name, style="strong")
    page.prose("standard input" if verdict.path == "-" else words.place(verdict.path, None))


def _add_items(page: Page, verdict: Verdict) -> None:
    page.blank()
    used = {_mark(page, item) for item in verdict.items}
    mark_width = max(map(cell_len, used), default=0) + 2
    for item in verdict.items:
        page.prose(
            f"{one_line(item.id, 60)}: {one_line(item.title, 200)}",
            label=set_cell_size(_mark(page, item), mark_width),
            label_style=_MARKS[item.status][2],
            right=f"{item.points}/{item.max_points}",
        )
        if item.status is not Status.PASSED:
            for label, text in words.details(item, verdict.path):
                style = "hint" if label == "next step: " else ""
                page.prose(text, indent=4, label=label, style=style)
    for note in verdict.notes:
        page.prose(one_line(note, words.TEXT_LIMIT), label="note: ")


def _mark(page: Page, item: ItemResult) -> str:
    return _MARKS[item.status][0 if page.unicode else 1]


def _add_ending(page: Page, verdict: Verdict) -> None:
    """How the run ended, when it did not simply return, and the student's own error."""
    sentence, error = words.ending(verdict), verdict.error
    if sentence or error is not None:
        page.blank()
    if sentence:
        page.prose(f"How it ended{_case(verdict)}: {sentence}", style="strong")
    if error is None:
        return
    shown = for_terminal(error.traceback, limit=_QUOTE_LIMIT).strip("\n")
    page.prose(words.error_and_place(error, verdict.path), style="bad")
    if shown:
        page.quote(shown)
    if error.hint and not any(item.status is Status.FAILED for item in verdict.items):
        page.prose(one_line(error.hint, words.TEXT_LIMIT), label="next step: ", style="hint")


def _add_output(page: Page, verdict: Verdict) -> None:
    shown = for_terminal(verdict.output, limit=_QUOTE_LIMIT).rstrip("\n")
    if shown:
        page.blank()
        page.prose(f"What your program printed{_case(verdict)}:", style="strong")
        page.quote(shown)


def _add_timelines(page: Page, verdict: Verdict) -> None:
    run, best = verdict.timeline, verdict.best
    if run is None or not run.calls:
        return
    pictures = [(f"Your run{_case(verdict)}", run)]
    if best is not None and not verdict.passed and not words.same_times(best, run):
        pictures.append(("The best schedule", best))
    for (title, timeline), (_, other) in zip(pictures, reversed(pictures), strict=True):
        page.blank()
        page.prose(f"{title}: {words.seconds(timeline.makespan_us)} s", style="strong")
        for line in lanes.draw(timeline, width=page.width - 2, unicode=page.unicode, beside=other):
            page.line(f"  {line}")
    page.blank()
    for line in lanes.legend((timeline for _, timeline in pictures), unicode=page.unicode):
        page.prose(line, indent=2, style="faint")


def _case(verdict: Verdict) -> str:
    return f" (case {one_line(verdict.case, 80)})" if verdict.case else ""


def _add_foot(page: Page, verdict: Verdict) -> None:
    score = f"{verdict.score} of {words.points(verdict.max_score)}"
    page.blank()
    if verdict.passed:
        page.prose(f"All passed: {score}. Well done!", style="good")
    else:
        page.prose(f"Score: {score}", style="strong")
        command = f"asyncgrade hint {verdict.exercise}{verdict.exercises_option}"
        command = page.spell_command(one_line(command, words.TEXT_LIMIT))
        page.prose(command, label="for a hint: ")
        if verdict.replay:
            page.prose("for the same run again:")
            page.line("  " + page.spell_command(one_line(verdict.replay, words.TEXT_LIMIT)))
    note = one_line(verdict.isolation_note, words.TEXT_LIMIT)
    isolation = one_line(verdict.isolation, 40)
    page.prose(f"{isolation} ({note})" if note else isolation, label="isolation: ", style="faint")
    page.prose(one_line(verdict.seed, 200), label="seed: ", style="faint")
