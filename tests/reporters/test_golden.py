"""The reports of the standard verdicts are exactly the golden files (tests/golden/reports.py)."""

from __future__ import annotations

import pytest

from tests.golden.reports import FOLDER, reports

REPORTS = dict(reports())


@pytest.mark.parametrize("name", REPORTS)
def test_report_equals_its_golden_file(name: str) -> None:
    assert REPORTS[name] == (FOLDER / name).read_text(encoding="utf-8")


def test_there_is_no_golden_file_without_a_report() -> None:
    kept = {path.name for path in FOLDER.iterdir() if path.suffix in (".txt", ".json")}
    assert kept == set(REPORTS)
