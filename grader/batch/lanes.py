"""Lanes: processes that grade, each with a zygote of its own, behind ``concurrent.futures``.

A job and a grade are plain data, so that any Executor can carry them: ``pool.submit(run_job, setup,
job)``. A lane starts what it needs with its first job and keeps it for the next ones.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from multiprocessing import active_children, current_process, parent_process
from multiprocessing.context import SpawnContext, SpawnProcess
from pathlib import Path

from grader.batch.evidence import PackedGrade, hash_of_exercise, pack_grade
from grader.executors import base, forked
from grader.executors.base import ExecutorFailed
from grader.executors.forked import Zygote, forked_executor
from grader.executors.spawned import spawned_executor
from grader.executors.spawned_pool import SpawnedPool
from grader.exercise.loader import load_exercise
from grader.exercise.model import ExerciseError
from grader.exercise.starters import starter_source
from grader.grade import grade, read_submission
from grader.worker.shapes import tree_digest

_OUR_FOLDER = Path(__file__).resolve().parent.parent.parent  # holds the package
EXERCISE_CHANGED = (
    "the exercise was changed while the batch was running; run the same command again"
)
_numbers = count()
_ATTEMPTS = 2  # a zygote that was lost is replaced once for each job


@dataclass(frozen=True, slots=True)
class Setup:
    """What all jobs of a batch have in common."""

    exercise_file: str
    exercise_hash: str  # sha256 of the file
    seed: str


@dataclass(frozen=True, slots=True)
class Job:
    """One program to grade."""

    path: str  # what reports call it
    filename: str  # what tracebacks call it
    data: bytes


@dataclass(frozen=True, slots=True)
class Graded:
    """What became of a job."""

    grade: PackedGrade | None
    tree: str = ""  # digest of the syntax tree; none for the starter that nobody has changed
    problem: str = ""  # why there is no grade


def open_pool(lanes: int) -> Executor:
    """A pool of so many lanes on this machine. Shut it down when the batch is done."""
    if sys.platform == "win32":
        lanes = min(lanes, 61)  # it waits for no more handles at once
    # A fresh interpreter each: nothing of this process's memory is in a lane.
    with _among_our_own_files():  # this starts the process that clears semaphores away
        return ProcessPoolExecutor(lanes, mp_context=_LaneContext(), initializer=_settle)


def stop_pool(pool: Executor) -> None:
    """End the lanes at once, whatever they grade: what they have not handed in is lost."""
    for process in active_children():
        process.kill()
    pool.shutdown(wait=True, cancel_futures=True)


class _LaneProcess(SpawnProcess):
    number = 0

    def start(self) -> None:
        """Start it so that Ctrl-C waits until it can be ignored, see ``_settle``."""
        self.number = next(_numbers)
        with _among_our_own_files(), _signals_wait():
            super().start()


class _LaneContext(SpawnContext):
    Process = _LaneProcess


@contextmanager
def _among_our_own_files() -> Iterator[None]:
    """Leave the current folder for a moment.

    An interpreter that is started with -c looks there first for modules, and a student's
    ``pickle.py`` may be there.
    """
    try:
        here = str(Path.cwd())
    except OSError:  # the folder was deleted
        here = ""
    os.chdir(_OUR_FOLDER)
    try:
        yield
    finally:
        if here:
            os.chdir(here)


@contextmanager
def _signals_wait() -> Iterator[None]:
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _settle() -> None:
    """Ctrl-C is for the batch to answer; and a lane ends when the batch does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    if sys.platform == "linux":
        from grader.executors.lockdown import kernel

        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    batch = parent_process()
    if batch is None or not batch.is_alive():  # it ended while this lane started
        os._exit(1)
    if sys.platform == "linux":
        # A lane, its zygote and its children take turns: moving between cores costs more.
        number = getattr(current_process(), "number", 0)
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[number % len(cores)]})


def run_job(setup: Setup, job: Job) -> Graded:
    """Grade one program. Never raises on what the program is or does."""
    begun = time.perf_counter()
    submission = read_submission(job.path, job.filename, job.data)
    problem = ""
    for _ in range(_ATTEMPTS):
        try:
            lane = _lane(setup)
        except (ExecutorFailed, ExerciseError, OSError) as error:
            problem = str(error)
            continue
        try:
            verdict = grade(lane.exercise, submission, lane.executor, setup.seed, digest=True)
        except (ExecutorFailed, OSError) as error:
            problem = str(error)
            lane.close()
            _lane.cache_clear()
            continue
        except Exception as error:  # whatever one program does to us, the others are graded
            # Its words may hold expected values, and students get to see a problem.
            name = type(error).__name__
            return Graded(None, problem=f"the grader failed with {name}; please report it")
        tree = "" if verdict.tree == lane.starter_tree else verdict.tree
        return Graded(pack_grade(verdict, time.perf_counter() - begun), tree)
    return Graded(None, problem=problem)


def isolation_of(setup: Setup) -> base.Isolation:
    """What locks the programs of a lane down. Raises ExecutorFailed, ExerciseError or OSError."""
    lane = _lane(setup)
    with lane.executor(lane.exercise.limits) as session:
        return session.isolation


class Lane:
    """What a lane's process keeps from job to job."""

    def __init__(self, setup: Setup) -> None:
        file = Path(setup.exercise_file)
        self.exercise = load_exercise(file)
        if hash_of_exercise(file) != setup.exercise_hash:
            raise ExecutorFailed(EXERCISE_CHANGED)
        self.starter_tree = tree_digest(starter_source(self.exercise))
        self.executor: base.Executor
        self._workers: Zygote | SpawnedPool
        if forked.fork_is_safe():
            self._workers = Zygote()
            self.executor = forked_executor(self._workers)
        else:
            self._workers = SpawnedPool()
            self.executor = spawned_executor(self._workers)
        atexit.register(self.close)

    def close(self) -> None:
        """End what the lane has started; a second time does nothing."""
        atexit.unregister(self.close)
        self._workers.close()


@lru_cache(maxsize=1)
def _lane(setup: Setup) -> Lane:
    return Lane(setup)


def usable_cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
