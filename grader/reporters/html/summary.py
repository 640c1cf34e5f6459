"""What a class page says of the whole class, gathered while the students go by.

Keeps a short record of each student and never a verdict or a source, so that memory stays small.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple

from grader.escape import one_line
from grader.reporters import words
from grader.reporters.html.student_page import Standing, number
from grader.reporters.html.timeline_svg import Picture, picture
from grader.verdict import ItemResult, Status, Verdict

MAX_BARS = 12  # of the distribution
_MARKS = {
    Status.PASSED.value: ("p", "✓"),
    Status.FAILED.value: ("f", "✗"),
    Status.NOT_ASSESSED.value: ("n", "–"),
}


class ClassItem(NamedTuple):
    """One rubric item of one student. ``status`` is a value of ``verdict.Status``."""

    id: str
    title: str
    status: str
    points: int
    max_points: int
    misconception: str


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One student of a class page."""

    key: str  # unique in the class
    name: str
    score: float  # of the rubric
    max_score: int
    final_score: float  # what counts, after lateness and override
    ending: str
    passed: bool
    items: tuple[ClassItem, ...]
    penalty: float = 0
    override_reason: str | None = None  # None: no instructor has set the score
    same_as: tuple[str, ...] = ()  # keys of students who handed in the same program
    is_late: bool = False
    graded_s: float = 0
    problem: str = ""  # why it could not be graded; "" when it was
    verdict: Verdict | None = None  # None: the page has no section for this student
    source: str = ""

    @property
    def has_score(self) -> bool:
        """It was graded, or an instructor has set the score."""
        return self.override_reason is not None or not self.problem

    @property
    def standing(self) -> Standing:
        return Standing(
            self.key, self.name, self.final_score, self.penalty, self.override_reason, self.same_as
        )


@dataclass(frozen=True, slots=True)
class TableRow:
    """A student's line in the table."""

    index: int
    key: str
    name: str
    has_page: bool
    final_score: float
    score: str
    max_score: int
    has_score: bool
    result: str  # the class of its look: "passed", "failed" or "problem"
    ended: str
    marks: tuple[tuple[str, str], ...]
    items_passed: int
    items_said: str
    misconceptions: tuple[str, ...]
    remarks: tuple[str, ...]
    tags: tuple[str, ...]  # what the filter knows it by


@dataclass
class ItemCount:
    """How a rubric item went in the class."""

    title: str
    tag: str
    passed: int = 0
    failed: int = 0
    not_assessed: int = 0


@dataclass
class MisconceptionCount:
    """A misconception of the class, with one student's case of it."""

    tag: str
    students: int = 0
    sentence: str = ""
    example: str = ""
    example_index: int | None = None
    timeline: Picture | None = None


@dataclass(frozen=True, slots=True)
class HistogramBar:
    label: str
    count: int
    x: str
    width: str
    middle: str
    height: str
    y: str


