"""Facts about late policies: what a file may say, and how many points lateness takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.batch.late import LatePolicy, load_policy, parse_moment, penalty
from grader.batch.records import BatchError, rounded

DEADLINE = parse_moment("2026-03-31T23:59:00+02:00")
POLICY = LatePolicy(grace_minutes=10, percent_a_day=10, cut_off_days=3, deadline=DEADLINE)


def policy_file(folder: Path, text: str) -> Path:
    path = folder / "late.yaml"
    path.write_text(text, encoding="utf-8")
    return path


# --- the points ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("submitted_at", "lost"),
    [
        ("2026-03-30T12:00:00+02:00", 0.0),
        ("2026-03-31T23:59:00+02:00", 0.0),
        ("2026-03-31T21:59:00Z", 0.0),  # the same moment
        ("2026-04-01T00:09:00+02:00", 0.0),  # the end of the grace
        ("2026-04-01T00:09:01+02:00", 2.0),  # a day begun
        ("2026-04-02T00:09:00+02:00", 2.0),
        ("2026-04-02T00:09:01+02:00", 4.0),
        ("2026-04-04T00:09:00+02:00", 6.0),  # the third day is not over
        ("2026-04-04T00:09:01+02:00", 17.0),  # the cut-off takes the score, not the maximum
        ("2027-01-01T00:00:00+00:00", 17.0),
    ],
)
def test_each_day_begun_after_the_grace_costs_its_part_until_the_cut_off(
    submitted_at: str, lost: float
) -> None:
    assert penalty(POLICY, submitted_at, None, 17, 20) == lost


@pytest.mark.parametrize(
    ("is_late", "lost"), [(True, 2.0), (False, 0.0), (None, 0.0)], ids=["late", "in time", "silent"]
)
@pytest.mark.parametrize("submitted_at", ["", "yesterday", "2026-04-05T12:00:00"])
def test_without_a_time_a_mark_counts_as_one_day(
    submitted_at: str, is_late: bool | None, lost: float
) -> None:
    assert penalty(POLICY, submitted_at, is_late, 17, 20) == lost


def test_without_a_deadline_a_mark_counts_as_one_day() -> None:
    policy = LatePolicy(percent_a_day=12.5)
    assert penalty(policy, "2030-01-01T00:00:00Z", True, 10, 10) == 1.25
    assert penalty(policy, "2030-01-01T00:00:00Z", None, 10, 10) == 0.0


def test_deadline_and_time_decide_whatever_the_mark_says() -> None:
    assert penalty(POLICY, "2026-03-31T12:00:00Z", True, 17, 20) == 0.0
    assert penalty(POLICY, "2026-04-01T12:00:00Z", False, 17, 20) == 2.0


def test_cut_off_at_once_takes_all_points_of_everything_late() -> None:
    policy = LatePolicy(cut_off_days=0, deadline=DEADLINE)
    assert penalty(policy, "2026-03-31T23:59:01+02:00", None, 17, 20) == 17.0
    assert penalty(policy, "2026-03-31T23:59:00+02:00", None, 17, 20) == 0.0
    assert penalty(policy, "", True, 17, 20) == 17.0
    assert penalty(policy, "", None, 17, 20) == 0.0


def test_without_a_policy_nothing_is_lost() -> None:
    assert penalty(None, "2099-01-01T00:00:00Z", True, 17, 20) == 0.0
    assert penalty(LatePolicy(), "", True, 17, 20) == 0.0


@given(
    percent=st.floats(0, 100),
    score=st.integers(0, 1000),
    more=st.integers(0, 1000),
    hours=st.integers(-100, 5000),
    cut_off=st.none() | st.integers(0, 30),
)
def test_penalty_is_never_below_zero_nor_above_the_score(
    percent: float, score: int, more: int, hours: int, cut_off: int | None
) -> None:
    policy = LatePolicy(0, percent, cut_off, parse_moment("2026-06-15T00:00Z"))
    days, rest = divmod(hours + 24 * 14, 24)
    moment = f"2026-{6 + days // 28:02}-{days % 28 + 1:02}T{rest:02}:00Z" if days < 28 * 6 else ""
    lost = penalty(policy, moment if days >= 0 else "", None, score, score + more)
    assert 0 <= lost <= score
    assert lost == rounded(lost)


@pytest.mark.parametrize(
    ("points", "shown"), [(0.005, 0.01), (1.005, 1.01), (2.675, 2.68), (1 / 3, 0.33), (7, 7.0)]
)
def test_points_are_rounded_to_two_decimals_halves_up(points: float, shown: float) -> None:
    assert rounded(points) == shown


# --- moments -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-31T21:59Z",
        "2026-03-31T21:59:00.123456Z",
        "2026-03-31 23:59:00 +02:00",
        "2026-03-31T23:59:00+0200",
        "2026-03-31t14:59:00-07:00",
    ],
)
def test_moments_are_read_as_people_and_systems_write_them(text: str) -> None:
    assert parse_moment(text) == DEADLINE


@pytest.mark.parametrize(
    "text",
    [
        *("", "now", "2026-03-31", "2026-03-31T23:59", "٢026-03-31T23:59Z"),
        *("2026-02-30T10:00Z", "2026-03-31T25:00Z", "2026-03-31T10:00+99:00"),
        *("0001-01-01T00:00+05:00", "9999-12-31T23:59-05:00"),
    ],
)
def test_what_is_not_a_moment_with_offset_is_none(text: str) -> None:
    assert parse_moment(text) is None


# --- the file ------------------------------------------------------------------------------------


def test_policy_is_read_from_its_file(tmp_path: Path) -> None:
    text = (
        "grace_minutes: 10\npercent_a_day: 10\ncut_off_days: 3\ndeadline: 2026-03-31T23:59+02:00\n"
    )
    assert load_policy(policy_file(tmp_path, text)) == POLICY
    assert load_policy(policy_file(tmp_path, "percent_a_day: 2.5")) == LatePolicy(0, 2.5)
    assert load_policy(policy_file(tmp_path, "cut_off_days: 0")) == LatePolicy(cut_off_days=0)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("grace_minute: 5", "1: grace_minute: unknown key; did you mean 'grace_minutes'?"),
        ("grace_minutes: soon", "1: grace_minutes: seen 'soon'; wanted a whole number"),
        ("\ngrace_minutes: -1", "2: grace_minutes: seen -1; wanted a whole number"),
        ("grace_minutes: true", "1: grace_minutes: seen True; wanted a whole number"),
        ("percent_a_day: 101", "1: percent_a_day: seen 101; wanted a number from 0 to 100"),
        ("percent_a_day: 10%", "1: percent_a_day: seen '10%'; wanted a number from 0 to 100"),
        ("percent_a_day: .nan", "1: percent_a_day: seen nan; wanted a number from 0 to 100"),
        (f"percent_a_day: {'9' * 400}", "1: percent_a_day: seen 999"),
        ("percent_a_day: true", "1: percent_a_day: seen True; wanted a number from 0 to 100"),
        ("cut_off_days: [3]", "1: cut_off_days: seen a list; wanted a whole number"),
        ("deadline: 2026-03-31", "1: deadline: seen '2026-03-31'; wanted date, time and the"),
        ("deadline: 2026-03-31T23:59", "1: deadline: seen '2026-03-31T23:59'; wanted date, time"),
        ("deadline: 7", "1: deadline: seen 7; wanted text"),
        ("deadline: ''", "1: deadline: seen an empty text"),
        ("cut_off_days: 1\ncut_off_days: 2", "2: cut_off_days: this key is here twice"),
        ("- 1", "1: file: the file holds a list; wanted keys such as"),
        ("", "1: file: the file is empty; wanted keys such as"),
        ("a: [", "2: file: not YAML"),
    ],
)
def test_a_wrong_file_is_told_by_file_line_and_key(tmp_path: Path, text: str, line: str) -> None:
    path = policy_file(tmp_path, text)
    with pytest.raises(BatchError) as caught:
        load_policy(path)
    assert len(str(caught.value).splitlines()) == 1
    assert str(caught.value).startswith(f"{path}:{line}")


def test_all_problems_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    path = policy_file(tmp_path, "grace_minutes: x\ndeadline: y\n")
    with pytest.raises(BatchError) as caught:
        load_policy(path)
    assert len(str(caught.value).splitlines()) == 2


def test_a_file_that_is_missing_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(BatchError, match="there is no such file; wanted a late policy"):
            load_policy(path)
