"""Runs all hostile and broken programs against every level of isolation that can be made here.

    python -m tests.zoo.suite
        everything; prints a table; exit status 1 when a level lets through more than it may
    python -m tests.zoo.suite --level best --only esc_tcp msg_end_twice --json
    python -m tests.zoo.suite --user nobody
        as that user, from a root shell (without it: as root and as nobody)

Each configuration runs in namespaces of its own: see ``stage``.
"""

from __future__ import annotations

import argparse
import json
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.zoo.configurations import CONFIGURATIONS, OTHER_VERDICTS, is_allowed
from tests.zoo.host import LIMITS
from tests.zoo.programs import programs

ROOT = Path(__file__).parent.parent.parent
STAGE_S = 900
ORDINARY_USER = "nobody"
_UNSHARE = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
_UNSHARE += ["--net", "--ipc", "--uts"]


def command() -> list[str]:
    """What opens the namespaces of a stage."""
    if os.geteuid() == 0:
        return _UNSHARE
    return [*_UNSHARE[:1], "--user", "--map-root-user", *_UNSHARE[1:]]


def missing() -> str:
    """What this machine lacks to run programs safely, "" for nothing."""
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return "Linux and util-linux (unshare)"
    tried = subprocess.run([*command(), "true"], capture_output=True, text=True, check=False)
    return "" if tried.returncode == 0 else f"namespaces: {tried.stderr.strip()}"


@dataclass(slots=True)
class Row:
    """One configuration, as one user, and what came of it."""

    config: str
    user: str  # "" for the present one
    about: dict[str, Any] = field(default_factory=dict)
    reports: list[dict[str, Any]] = field(default_factory=list)
    failure: str = ""  # why it could not be run

    @property
    def level(self) -> str:
        return str(self.about.get("level", "?"))

    def problems(self) -> Iterable[tuple[str, str, str, bool]]:
        """Program, kind, what was seen, whether the level may let it through."""
        for report in self.reports:
            name = report["name"]
            for kind, what in report["problems"]:
                if kind in ("verdict", "forged") and (self.config, name) in OTHER_VERDICTS:
                    continue
                yield name, kind, what, is_allowed(self.level, name, kind)

    def unexpected(self) -> list[str]:
        where = f"{self.config}{f' as {self.user}' if self.user else ''}"
        lines = [f"{where}: {n}: {kind}: {what}" for n, kind, what, ok in self.problems() if not ok]
        return [f"{where}: {self.failure}", *lines] if self.failure else lines

    def count(self, *kinds: str) -> int:
        """How many programs have a problem of these kinds."""
        return len({name for name, kind, _, _ in self.problems() if kind in kinds})


def run(config: str, user: str, names: Sequence[str], shards: int = 1) -> Row:
    """Run programs in one configuration, in so many stages at the same time."""
    row = Row(config, user)
    parts = [part for n in range(shards) if (part := names[n::shards])]
    with ThreadPoolExecutor(len(parts)) as pool:
        results = pool.map(lambda part: _stage(config, user, part), parts)
        for part, result in zip(parts, results, strict=True):
            lines = [json.loads(line) for line in result.stdout.splitlines()]
            row.about = lines[0] if lines else row.about
            row.reports += lines[1:]
            if result.returncode != 0 or len(lines) != len(part) + 1:
                row.failure = f"the stage ended early: {result.stderr.strip()[-1500:]}"
    return row


def _stage(config: str, user: str, names: Sequence[str]) -> subprocess.CompletedProcess[str]:
    number = str(pwd.getpwnam(user).pw_uid) if user else ""
    return subprocess.run(
        [*command(), sys.executable, "-B", "-m", "tests.zoo.stage", config, number, *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=STAGE_S,
        check=False,
    )


# --- the table -------------------------------------------------------------------------------

COLUMNS = (
    ("files", lambda row: len(row.reports)),
    ("acceptable", lambda row: len(row.reports) - row.count("verdict", "forged")),
    ("forged", lambda row: row.count("forged")),
    ("read", lambda row: row.count("read")),
    ("stat", lambda row: row.count("stat")),
    (
        "reached",
        lambda row: row.count(
            "network", "process", "signal", "ptrace", "syscall", "tty", "privilege"
        ),
    ),
    ("left", lambda row: row.count("write", "left behind")),
    ("report", lambda row: row.count("report")),
    ("hit ours", lambda row: row.count("ours was hit")),
    ("crashed", lambda row: row.count("crashed ours", "too large")),
    ("right fails", lambda row: row.count("right one fails")),
    ("longest s", lambda row: f"{max((r['seconds'] for r in row.reports), default=0):.2f}"),
    ("over limit s", lambda row: f"{_over_limit(row):.2f}"),
    ("not allowed", lambda row: len(row.unexpected())),
)


def _over_limit(row: Row) -> float:
    return max([0.0, *(float(report["seconds"]) - LIMITS.wall_s for report in row.reports)])


def table(rows: Sequence[Row]) -> str:
    """A line for each configuration; numbers count programs."""
    heads = ["configuration", "user", "level", *(name for name, _ in COLUMNS)]
    lines = [heads]
    for row in rows:
        cells = [str(value(row)) for _, value in COLUMNS]
        lines.append([row.config, row.user or "-", row.level, *cells])
    widths = [max(len(line[n]) for line in lines) for n in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def main() -> int:
    options = _options()
    lacking = missing()
    if lacking:
        print(f"The suite can't run here; it needs {lacking}.")
        return 2
    names = [program.name for program in programs(options.only)]
    rows: list[Row] = []
    for user in options.user:
        for config in options.level:
            row = run(config, user, names, options.jobs)
            rows.append(row)
            if not options.json:
                print(
                    f"{config}: {', '.join(row.about.get('layers', [])) or 'no layers'}", flush=True
                )
    unexpected = [line for row in rows for line in row.unexpected()]
    if options.json:
        told = [{"config": r.config, "user": r.user, **r.about, "reports": r.reports} for r in rows]
        print(json.dumps(told, indent=1))
    else:
        print(table(rows))
        print(*_let_through(rows), sep="\n")
        print("\nNot allowed:" if unexpected else "\nNothing got through that may not.")
        print(*unexpected, sep="\n")
    return 1 if unexpected else 0


def _let_through(rows: Sequence[Row]) -> list[str]:
    """What a level may let through and does, by name."""
    lines = [""]
    for row in rows:
        kinds: dict[str, list[str]] = {}
        for name, kind, _, allowed in row.problems():
            if allowed and name not in kinds.setdefault(kind, []):
                kinds[kind].append(name)
        for kind, names in sorted(kinds.items()):
            lines.append(f"{row.config} {row.user or '-'} lets through: {kind}: {', '.join(names)}")
    return lines


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.zoo.suite", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    levels = [config.name for config in CONFIGURATIONS]
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these programs")
    parser.add_argument("--level", nargs="+", choices=levels, default=levels, metavar="CONFIG")
    parser.add_argument("--user", nargs="+", metavar="NAME", help="grade as these users")
    parser.add_argument("--jobs", type=int, default=2, help="stages at the same time (2)")
    parser.add_argument("--json", action="store_true", help="everything, as JSON")
    options = parser.parse_args()
    if options.user is None:
        options.user = ["", ORDINARY_USER] if os.geteuid() == 0 else [""]
    return options


if __name__ == "__main__":
    sys.exit(main())
