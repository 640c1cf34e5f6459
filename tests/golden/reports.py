"""Which reports of the standard verdicts are kept as files beside this one.

To write the files anew after a change that is meant: ``python -m tests.golden.update``, then read
the difference.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

from grader.reporters import classroom, json_report, terminal
from grader.verdict import Verdict
from tests.golden.verdicts import STANDARD

FOLDER = Path(__file__).parent


def decode(encoded: str) -> dict[str, object]:
    """The result in a classroom output."""
    result: dict[str, object] = json.loads(base64.b64decode(encoded, validate=True))
    return result


def reports() -> Iterator[tuple[str, str]]:
    """The name of each golden file and what must be in it."""
    for name, make in STANDARD.items():
        yield from _reports_of(name, make())


def _reports_of(name: str, verdict: Verdict) -> Iterator[tuple[str, str]]:
    for width in (60, 100):
        for unicode in (True, False):
            text = terminal.render(verdict, width=width, color=False, unicode=unicode)
            yield f"{name}.{width}.{'unicode' if unicode else 'ascii'}.txt", text
    if name == "serial":
        yield f"{name}.color.txt", terminal.render(verdict, width=80, color=True, unicode=True)
    if name == "hostile":
        yield f"{name}.log.txt", classroom.job_log(verdict)
    if name != "many-calls":  # its output is large, and says nothing new
        yield f"{name}.json", json_report.render(verdict)
    result = json.dumps(decode(classroom.render(verdict)), indent=2, ensure_ascii=False)
    yield f"{name}.classroom.json", result + "\n"
