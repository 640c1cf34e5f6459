"""How these tests run a command: in this process when nothing is graded, else as a real one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "grader")
RIGHT = ROOT / "solutions" / "exercise-2" / "right" / "gather.py"
SERIAL = ROOT / "solutions" / "exercise-2" / "wrong" / "serial.py"
LOOPS = "async def get_users_and_locations():\n    while True:\n        pass\n"


def environment(**extra: str) -> dict[str, str]:
    """This process's own, without what changes how a command prints and starts."""
    drop = ("NO_COLOR", "FORCE_COLOR", "GITHUB_OUTPUT", "ASYNCGRADE_DEBUG")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in drop and not name.startswith("PYTHON")
    }
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", **extra}


def asyncgrade(
    *args: str | Path,
    cwd: Path | None = None,
    stdin: bytes = b"",
    command: tuple[str, ...] = COMMAND,
    **extra: str,
) -> subprocess.CompletedProcess[bytes]:
    """Run a real command to its end. ``extra`` are variables of its environment."""
    return subprocess.run(
        [*command, *map(str, args)],
        cwd=cwd,
        env=environment(**extra),
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
    )
