"""The page of one student: one next step, then the rubric, the times, the source, the output.

``section`` is what the class page shows of a student too. It sees a verdict and text only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from grader.escape import for_terminal, one_line, source_lines
from grader.reporters import words
from grader.reporters.html import pages
from grader.reporters.html.timeline_svg import Picture, picture
from grader.verdict import ItemResult, Status, Verdict

_LINE_LIMIT = 300
_LINE_TAGS = 32  # characters of HTML that each line costs
_QUOTE_LIMIT = 300_000  # characters; more than a run may print
_AROUND = 3  # lines shown around a marked one, wherever it stands

_LOOKS = {
    Status.PASSED: ("passed", "✓", "passed"),
    Status.FAILED: ("failed", "✗", "failed"),
    Status.NOT_ASSESSED: ("skipped", "–", "not assessed"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a grade beside its verdict."""

    key: str = ""
    name: str = ""
    final_score: float | None = None  # None: what the rubric gave
    penalty: float = 0  # points taken for lateness
    override_reason: str | None = None  # None: no instructor has set the score
    same_as: tuple[str, ...] = ()  # keys of students who handed in the same program


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a student's text a page shows, in characters."""

    source: int = 60_000
    output: int = 20_000


@dataclass(frozen=True, slots=True)
class ItemView:
    look: str
    mark: str
    word: str
    id: str
    title: str
    points: int
    max_points: int
    line: int | None
    facts: tuple[tuple[str, str], ...]
    misconception: str


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of the source, or the number of lines that are left out before the next one."""

    number: int
    text: str
    notes: tuple[str, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Quote:
    """Text as it was printed: its beginning, and its end when it is too long to show."""

    head: str
    left_out: int = 0  # characters
    tail: str = ""


@dataclass(frozen=True, slots=True)
class NextStep:
    label: str
    text: str
    about: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Section:
    """All that the section of one student shows, clean and cut."""

    prefix: str  # of its ids, so that many sections fit into one page
    heading: str
    about: tuple[str, ...]
    look: str  # "passed" or "failed"
    result: str  # one sentence
    score: str
    max_score: int
    remarks: tuple[str, ...]
    step: NextStep | None
    items: tuple[ItemView, ...]
    source: tuple[SourceLine, ...]
    marked: frozenset[int]
    timeline: Picture | None
    case: str
    output: Quote | None
    error: str
    error_line: int | None
    traceback: Quote | None
    notes: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    replay: str


def render(verdict: Verdict, source: str, standing: Standing | None = None) -> str:
    """Render the page of one student. ``source`` is what was handed in, as text."""
    view = section(verdict, source, standing or Standing(), prefix="", limits=Limits())
    title = f"{view.heading}: {view.score} of {words.points(view.max_score)}"
    return "".join(pages.render("student_page.jinja", title=title, s=view))


def section(
    verdict: Verdict, source: str, standing: Standing, *, prefix: str, limits: Limits
) -> Section:
    """Choose and clean what is shown of one student."""
    score = standing.final_score if standing.final_score is not None else float(verdict.score)
    step = _next_step(verdict)
    notes = _notes(verdict)
    shown = tuple(_source(source, notes, limits.source))
    error = verdict.error
    name = one_line(standing.name or standing.key, 120)
    title = one_line(verdict.title or verdict.exercise, 200)
    return Section(
        prefix=prefix,
        heading=name or title,
        about=tuple(_about(verdict, standing, title if name else "")),
        look="passed" if verdict.passed else "failed",
        result=_result(verdict),
        score=number(score),
        max_score=verdict.max_score,
        remarks=tuple(_remarks(verdict, standing)),
        step=step,
        items=tuple(_item(item, step) for item in verdict.items),
        source=shown,
        marked=frozenset(line.number for line in shown if line.notes),
        timeline=picture(
            verdict.timeline,
            None if verdict.passed else verdict.best,
            whose="This run" if name else "Your run",
        ),
        case=one_line(verdict.case or "", 80),
        output=_quote(verdict.output, limits.output),
        error="" if error is None else words.error_text(error),
        error_line=None if error is None else error.line,
        traceback=None if error is None else _quote(error.traceback, limits.output),
        notes=tuple(one_line(note, words.TEXT_LIMIT) for note in verdict.notes),
        facts=tuple(_facts(verdict)),
        replay=one_line(verdict.replay, words.TEXT_LIMIT),
    )


def number(value: float) -> str:
    """Points as a person writes them: ``7``, ``7.5``."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _about(verdict: Verdict, standing: Standing, title: str) -> Iterator[str]:
    if standing.name and standing.key and standing.key != standing.name:
        yield one_line(standing.key, 120)
    yield one_line(verdict.exercise, 100)
    if title:
        yield title
    yield words.place(verdict.path, None) or "standard input"


def _result(verdict: Verdict) -> str:
    ended = words.ending(verdict)
    if verdict.passed:
        return "Everything passed. Well done!"
    if ended:
        return f"{ended[0].upper()}{ended[1:]}."
    passed = sum(item.status is Status.PASSED for item in verdict.items)
    return f"{passed} of {len(verdict.items)} checks passed."


