"""What every executor offers: one callable that opens a session, and how much it isolates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from grader.engine.core import Engine
    from grader.exercise.model import Limits


LEVELS = ("none", "weak", "standard", "strong")  # of isolation, the weakest first


@dataclass(frozen=True, slots=True)
class Isolation:
    """What really stands between a submission and the machine."""

    level: str  # one of LEVELS
    note: str
    layers: tuple[str, ...] = ()  # what is on
    reachable: tuple[str, ...] = ()  # the trials that got through all the same
    missing: Mapping[str, str] = field(default_factory=dict)  # layer → why it is not on


class ExecutorFailed(Exception):
    """The grader's own machinery broke down (not the submission): nothing can be said of it."""


class Session(Protocol):
    """One submission's runs, one after the other. Close it when they are done."""

    @property
    def isolation(self) -> Isolation: ...

    def play(self, engine: Engine) -> str:
        """Carry messages until the engine is over; give back the program's output.

        Never raises on what the submission does, unless it breaks the executor itself:
        raises ExecutorFailed.
        """
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Session: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


Executor = Callable[["Limits"], Session]


class ClosingSession:
    """Context-manager behaviour for sessions."""

    def close(self) -> None:
        raise NotImplementedError

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
