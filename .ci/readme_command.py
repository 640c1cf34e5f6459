"""Print the shell command of the README that follows the comment given as the only argument."""

import re
import sys
from pathlib import Path


def readme_command(name: str) -> str:
    """The line below ``# name`` in a code block of the README. Raises SystemExit for none."""
    text = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"^# {re.escape(name)}\n(.+)$", text, re.MULTILINE)
    if found is None:
        raise SystemExit(f"README.md has no command '# {name}'")
    return found[1]


if __name__ == "__main__":
    sys.stdout.write(readme_command(sys.argv[1]) + "\n")
