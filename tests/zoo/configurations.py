"""Which ways of isolation the suite tries, and what each level may let through, by name.

What is not listed here is never allowed: at no level may a program earn points for work that it
did not do, bring the grader down by what it sends, or hold its lane beyond the wall limit.
"""

from __future__ import annotations

from dataclasses import dataclass

from grader.executors.lockdown.layers import ALL_LAYERS


@dataclass(frozen=True, slots=True)
class Configuration:
    """One way to run programs."""

    name: str
    without: tuple[str, ...] = ()  # layers of the zygote that are left out
    spawned: bool = False  # an interpreter of its own for each program, without a zygote


CONFIGURATIONS = (
    Configuration("best"),
    Configuration("no-namespaces", ("namespaces",)),
    Configuration("no-namespaces-no-spare-user", ("namespaces", "spare_user")),
    Configuration("no-landlock", ("landlock",)),
    Configuration("seccomp-only", ("namespaces", "landlock")),
    Configuration("weak", ALL_LAYERS),
    Configuration("spawned", spawned=True),
)

# What a level may let through, by kind of problem.
_UNPROTECTED = (  # what the note of a weak level says: files, network and other processes
    *("stat", "read", "write", "network", "process", "signal", "ptrace", "privilege", "tty"),
    *("syscall", "left behind"),
)
ALLOWED: dict[str, tuple[str, ...]] = {
    "strong": (),
    "standard": ("stat",),
    "weak": _UNPROTECTED,
}

# At a weak level these programs may do more: they stop or kill processes of the grader itself,
# or hold one of its pipes open.
_HITS_OURS = ("ours was hit", "too long", "right one fails", "verdict")
WEAK_HITS = (
    *("esc_kill_all", "esc_ptrace_parent", "esc_dangerous_syscalls", "esc_multiprocessing"),
    *("host_kill_parent", "host_stop_parent", "host_nice", "host_ptrace", "host_proc_fd"),
    *("host_daemon_holds_pipes", "host_many_processes"),
)

# Other verdicts than the manifest's that are right in a configuration, and why.
OTHER_VERDICTS: dict[tuple[str, str], str] = {
    ("spawned", "forge_thread_corrupts_stream"): "descriptor 3 is not the channel: it does no harm",
}


def configuration(name: str) -> Configuration:
    """The configuration of that name. Raises KeyError."""
    return {config.name: config for config in CONFIGURATIONS}[name]


def is_allowed(level: str, program: str, kind: str) -> bool:
    """Whether this kind of problem is one that the level is known to let through."""
    if level == "weak" and program in WEAK_HITS and kind in _HITS_OURS:
        return True
    return kind in ALLOWED.get(level, ())
