"""What a zygote's interpreter runs. Arguments: the folder of the package, layers to leave out."""

from __future__ import annotations

import sys

CONTROL_FD = 3


def main() -> None:
    """Fix the addresses, enter namespaces, import the worker and little else, serve."""
    package_parent, *without = sys.argv[1:]
    sys.path[0] = package_parent
    from grader.executors.fixed_addresses import fix_addresses

    fix_addresses()
    sys.argv[:], sys.orig_argv[:] = [""], []  # not a submission's business
    from grader.executors.lockdown.kernel import close_range
    from grader.executors.lockdown.layers import Lockdown

    close_range(CONTROL_FD + 1)  # whatever the host has let slip

    lockdown = Lockdown(without)
    lockdown.enter_namespaces()
    # asyncio does without ssl, whose import costs a tenth of the start; a submission finds it.
    sys.modules["ssl"] = None  # type: ignore[assignment]
    from grader.executors import zygote

    del sys.modules["ssl"]
    sys.dont_write_bytecode = True  # from here on; our own modules may be cached
    sys.path.remove(package_parent)  # a submission finds the standard library only
    zygote.main(lockdown, CONTROL_FD, wants_spare=zygote.SPARE_CHILD not in without)


if __name__ == "__main__":
    main()
