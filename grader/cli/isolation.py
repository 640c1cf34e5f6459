"""What a person is told of isolation: what is missing here, and how to get it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.escape import one_line

if TYPE_CHECKING:
    from grader.executors.base import Isolation

_LIMIT = 300
_HOW_TO_GET = {
    "namespaces": (
        "run as root, or allow user namespaces: on Ubuntu 24.04 "
        "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0; in Docker add "
        "--cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt apparmor=unconfined"
    ),
    "landlock": "use Linux 5.13 or later with landlock among its security modules (lsm=landlock,…)",
    "seccomp": "use Linux on x86_64 or aarch64 with CONFIG_SECCOMP_FILTER",
    "spare_user": "run as root; it is not needed where there are namespaces",
    "linux": "use Linux, for example in a container or a virtual machine",
}
_NAMES = {"landlock": "Landlock", "spare_user": "spare user", "linux": "lock-down"}


def missing_layers(isolation: Isolation) -> list[tuple[str, str, str]]:
    """Name, reason and remedy of each layer that could make the isolation stronger."""
    return [
        (_NAMES.get(layer, layer), one_line(why, _LIMIT), _HOW_TO_GET.get(layer, ""))
        for layer, why in isolation.missing.items()
        if not (layer == "spare_user" and "namespaces" not in isolation.missing)
    ]


def missing_lines(isolation: Isolation) -> list[str]:
    """The same as lines of an error message."""
    lines: list[str] = []
    for name, why, remedy in missing_layers(isolation):
        lines.append(f"missing: {name} ({why})")
        if remedy:
            lines.append(f"  to get it: {remedy}")
    return lines
