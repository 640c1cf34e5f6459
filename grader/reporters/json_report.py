"""The verdict as JSON, for programs: the format is described by ``verdict.schema.json``.

ASCII only, so that any console encoding carries it. Times are integers of microseconds.
"""

from __future__ import annotations

import json
from typing import Any

from grader.escape import for_json
from grader.verdict import ItemResult, StudentError, Timeline, Verdict

FORMAT = "asyncgrade/verdict/1"


def render(verdict: Verdict) -> str:
    """Render a verdict as one JSON object with a final newline."""
    report = {
        "format": FORMAT,
        "exercise": for_json(verdict.exercise),
        "submission": {"path": for_json(verdict.path), "sha256": for_json(verdict.sha256)},
        "score": verdict.score,
        "max_score": verdict.max_score,
        "passed": verdict.passed,
        "ending": for_json(verdict.ending),
        "isolation": for_json(verdict.isolation),
        "isolation_note": for_json(verdict.isolation_note),
        "seed": for_json(verdict.seed),
        "items": [_item(item) for item in verdict.items],
        "output": for_json(verdict.output),
        "error": None if verdict.error is None else _error(verdict.error),
        "timeline": None if verdict.timeline is None else _timeline(verdict.timeline),
        "grader": {
            "version": for_json(verdict.grader_version),
            "python": for_json(verdict.python_version),
        },
        "notes": [for_json(note) for note in verdict.notes],
        "replay": for_json(verdict.replay),
    }
    return json.dumps(report, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _item(item: ItemResult) -> dict[str, Any]:
    report: dict[str, Any] = {
        "id": for_json(item.id),
        "status": item.status.value,
        "points": item.points,
        "max_points": item.max_points,
        "message": for_json(item.message),
        "line": item.line,
        "case": None if item.case is None else for_json(item.case),
        "hint": for_json(item.hint),
    }
    further = {
        "title": item.title,
        "wanted": item.wanted,
        "misconception": item.misconception,
        "source_line": item.source_line,
    }
    return report | {key: for_json(text) for key, text in further.items() if text}


def _error(error: StudentError) -> dict[str, Any]:
    return {
        "kind": for_json(error.kind),
        "text": for_json(error.text),
        "traceback": for_json(error.traceback),
        "line": error.line,
        "hint": for_json(error.hint),
    }


def _timeline(timeline: Timeline) -> dict[str, Any]:
    calls = [
        {
            "service": for_json(call.service),
            "args": [for_json(arg) for arg in call.args],
            "start_us": call.start_us,
            "end_us": call.end_us,
            "line": call.line,
            "outcome": for_json(call.outcome),
        }
        for call in timeline.calls
    ]
    return {"makespan_us": timeline.makespan_us, "ideal_us": timeline.ideal_us, "calls": calls}
