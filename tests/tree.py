"""A copy of the working tree without what tools leave behind: a build must not touch the tree."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.helpers import ROOT

_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "venv", "build", "dist", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis"
)


def copy_of_the_tree(target: Path) -> Path:
    """Copy the working tree to a folder that does not exist yet."""
    shutil.copytree(ROOT, target, ignore=_LEFT_OUT)
    return target
