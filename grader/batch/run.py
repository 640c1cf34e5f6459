"""Grades what was handed in on a pool of lanes and keeps each grade as soon as it is there.

Programs with the same bytes are graded once. The order in which grades come in changes nothing:
what a gradebook shows is sorted, and a verdict depends on program, exercise and seed only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, replace

from grader.batch.evidence import Program, VerdictKey
from grader.batch.lanes import Graded, Job, Setup, run_job
from grader.batch.records import BatchError, Handin
from grader.batch.store import Store

MAX_NAMED = 20  # of those that could not be graded
JOBS_A_LANE = 3  # handed out ahead: a lane never waits, and few grades are lost with the batch
CHANGED = "the file changed while the batch was running; run the same command again"
PROGRAM_FILENAME = (
    "program.py"  # what tracebacks call it: the same for all who handed these bytes in
)


@dataclass(slots=True)
class Progress:
    """How far a batch is."""

    total: int
    passed: int = 0
    failed: int = 0
    known: int = 0  # had been graded before
    problems: int = 0  # could not be graded
    absent: int = 0  # on the roster, handed nothing in; not in the total

    @property
    def done(self) -> int:
        return self.passed + self.failed + self.problems


class Batch:
    """What was handed in, grouped by its bytes, and what becomes of it.

    ``read`` gives the bytes of a path, ``key_of`` the key of a verdict by the sha256 of the bytes.
    With ``again`` nothing counts as known. All of it raises BatchError when a grade can't be kept;
    an interrupt leaves what was kept.
    """

    def __init__(
        self,
        store: Store,
        read: Callable[[str], bytes],
        key_of: Callable[[str], VerdictKey],
        *,
        again: bool,
    ) -> None:
        self.progress = Progress(0)
        self.not_graded: list[Handin] = []  # the first MAX_NAMED of them
        self._store = store
        self._read = read
        self._key_of = key_of
        self._again = again
        self._groups: dict[str, list[Handin]] = {}

    @property
    def is_graded(self) -> bool:
        """Nothing waits for a lane."""
        return not self._groups

    def sort_out(self, handins: list[Handin], tell: Callable[[Progress], None]) -> None:
        """Keep what needs no grading: what is known, and what can't be graded."""
        self.progress.total += sum(handin.attempt > 0 for handin in handins)
        for handin in handins:
            self._sort_out(handin)
            tell(self.progress)

    def grade(
        self, setup: Setup, pool: Executor, lanes: int, tell: Callable[[Progress], None]
    ) -> None:
        """Grade the rest on so many lanes of ``pool``."""
        jobs = self._jobs()
        running: dict[Future[Graded], tuple[str, bytes]] = {}
        try:
            while True:
                while len(running) < JOBS_A_LANE * lanes and (job := next(jobs, None)) is not None:
                    sha256, data, first = job
                    task = Job(first.path, PROGRAM_FILENAME, data)
                    running[pool.submit(run_job, setup, task)] = (sha256, data)
                if not running:
                    return
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    self._keep(*running.pop(future), future.result())
                tell(self.progress)
        finally:
            for future in running:
                future.cancel()

    def _sort_out(self, handin: Handin) -> None:
        if handin.attempt == 0:
            self.progress.absent += self._store.save_absent(handin)
            return
        if handin.problem:
            self._keep_problem(handin)
            return
        try:
            data = self._read(handin.path)
        except BatchError as error:
            self._keep_problem(replace(handin, problem=str(error)))
            return
        sha256 = hashlib.sha256(data).hexdigest()
        known = None if self._again else self._store.known_verdict(self._key_of(sha256))
        if known is None:
            self._groups.setdefault(sha256, []).append(handin)
            return
        self._store.save_known(handin, Program(sha256, self._store.tree_of(sha256), data), known)
        self.progress.known += 1
        self._count(passed=known.passed)

    def _jobs(self) -> Iterator[tuple[str, bytes, Handin]]:
        """One program of each group; sources are read when their turn comes, and not kept."""
        for sha256, handins in list(self._groups.items()):
            try:
                data = self._read(handins[0].path)
                problem = "" if hashlib.sha256(data).hexdigest() == sha256 else CHANGED
            except BatchError as error:
                data, problem = b"", str(error)
            if not problem:
                yield sha256, data, handins[0]
                continue
            for handin in self._groups.pop(sha256):
                self._keep_problem(replace(handin, problem=problem))

    def _keep(self, sha256: str, data: bytes, graded: Graded) -> None:
        """Keep a grade for everybody who handed these bytes in."""
        program = Program(sha256, graded.tree, data)
        for number, handin in enumerate(self._groups.pop(sha256)):
            if graded.grade is None:
                self._keep_problem(replace(handin, problem=graded.problem), program)
                continue
            self._store.save_grade(
                handin,
                program,
                self._key_of(sha256),
                graded.grade,
                replace=self._again and number == 0,
            )
            self._count(passed=graded.grade.passed)

    def _keep_problem(self, handin: Handin, program: Program | None = None) -> None:
        self._store.save_problem(handin, program)
        self.progress.problems += 1
        if len(self.not_graded) < MAX_NAMED:
            self.not_graded.append(handin)

    def _count(self, *, passed: bool) -> None:
        if passed:
            self.progress.passed += 1
        else:
            self.progress.failed += 1
