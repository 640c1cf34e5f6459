"""What the words strong, standard and weak mean."""

from __future__ import annotations

import pytest

from grader.executors.isolation_levels import isolation_of

FULL = ("namespaces", "spare user", "Landlock 7", "seccomp")


@pytest.mark.parametrize(
    ("layers", "reachable", "level"),
    [
        (FULL, (), "strong"),
        (("namespaces", "Landlock 4", "seccomp"), (), "strong"),
        (("spare user", "Landlock 7", "seccomp"), (), "strong"),
        # Without a small root, names and sizes of files can be seen whoever asks.
        (("spare user", "Landlock 7", "seccomp"), ("stat",), "standard"),
        (("Landlock 7", "seccomp"), ("stat",), "standard"),
        (("Landlock 7", "seccomp"), (), "standard"),
        (("namespaces", "spare user", "seccomp"), (), "standard"),
        (("library in memory", "seccomp"), (), "standard"),
        (("namespaces", "Landlock 7", "seccomp"), ("threads",), "standard"),
        (("Landlock 7", "seccomp"), ("stat", "threads"), "standard"),
        # A layer that is on but does not hold counts for nothing.
        (FULL, ("open",), "weak"),
        (FULL, ("stat", "write"), "weak"),
        (FULL, ("connect",), "weak"),
        (FULL, ("fork",), "weak"),
        (FULL, ("kill",), "weak"),
        (FULL, ("ptrace",), "weak"),
        (FULL, ("a trial of the future",), "weak"),
        (("namespaces", "spare user", "Landlock 7"), (), "weak"),
        ((), (), "weak"),
    ],
)
def test_level_is_what_layers_and_trials_say(
    layers: tuple[str, ...], reachable: tuple[str, ...], level: str
) -> None:
    isolation = isolation_of(layers, reachable, {})
    assert isolation.level == level
    assert isolation.layers == layers
    assert isolation.reachable == reachable


def test_note_names_the_layers_and_what_they_do_not_protect() -> None:
    assert isolation_of(FULL, (), {}).note == "namespaces, spare user, Landlock 7, seccomp"
    note = isolation_of(("Landlock 7", "seccomp"), ("stat",), {}).note
    assert note == "Landlock 7, seccomp; not protected: names and sizes of other files"


def test_note_of_a_weak_level_says_that_results_hold_all_the_same() -> None:
    note = isolation_of((), ("open", "fork"), {}).note
    assert note == (
        "a process of its own with limits; what it sends can't forge a result; "
        "not protected: other files, new processes"
    )
