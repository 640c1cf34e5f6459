"""What a zygote's interpreter runs. Argument: the folder that holds the package."""

from __future__ import annotations

import sys


def main() -> None:
    """Fix the addresses, import the worker without what it doesn't need, and serve."""
    package_parent = sys.argv[1]
    sys.path[0] = package_parent
    from grader.executors.fixed_addresses import fix_addresses

    fix_addresses()
    # asyncio does without ssl, whose import costs a tenth of the start; a submission finds it.
    sys.modules["ssl"] = None  # type: ignore[assignment]
    from grader.executors import zygote

    del sys.modules["ssl"]
    sys.path.remove(package_parent)  # a submission finds the standard library only
    zygote.main()


if __name__ == "__main__":
    main()
