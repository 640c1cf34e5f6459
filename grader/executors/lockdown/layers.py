"""The layers of a lock-down: prepared once in the zygote, put on by each of its children.

A layer that the system refuses is left out and said so: what holds in the end is found by trial.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Collection

from grader.executors.lockdown import kernel, namespaces, seccomp, spare_user
from grader.executors.lockdown.landlock import Ruleset
from grader.executors.lockdown.library import Library, find_library
from grader.executors.lockdown.unavailable import Unavailable

NAMESPACES, SPARE_USER, LANDLOCK, SECCOMP = "namespaces", "spare_user", "landlock", "seccomp"
ALL_LAYERS = (NAMESPACES, SPARE_USER, LANDLOCK, SECCOMP)
MAX_PROCESSES = 64  # threads count too
_LEFT_OUT = "left out on request"


class Lockdown:
    """What locks down the children of this zygote. ``without`` leaves layers out, for tests."""

    def __init__(self, without: Collection[str] = ()) -> None:
        # Layer to why it is not on.
        self.missing = {name: _LEFT_OUT for name in ALL_LAYERS if name in without}
        # Found here, where /proc can still be read.
        self._spare = None if SPARE_USER in without else spare_user.spare_id()
        if self._spare is None:
            self.missing.setdefault(SPARE_USER, "only root can take one")
        self.outside_files = [__file__, "/etc/passwd"]  # for trials; found before they are hidden
        self._is_real_root = spare_user.is_real_root()
        self._ruleset: Ruleset | None = None
        self._filter: seccomp.Filter | None = None
        self._in_memory = False

    @property
    def layers(self) -> list[str]:
        """What is on, in words."""
        return [
            *(["namespaces"] if NAMESPACES not in self.missing else []),
            *(["spare user"] if self._spare is not None else []),
            *([f"Landlock {self._ruleset.abi}"] if self._ruleset else []),
            *(["library in memory"] if self._in_memory else []),
            *(["seccomp"] if self._filter else []),
        ]

    def enter_namespaces(self) -> None:
        """Before anything large is imported: go on as the first process of a small world."""
        if NAMESPACES in self.missing:
            return
        try:
            namespaces.enter()
        except (Unavailable, OSError) as error:
            self.missing[NAMESPACES] = str(error)

    def prepare(self) -> None:
        """When all is imported: what the children need in order to lock themselves down."""
        library = find_library(sys.path)
        self.outside_files += library.some_hidden_files()
        small_root = self._shrink_root(library)
        self._prepare_landlock(library)
        if not small_root and self._ruleset is None and SECCOMP not in self.missing:
            from grader.executors.lockdown.memory_library import MemoryLibrary

            MemoryLibrary.read(library).install()
            self._in_memory = True
        self._prepare_seccomp()
        for folder in [*sys.path_importer_cache]:
            if not library.holds(folder):  # it lists the names of files in there
                del sys.path_importer_cache[folder]
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)  # no process of this user may look into it

    @property
    def limits_processes(self) -> bool:
        """Whether a limit on processes counts those of one child alone, and counts at all.

        The kernel counts those of a user id in a user namespace, and never root's.
        """
        in_user_namespace = NAMESPACES not in self.missing and not self._is_real_root
        return self._spare is not None or in_user_namespace

    def leave_out_spare_user(self, why: str) -> None:
        """Go on with root's own id, without its capabilities."""
        self._spare = None
        self.missing[SPARE_USER] = why

    @property
    def ruleset_fd(self) -> int | None:
        """The one descriptor that a child needs until ``put_on``."""
        return self._ruleset.fd if self._ruleset else None

    def put_on(self) -> None:
        """Lock this process down, for good. Raises OSError, and then nothing may run in it."""
        if self.limits_processes:
            resource.setrlimit(resource.RLIMIT_NPROC, (MAX_PROCESSES, MAX_PROCESSES))
        if self._spare is not None:
            spare_user.become(self._spare)
        else:
            kernel.drop_capabilities()
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)  # which a new user id has cleared
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        if self._ruleset is not None:
            self._ruleset.restrict_self()
        if self._filter is not None:
            self._filter.install(os.getpid())

    def _shrink_root(self, library: Library) -> bool:
        if NAMESPACES in self.missing:
            return False
        try:
            namespaces.shrink_root(library)
        except Unavailable as error:
            self.missing[NAMESPACES] = str(error)
            return False
        return True

    def _prepare_landlock(self, library: Library) -> None:
        if LANDLOCK in self.missing:
            return
        try:
            self._ruleset = Ruleset(library.readable())
        except (Unavailable, OSError) as error:
            self.missing[LANDLOCK] = str(error)

    def _prepare_seccomp(self) -> None:
        if SECCOMP in self.missing:
            return
        try:
            self._filter = seccomp.prepare(kernel.machine(), may_open=not self._in_memory)
        except Unavailable as error:
            self.missing[SECCOMP] = str(error)
