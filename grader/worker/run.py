"""One run of the entry on a fresh virtual loop: makes calls, asks the engine when at rest.

Rule 1: the engine is asked only when nothing can move; what happened since goes in the same frame.
Rule 2: nothing here keeps a task or a future alive in a hostile run; the stub's own coroutine is
        held only until its first step, so that a call which never starts can be told.
"""

from __future__ import annotations

import _thread
import asyncio
import gc
import inspect
import threading
import traceback
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from grader import protocol
from grader.protocol import (
    Advance,
    AskWhere,
    Begin,
    Block,
    Call,
    Cancel,
    End,
    Idle,
    Interrupt,
    Reply,
    Stop,
    Where,
    Wire,
    from_wire,
    to_wire,
)
from grader.worker import places
from grader.worker.leftovers import Leftovers
from grader.worker.loading import exception_class
from grader.worker.loop import VirtualLoop
from grader.worker.tasks import Task
from grader.worker.teardown import dismiss, silence
from grader.worker.virtual_time import clock_on

FLUSH_MESSAGES = 1000  # a batch this long is sent before the next rest


class Channel(Protocol):
    """Carries frames to and from the engine."""

    def send(self, messages: list[Any]) -> None: ...

    def receive(self) -> list[Any]:
        """Wait for the next messages. Raises EOFError when the host is gone."""
        ...


class Stopped(BaseException):
    """The engine ended the run. No student's ``except`` sees it: it is raised in the loop."""


