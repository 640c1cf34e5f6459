"""Hostile and broken programs get a verdict of their MANIFEST, in time, and harm nothing."""

from __future__ import annotations

import csv
import json
import os
import resource
import shutil
import subprocess
import sys
from typing import Any

import pytest

from tests.helpers import ROOT, ZOO

MANIFEST = {
    row["name"]: set(row["acceptable_verdicts"].split(","))
    for row in csv.DictReader(
        (ZOO / "attacks" / "MANIFEST.tsv").read_text(encoding="utf-8").splitlines(),
        delimiter="\t",
    )
}
NAMESPACE = [
    "unshare",
    "--user",
    "--map-root-user",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
]
if hasattr(os, "geteuid") and os.geteuid() == 0:
    NAMESPACE = [word for word in NAMESPACE if word not in ("--user", "--map-root-user")]


def namespace_works() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode == 0


def bound_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@pytest.fixture(scope="module")
def reports() -> dict[str, dict[str, Any]]:
    if not namespace_works():
        pytest.skip(
            "no pid namespace can be made here (unshare), and some programs signal everybody"
        )
    result = subprocess.run(
        [*NAMESPACE, sys.executable, "-m", "tests.zoo_runner"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
        preexec_fn=bound_memory,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return {report["name"]: report for report in lines}


@pytest.mark.parametrize("name", sorted(MANIFEST))
def test_program_gets_an_acceptable_verdict(name: str, reports: dict[str, dict[str, Any]]) -> None:
    report = reports[name]
    assert report["class"] in MANIFEST[name], report
    assert not report["canary"], report


def test_only_programs_that_did_the_work_pass(reports: dict[str, dict[str, Any]]) -> None:
    passed = {name for name, report in reports.items() if report["class"] == "pass"}
    assert passed <= {name for name, acceptable in MANIFEST.items() if "pass" in acceptable}


def test_a_right_program_passes_after_each_of_them(reports: dict[str, dict[str, Any]]) -> None:
    assert [name for name, report in reports.items() if not report["right_passes"]] == []


def test_none_leaves_a_process_behind(reports: dict[str, dict[str, Any]]) -> None:
    assert [name for name, report in reports.items() if report["left_over"]] == []
