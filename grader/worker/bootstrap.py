"""The worker's main loop: load, begin, run, and again, until the host hangs up.

Rule 1: nothing of the student's runs before ``locked`` was sent.
Rule 2: a fresh module and a fresh loop for every run.
"""

from __future__ import annotations

import builtins
import os
from types import ModuleType
from typing import Any, NoReturn

from grader.protocol import OUT_OF_MEMORY_EXIT, Begin, Load, Loaded, Locked, Parsed, Stop
from grader.worker.loading import LoadFailed, load, unload
from grader.worker.run import Channel, Stopped, StudentRun
from grader.worker.shapes import tree_digest
from grader.worker.tasks import in_place_of_asyncios, number_anew
from grader.worker.virtual_time import virtual_time_module

HUNG_UP_EXIT, FAILED_EXIT = 0, 70
_exit = os._exit  # kept here: the student may replace the name in ``os``


def serve_and_exit(channel: Channel, layers: list[str]) -> NoReturn:
    """Serve until the host hangs up, then end this process with a status that says why."""
    code = FAILED_EXIT
    try:
        serve(channel, layers)
        code = HUNG_UP_EXIT
    except MemoryError:
        code = OUT_OF_MEMORY_EXIT
    except OSError:
        code = HUNG_UP_EXIT  # while a run was on
    finally:
        _exit(code)


def serve(channel: Channel, layers: list[str]) -> None:
    """Serve runs until the host closes the channel. ``layers``: what locks this process down."""
    channel.send([Locked(layers)])
    worker = Worker(channel)
    with virtual_time_module(), in_place_of_asyncios():
        while True:
            try:
                messages = channel.receive()
            except EOFError:
                return
            worker.obey_all(messages)


def add_exit_and_quit() -> None:
    """Learners know these functions; an interpreter without ``site`` does not have them."""
    import _sitebuiltins

    for name in ("exit", "quit"):
        setattr(builtins, name, _sitebuiltins.Quitter(name, "Ctrl-D"))


class Worker:
    """What survives from run to run: the channel, and the module between load and begin."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._run: StudentRun | None = None
        self._module: ModuleType | None = None
        self._load: Load | None = None
        self._newest_first = False  # turns with each run
        self._loaded: list[Any] = []  # goes out with the first messages of the run, or alone

    def obey_all(self, messages: list[Any]) -> None:
        """Obey the messages of one frame, then say what is left to be said."""
        for message in messages:
            self.obey(message)
        if self._loaded:
            loaded, self._loaded = self._loaded, []
            self._channel.send(loaded)

    def obey(self, message: Any) -> None:
        if isinstance(message, Load):
            self._loaded = [self._load_module(message)]
        elif isinstance(message, Begin):
            self._play(message)
        elif isinstance(message, Stop):
            self._forget()

    def perform(self, service: str, context: Any, args: tuple[Any, ...]) -> Any:
        """What a stub does: a coroutine of the run that is on."""
        if self._run is None:
            entry = self._load.entry if self._load else "your function"
            raise RuntimeError(
                f"{service}() was called while the module was being imported; "
                f"call services inside {entry}()"
            )
        return self._run.perform(service, context, args)

    def _load_module(self, message: Load) -> Loaded:
        self._forget()
        self._load = message
        if message.tree:
            self._channel.send([Parsed(tree_digest(message.source))])
        try:
            self._module, loaded = load(message, self.perform)
        except LoadFailed as failure:
            return failure.loaded
        return loaded

    def _play(self, begin: Begin) -> None:
        if self._module is None or self._load is None:
            return
        entry: Any = self._module.__dict__.get(self._load.entry)
        loaded, self._loaded = self._loaded, []
        self._newest_first = not self._newest_first
        number_anew(self._newest_first)
        self._run = StudentRun(self._channel, self._load.filename, self._load.source, loaded)
        try:
            self._run.play(entry, begin)
        except Stopped:
            pass
        finally:
            self._run = None
            self._module = None

    def _forget(self) -> None:
        self._module = None
        unload()