@dataclass
class Summary:
    """The counts of a class. ``add`` takes one student after the other.

    ``groups`` are the keys of students whose programs are the same.
    """

    groups: Collection[tuple[str, ...]] = ()
    rows: list[TableRow] = field(default_factory=list)
    items: dict[str, ItemCount] = field(default_factory=dict)
    misconceptions: dict[str, MisconceptionCount] = field(default_factory=dict)
    scores: list[float] = field(default_factory=list)  # of those who have one
    times_s: list[float] = field(default_factory=list)
    max_score: int = 0
    passed: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    _lines: dict[str, TableRow] = field(default_factory=dict)  # by the student's key

    def add(self, row: ClassRow, index: int, *, has_page: bool) -> None:
        names: list[str] = []
        for item in row.items:
            self._count_item(item)
            if item.misconception and item.misconception not in names:
                names.append(item.misconception)
        for name in names:
            self._count_misconception(name, row, index if has_page else None)
        if not row.problem:
            self.times_s.append(row.graded_s)
        if row.has_score:
            self.scores.append(row.final_score)
            self.max_score = max(self.max_score, row.max_score)
            self.passed += row.passed
        line = self._table_row(row, index, names, has_page)
        self.kinds.update(tag for tag in line.tags if "-" not in tag)
        self.rows.append(line)
        self._lines[row.key] = line

    def _count_item(self, item: ClassItem) -> None:
        count = self.items.get(item.id)
        if count is None:
            title = one_line(item.title, 200)
            count = self.items[item.id] = ItemCount(title, f"item-{len(self.items)}")
        if item.status == Status.PASSED.value:
            count.passed += 1
        elif item.status == Status.FAILED.value:
            count.failed += 1
        else:
            count.not_assessed += 1

    def _count_misconception(self, name: str, row: ClassRow, page: int | None) -> None:
        count = self.misconceptions.get(name)
        if count is None:
            tag = f"misconception-{len(self.misconceptions)}"
            count = self.misconceptions[name] = MisconceptionCount(tag)
        count.students += 1
        found = _found(row.verdict, name)
        if found is None or row.verdict is None or count.sentence:
            return
        count.sentence = one_line(found.message, words.TEXT_LIMIT)
        count.example = one_line(row.name or row.key, 120)
        count.example_index = page
        count.timeline = picture(row.verdict.timeline, row.verdict.best, whose="This run")

    def _table_row(self, row: ClassRow, index: int, names: list[str], has_page: bool) -> TableRow:
        failed = [item for item in row.items if item.status == Status.FAILED.value]
        passed = sum(item.status == Status.PASSED.value for item in row.items)
        said = f"{passed} of {len(row.items)} passed"
        if failed:
            said += f"; failed: {', '.join(one_line(item.id, 60) for item in failed)}"
        result = "problem" if row.problem else "passed" if row.passed else "failed"
        tags = [result, *(self.items[item.id].tag for item in failed)]
        tags += [self.misconceptions[name].tag for name in names]
        for tag, holds in (
            ("same", row.same_as),
            ("override", row.override_reason is not None),
            ("late", row.is_late or row.penalty),
        ):
            tags += [tag] if holds else []
        return TableRow(
            index=index,
            key=one_line(row.key, 120),
            name=one_line(row.name, 120),
            has_page=has_page,
            final_score=row.final_score,
            has_score=row.has_score,
            score=number(row.final_score),
            max_score=row.max_score,
            result=result,
            ended=one_line(row.problem, 200) or one_line(row.ending, 60),
            marks=tuple(_MARKS.get(item.status, ("n", "–")) for item in row.items),
            items_passed=passed,
            items_said=said,
            misconceptions=tuple(one_line(name, 80) for name in names),
            remarks=tuple(_remarks(row)),
            tags=tuple(tags),
        )

    # What the template asks for when all students have gone by.

    @property
    def median_score(self) -> str:
        return number(median(self.scores)) if self.scores else "–"

    @property
    def grading(self) -> str:
        """How long one student took to grade."""
        if not any(self.times_s):
            return ""
        return f"{_short(median(self.times_s))} s (median), {_short(max(self.times_s))} s at most"

    @property
    def items_by_failures(self) -> list[tuple[str, ItemCount]]:
        found = sorted(self.items.items(), key=lambda pair: -pair[1].failed)
        return [(one_line(id, 60), count) for id, count in found]

    @property
    def misconceptions_by_count(self) -> list[tuple[str, MisconceptionCount]]:
        found = sorted(self.misconceptions.items(), key=lambda pair: (-pair[1].students, pair[0]))
        return [(one_line(name, 80), count) for name, count in found]

    @property
    def same_programs(self) -> list[list[TableRow]]:
        found = ([self._lines[key] for key in group if key in self._lines] for group in self.groups)
        return [group for group in found if len(group) > 1]

    @property
    def histogram(self) -> list[HistogramBar]:
        """How many students have which score: a bar a point, or a bar a range of points."""
        if not self.scores or self.max_score <= 0:
            return []
        size = -(-self.max_score // (MAX_BARS - 1))
        last = -(-self.max_score // size)
        counts = Counter(min(max(int(score // size), 0), last) for score in self.scores)
        highest = max(counts.values())
        step = 100 / (last + 1)
        return [
            _histogram_bar(bar, size, self.max_score, counts[bar], highest, step)
            for bar in range(last + 1)
        ]


def _histogram_bar(
    bar: int, size: int, max_score: int, count: int, highest: int, step: float
) -> HistogramBar:
    first, last = bar * size, min(bar * size + size, max_score) - 1
    height = count * 100 / highest
    return HistogramBar(
        label=f"{min(first, max_score)}" if last <= first else f"{first}–{last}",
        count=count,
        x=number(step * bar + step * 0.1),
        width=number(step * 0.8),
        middle=number(step * (bar + 0.5)),
        height=number(height),
        y=number(100 - height),
    )


def _found(verdict: Verdict | None, misconception: str) -> ItemResult | None:
    items = () if verdict is None else verdict.items
    return next((item for item in items if item.misconception == misconception), None)


def _remarks(row: ClassRow) -> Iterable[str]:
    if row.override_reason is not None:
        yield "set by hand"
    if row.penalty:
        yield f"late: −{number(row.penalty)}"
    elif row.is_late:
        yield "late"
    if row.same_as:
        yield f"same as {len(row.same_as)} more"


def _short(seconds: float) -> str:
    return f"{seconds:.2g}" if seconds < 10 else f"{seconds:.0f}"