class StudentRun:
    """The worker's side of one run."""

    def __init__(
        self,
        channel: Channel,
        filename: str,
        source: str,
        unsent: list[Any] | None = None,
    ) -> None:
        self.thread = _thread.get_ident()
        self._leftovers = Leftovers(filename)
        self.loop = VirtualLoop(
            self.at_rest,
            on_exception=self._leftovers.on_exception,
            make_task=Task,
        )
        self._channel = channel
        self._filename = filename
        self._source = source
        self._outbox: list[Any] = unsent or []
        self._next_id = 0
        self._budget = protocol.Budget()
        self._waiting: dict[int, Any] = {}  # call id -> future (a weak reference when hostile)
        self._unstarted: dict[int, tuple[Any, str, int | None]] = {}
        self._hostile = False
        self._entry_task: asyncio.Task[Any] | None = None
        self._sleepers: list[threading.Event] = []  # of other threads
        self._frozen = False  # the run is over: what still happens counts for nothing

    @property
    def now_us(self) -> int:
        return self.loop.now_us

    # --- service calls ------------------------------------------------------------------------

    def perform(self, service: str, context: Any, args: tuple[Any, ...]) -> Any:
        """The coroutine of a service call. It starts when it is awaited or made a task."""
        if self._frozen:
            raise RuntimeError(f"{service}() was called after the end of the run")
        created_line = places.line_of_caller(self._filename, 2)
        self._next_id += 1
        call = self._next_id
        coroutine: Any = _service_call(self, call, service, context, args, created_line)
        coroutine.__name__ = coroutine.__qualname__ = service  # what Python's own messages say
        self._unstarted[call] = (coroutine, service, created_line)
        return coroutine

    def started(
        self, call: int, service: str, context: Any, args: tuple[Any, ...], created_line: int | None
    ) -> asyncio.Future[Any]:
        """The first step of a call: tell the engine, and make the future to wait on."""
        self._unstarted.pop(call, None)
        line = places.line_of_awaiter(self._filename, VirtualLoop.run_forever.__code__)
        entered = context._context_id if context is not None else None
        self._budget.nodes += protocol.NODES_A_CALL
        message = Call(
            self.loop.now_us,
            call,
            service,
            entered,
            [to_wire(arg, self._budget) for arg in args],
            [],
            line if line is not None else created_line,
            created_line,
            0,
        )
        self._outbox.append(message)
        self.loop.until_us = 0  # when this call ends is for the engine to say
        if len(self._outbox) >= FLUSH_MESSAGES:
            self._flush()
        future = self.loop.create_future()
        self._waiting[call] = weakref.ref(future) if self._hostile else future
        return future

    def cancelled(self, call: int) -> None:
        if self._waiting.pop(call, None) is not None and not self._frozen:
            self._outbox.append(Cancel(self.loop.now_us, call))

    def owns(self, thread: int) -> bool:
        return thread == self.thread or self.loop.has_thread(thread)

    def pause(self, duration_us: int) -> None:
        """A blocking sleep on another thread of the run: a timer of the loop ends it."""
        sleeper = threading.Event()
        self._sleepers.append(sleeper)
        if not self._frozen:
            self.loop.sleep_in_thread(duration_us / 1e6, sleeper)

    def block(self, duration_us: int, what: str) -> None:
        """A blocking call on the loop's thread: time passes, nothing else does."""
        self.loop.block(duration_us)
        if self._frozen:
            return
        line = places.line_of_caller(self._filename, 2)
        self._outbox.append(Block(self.loop.now_us, duration_us, line, what))

    # --- the conversation ---------------------------------------------------------------------

    def at_rest(self, next_timer_us: int | None, spinning: bool) -> None:
        """Nothing can move: ask the engine, and do what it says."""
        self._outbox.append(Idle(self.loop.now_us, next_timer_us, spinning))
        self._flush()
        while True:
            for message in self._channel.receive():
                self._obey(message)
                if type(message) is Advance:
                    return

    def _obey(self, message: Any) -> None:
        kind = type(message)
        if kind is Reply:
            self._settle(message)
        elif kind is Advance:
            self.loop.advance_to(message.now_us)
            self.loop.until_us = message.until_us
        elif kind is Stop:
            raise Stopped
        elif kind is AskWhere:
            self._outbox.append(self._where())
            self._flush()
        elif kind is Interrupt and self._entry_task is not None:
            self._entry_task.cancel()

    def _settle(self, reply: Reply) -> None:
        future = self._waiting.pop(reply.id, None)
        if isinstance(future, weakref.ref):
            future = future()
        if future is None or future.done():
            return
        if reply.ok:
            future.set_result(from_wire(reply.value))
            return
        kind = exception_class(reply.error_type)
        try:
            error = kind(*[from_wire(arg) for arg in reply.error_args])
        except TypeError:
            error = RuntimeError(reply.error_type)
        future.set_exception(error)

    def _flush(self) -> None:
        messages, self._outbox = self._outbox, []
        self._channel.send(messages)

    def _where(self) -> Where:
        stub = _service_call.__code__
        found = [
            places.place_of(task, self._filename, stub)
            for task in self.loop.tasks()
            if not task.done()
        ]
        return Where(found[:100])

    # --- the run ------------------------------------------------------------------------------

    def play(self, entry: Callable[..., Any], begin: Begin) -> None:
        """Run the entry and say how it ended. Raises Stopped when the engine ended it before."""
        if begin.hostile:
            self._hostile = True
            self.loop.before_clock_step = _collect_garbage
        args = [from_wire(wire) for wire in begin.args]
        with clock_on(self), self._leftovers.watching(), _without_collector():
            try:
                self._entry_task = self.loop.create_task(self._drive(entry, args))
                self._entry_task.add_done_callback(self._entry_done)
                del args
                end = self._run_to_the_end()
            finally:
                self._frozen = True
                self._close()
            self._outbox.append(end._replace(leftovers=self._leftovers.found))
            self._flush()

    def _run_to_the_end(self) -> End:
        try:
            self.loop.run_forever()
        except (SystemExit, KeyboardInterrupt) as error:  # asyncio lets them through the loop
            self._frozen = True
            return self._raised(error)
        self._frozen = True
        return self._how_it_ended()

    async def _drive(self, entry: Callable[..., Any], args: list[Any]) -> Any:
        result = entry(*args)
        del args
        if not inspect.isawaitable(result):
            name = getattr(entry, "__name__", "the function")
            raise TypeError(f"{name}() is not async: write `async def {name}(…)`")
        return await result

    def _entry_done(self, task: asyncio.Task[Any]) -> None:
        # Callbacks run in order, so all that were ready when the entry ended have run before this.
        self.loop.stop()

    def _how_it_ended(self) -> End:
        task = self._entry_task
        now_us = self.loop.now_us
        if task is None or not task.done():
            text = "the program stopped the event loop it was running on"
            return End(now_us, "raised", None, "RuntimeError", text, "", None, [])
        if task.cancelled():
            return End(now_us, "cancelled", None, "CancelledError", "", "", None, [])
        error = task.exception()
        if error is None:
            value = _result(task.result(), self._budget)
            return End(now_us, "returned", value, "", "", "", None, [])
        return self._raised(error)

    def _raised(self, error: BaseException) -> End:
        frames = places.submission_frames(places.place_of_error(error), self._filename)
        end = End(
            self.loop.now_us,
            "raised",
            None,
            protocol.type_name(error),
            places.describe_error(error),
            places.describe_traceback(error, self._filename, self._source),
            frames[-1][0] if frames else None,
            [],
        )
        traceback.clear_frames(places.traceback_of(error))
        return end

    def _close(self) -> None:
        """Note what was left over, then take the run apart: nothing of it may run later."""
        if self._entry_task is not None and self._entry_task.done():
            self._note_leftovers()
        self._entry_task = None
        self._waiting.clear()
        for coroutine, _, _ in self._unstarted.values():
            coroutine.close()
        self._unstarted.clear()
        with silence():
            for task in self.loop.tasks():
                dismiss(task)
            self.loop.close()
        for sleeper in self._sleepers:
            sleeper.set()

    def _note_leftovers(self) -> None:
        for _, service, line in self._unstarted.values():
            self._leftovers.note("never_awaited", line, f"{service}()")
        for task in self.loop.tasks():
            if not task.done():
                place = places.place_of(task, self._filename, _service_call.__code__)
                line = places.origin_line(task.get_coro(), self._filename) or place[1]
                self._leftovers.note("task_left", line, place[0])
        # Frees un-awaited coroutines and failed tasks, which then say so; all of them are young.
        gc.collect(0)
        for generator in [*self.loop.unclosed_asyncgens, *self.loop.open_asyncgens()]:
            self._leftovers.note("asyncgen_left", generator.line, generator.name)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Collect garbage at known moments only: it is faster, and the same in every run."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _result(value: object, budget: protocol.Budget) -> Wire:
    """The returned value, or that it is too large for a frame."""
    wire = to_wire(value, budget)
    if len(protocol.dumps(wire)) > protocol.MAX_FRAME_BYTES // 2:
        return ["o", f"{protocol.type_name(value)} (too large)"]
    return wire


def _collect_garbage() -> None:
    gc.collect()


async def _service_call(
    run: StudentRun,
    call: int,
    service: str,
    context: Any,
    args: tuple[Any, ...],
    created_line: int | None,
) -> Any:
    """What a student awaits: one call of a service. Its locals are read by ``places``."""
    future = run.started(call, service, context, args, created_line)
    del args
    try:
        value = await future
    except BaseException:
        if future.cancelled():
            run.cancelled(call)
        raise
    if service.endswith(".enter"):
        context._context_id = call
        return context
    return value


# Python's own texts on a task name its coroutine's file, and students see them.
_service_call.__code__ = _service_call.__code__.replace(co_filename="<services>")
StudentRun._drive.__code__ = StudentRun._drive.__code__.replace(co_filename="<grader>")