def _remarks(verdict: Verdict, standing: Standing) -> Iterator[str]:
    """Why the score is not what the rubric gave, and what a person should look at."""
    rubric = f"The rubric gave {verdict.score} of {words.points(verdict.max_score)}"
    if standing.override_reason is not None:
        reason = one_line(standing.override_reason, words.TEXT_LIMIT).rstrip(".")
        yield f"{rubric}; the score was set by hand{f': {reason}' if reason else ''}."
    elif standing.penalty:
        yield f"{rubric}; {number(standing.penalty)} taken off for lateness."
    if standing.same_as:
        others = one_line(", ".join(one_line(key, 60) for key in standing.same_as[:8]), 400)
        more = len(standing.same_as) - 8
        yield (
            f"The same program, comments and spaces aside, came from: {others}"
            f"{f' and {more} more' if more > 0 else ''}. "
            "There can be good reasons for it; a person should look."
        )


def _next_step(verdict: Verdict) -> NextStep | None:
    """The one thing to do next: the first advice there is, in the order of the rubric."""
    failed = [item for item in verdict.items if item.status is Status.FAILED]
    for item in failed:
        if item.hint:
            return _step("Next step", item.hint, item)
    error = verdict.error
    if error is not None and error.hint:
        return NextStep("Next step", one_line(error.hint, words.TEXT_LIMIT), "", error.line)
    for item in failed:
        if item.message:
            return _step("Start here", item.message, item)
    return None


def _step(label: str, text: str, item: ItemResult) -> NextStep:
    return NextStep(label, one_line(text, words.TEXT_LIMIT), one_line(item.id, 60), item.line)


def _item(item: ItemResult, step: NextStep | None) -> ItemView:
    look, mark, word = _LOOKS[item.status]
    facts: list[tuple[str, str]] = []
    misconception = ""
    if item.status is not Status.PASSED:
        hint = one_line(item.hint, words.TEXT_LIMIT)
        facts = [
            ("seen", one_line(item.message, words.TEXT_LIMIT)),
            ("wanted", one_line(item.wanted, words.TEXT_LIMIT)),
            ("next step", "" if step is not None and hint == step.text else hint),
            ("in case", one_line(item.case or "", 80)),
        ]
        misconception = one_line(item.misconception, 80)
    return ItemView(
        look=look,
        mark=mark,
        word=word,
        id=one_line(item.id, 60),
        title=one_line(item.title, 200),
        points=item.points,
        max_points=item.max_points,
        line=item.line if item.status is Status.FAILED else None,
        facts=tuple((label, text) for label, text in facts if text),
        misconception=misconception,
    )


def _notes(verdict: Verdict) -> dict[int, list[str]]:
    """What is said below a line of the source: line -> sentences."""
    notes: dict[int, list[str]] = {}
    for item in verdict.items:
        if item.status is Status.FAILED and item.line is not None:
            text = one_line(item.message or item.title, words.TEXT_LIMIT)
            notes.setdefault(item.line, []).append(f"{one_line(item.id, 60)}: {text}")
    error = verdict.error
    if error is not None and error.line is not None:
        notes.setdefault(error.line, []).append(words.error_text(error))
    return notes


def _source(source: str, notes: dict[int, list[str]], limit: int) -> Iterator[SourceLine]:
    """The first lines up to ``limit`` characters, and the marked ones with those around them."""
    lines = source_lines(source)
    while lines and not lines[-1].strip():
        lines.pop()
    near = {mark + offset for mark in notes for offset in range(-_AROUND, _AROUND + 1)}
    room, left_out = limit, 0
    for number, line in enumerate(lines, 1):
        room -= min(len(line), _LINE_LIMIT) + _LINE_TAGS
        if room < 0 and number not in near:
            left_out += 1
            continue
        if left_out:
            yield SourceLine(0, "", left_out=left_out)
            left_out = 0
        text = for_terminal(line[: 2 * _LINE_LIMIT], limit=_LINE_LIMIT).replace("\n", " ")
        yield SourceLine(number, text, tuple(notes.get(number, ())))
    if left_out:
        yield SourceLine(0, "", left_out=left_out)


def _quote(text: str, limit: int) -> Quote | None:
    shown = for_terminal(text, limit=_QUOTE_LIMIT).strip("\n")
    if len(shown) <= limit:
        return Quote(shown) if shown else None
    tail = limit // 3
    return Quote(shown[: limit - tail], len(shown) - limit, shown[-tail:])


def _facts(verdict: Verdict) -> Iterator[tuple[str, str]]:
    note = one_line(verdict.isolation_note, words.TEXT_LIMIT)
    isolation = one_line(verdict.isolation, 40)
    yield "Isolation", f"{isolation} ({note})" if note else isolation
    yield "Seed", one_line(verdict.seed, 200)
    yield (
        "Graded by",
        one_line(f"asyncgrade {verdict.grader_version}, Python {verdict.python_version}", 120),
    )
    yield "SHA-256 of the file", one_line(verdict.sha256, 80)
