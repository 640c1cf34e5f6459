"""An asyncio event loop whose clock is a number: it moves only when nothing else can.

Rule 1: time is an integer of microseconds (``now_us``); floats exist only at asyncio's edge.
Rule 2: the ready queue is first in, first out; equal deadlines run in order of creation.
Rule 3: the loop does no real I/O, and keeps no task, coroutine or async generator alive.
Standard library only, and no pathlib: a worker starts fast.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import inspect
import sys
import threading
import warnings
import weakref
from _thread import get_ident
from asyncio import base_events, constants, coroutines, events, format_helpers
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from concurrent.futures import Executor
from contextvars import Context
from functools import partial
from heapq import heapify, heappop, heappush
from math import ceil
from types import AsyncGeneratorType, CoroutineType
from typing import Any, NamedTuple, NoReturn, TypeVar, cast
from weakref import ref

from grader.worker.handles import NEVER_US, Callback, SlimHandle, SlimTimerHandle
from grader.worker.threads import ThreadWatch

SPIN_PASSES = 2000  # passes of the ready queue at one instant, after which the program "spins"
NOISE_US = 0.001  # what floats may add to a sum of seconds; exact for clocks below 10**6 seconds

_SWEEP_AT_LEAST = 100  # cancelled timers that may stay in the heap
_T = TypeVar("_T")
_ExceptionContext = dict[str, Any]
_TaskFactory = Callable[..., "asyncio.Future[Any]"]


class DeadlockError(RuntimeError):
    """Nothing is ready, no timer is set, and nobody is there to bring something."""


class LostAsyncGen(NamedTuple):
    """An async generator that was left unfinished, and where it stood."""

    name: str
    filename: str
    line: int | None


def _refuse(name: str) -> Any:
    """Make the method ``name`` that says why it is missing."""

    def method(*args: object, **kwargs: object) -> NoReturn:
        raise NotImplementedError(
            f"loop.{name}() is not available here: this loop runs on virtual time, and real I/O "
            "(sockets, pipes, subprocesses, signals) cannot wait on it. "
            "Use the services of the exercise instead."
        )

    method.__name__ = name
    return method


class VirtualLoop(asyncio.AbstractEventLoop):
    """An event loop on virtual time.

    ``at_rest(next_timer_us, spinning)`` is called when nothing is ready and no timer may run; with
    ``spinning`` when ``SPIN_PASSES`` passes went by at one instant. It makes progress possible
    (``advance_to``, a future's result, ``call_soon``, ``stop``) or raises. Without it the clock
    jumps to the next timer, and ``DeadlockError`` is raised when there is none.
    ``on_exception`` gets the contexts that the default exception handler would log.
    ``make_task`` is called as ``asyncio.Task`` is.
    """

    slow_callback_duration = 0.1  # asyncio has it; a virtual clock sees no slow callback
    unclosed_asyncgens: list[LostAsyncGen]  # they were left to the garbage collector
    # What most loops never change stays in the class, so that a loop is made quickly.
    before_clock_step: Callable[[], None] | None = None
    _asyncgens: weakref.WeakKeyDictionary[AsyncGeneratorType[Any, Any], None] | None = None
    _asyncgens_shutdown_called = False
    _closed = True  # until __init__ has run
    _current_handle = None
    _debug = False
    _default_executor: Executor | None = None
    _exception_handler: Callable[[VirtualLoop, _ExceptionContext], object] | None = None
    _executor_shutdown_called = False
    _origin_tracking_depth: int | None = None
    _resting = False
    _task_refs_limit = 1000

    def __init__(
        self,
        at_rest: Callable[[int | None, bool], None] | None = None,
        *,
        on_exception: Callable[[_ExceptionContext], None] | None = None,
        make_task: Callable[..., asyncio.Task[Any]] = asyncio.Task,
    ) -> None:
        self.now_us = 0
        # Timers strictly before it run without asking at_rest; None: all of them.
        self.until_us: int | None = None if at_rest is None else 0
        self.unclosed_asyncgens = []
        self._at_rest = at_rest
        self._on_exception = on_exception
        self._make_task = make_task
        self._ready: deque[Any] = deque()  # of handles
        self._timers: list[tuple[int, int, Any]] = []  # deadline, number, handle
        self._timer_count = self._cancelled_timers = 0
        self._closed = self._stopping = self._guarded = False
        self._thread_id: int | None = None
        self._task_factory: _TaskFactory | None = None
        self._task_refs: list[ref[asyncio.Future[Any]]] = []
        self._threads = ThreadWatch()
        # C calls in place of methods: asyncio's C Future and Task ask for both all the time.
        self.get_debug = bool  # type: ignore[method-assign]
        self.create_future = partial(asyncio.Future, loop=self)  # type: ignore[method-assign]
        if coroutines._is_debug_mode():  # type: ignore[attr-defined]
            self.set_debug(True)

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} now={self.now_us}us running={self.is_running()} "
            f"closed={self._closed} debug={self._debug}>"
        )

    def __del__(self, _warn: Callable[..., None] = warnings.warn) -> None:
        if not self._closed:
            _warn(f"unclosed event loop {self!r}", ResourceWarning, source=self)
            if not self.is_running():
                self.close()

    # --- the clock -----------------------------------------------------------------------------

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self.now_us / 1e6

    def advance_to(self, us: int) -> None:
        """Move the clock to ``us``, never backwards. Timers that became due run next."""
        if us > self.now_us:
            if self.before_clock_step is not None and not self._resting:
                self.before_clock_step()
            self.now_us = us

    def block(self, duration_us: int) -> None:
        """Move the clock as a blocking call does: no callback runs meanwhile."""
        self.advance_to(self.now_us + duration_us)

    # --- scheduling ----------------------------------------------------------------------------

    def call_soon(  # type: ignore[override]
        self, callback: Callback, *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """Run ``callback`` in the next pass."""
        if self._guarded:
            self._check_closed()
            self._check_thread()
            self._check_callback(callback, "call_soon")
            return self._debug_handle(callback, args, context)
        handle = SlimHandle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_soon_threadsafe(  # type: ignore[override]
        self, callback: Callback, *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """Run ``callback`` in the next pass; from any thread."""
        handle: asyncio.Handle
        if self._guarded:
            self._check_closed()
            self._check_callback(callback, "call_soon_threadsafe")
            handle = self._debug_handle(callback, args, context)
        else:
            handle = SlimHandle(callback, args, self, context)
            self._ready.append(handle)
        self._threads.wake_up()
        return handle

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callback, *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Run ``callback`` after ``delay`` seconds, rounded up to a microsecond."""
        try:
            delay_us = ceil(delay * 1e6 - NOISE_US)
        except OverflowError:
            delay_us = NEVER_US if delay > 0 else 0
        if delay_us <= 0 < delay:
            delay_us = 1  # so that ``while now < t: await sleep(t - now)`` ends
        return self._call_at_us(self.now_us + delay_us, callback, args, context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callback, *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Run ``callback`` at ``when`` (seconds of ``time()``), rounded up to a microsecond."""
        try:
            when_us = ceil(when * 1e6 - NOISE_US)
        except OverflowError:
            when_us = NEVER_US if when > 0 else 0
        if when_us <= self.now_us and when > self.now_us / 1e6:
            when_us = self.now_us + 1
        return self._call_at_us(when_us, callback, args, context)

    def _call_at_us(
        self, when_us: int, callback: Callback, args: tuple[Any, ...], context: Context | None
    ) -> asyncio.TimerHandle:
        handle: asyncio.TimerHandle
        if self._guarded:
            self._check_closed()
            self._check_thread()
            self._check_callback(callback, "call_at")
            handle = events.TimerHandle(when_us / 1e6, callback, args, self, context)
            _blame_caller(handle)
        else:
            handle = SlimTimerHandle(when_us, callback, args, self, context)
        self._timer_count = number = self._timer_count + 1
        heappush(self._timers, (when_us, number, handle))
        return handle

    def _debug_handle(
        self, callback: Callback, args: tuple[Any, ...], context: Context | None
    ) -> events.Handle:
        handle = events.Handle(callback, args, self, context)
        _blame_caller(handle)
        self._ready.append(handle)
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        # Counts cancellations since the last sweep, also of timers that left the heap since:
        # too many sweeps cost little (each is paid by half a heap of cancellations).
        self._cancelled_timers += 1
        if self._cancelled_timers > max(_SWEEP_AT_LEAST, len(self._timers) // 2):
            self._cancelled_timers = 0
            # In place: the loop holds the list.
            self._timers[:] = [timer for timer in self._timers if timer[2]._args is not None]
            heapify(self._timers)

    # --- futures and tasks ---------------------------------------------------------------------

    def create_future(self) -> asyncio.Future[Any]:
        """Make a future of this loop."""
        return asyncio.Future(loop=self)

    def create_task(
        self, coro: Coroutine[Any, Any, _T] | Generator[Any, None, _T], **kwargs: Any
    ) -> asyncio.Task[_T]:
        """Make a task. The keywords are those of ``asyncio.Task`` on this Python."""
        if self._guarded:
            self._check_closed()
        task: Any
        if self._task_factory is None:
            task = self._make_task(coro, loop=self, **kwargs)
            if task._source_traceback:
                del task._source_traceback[-1]
        else:
            task = self._task_of_factory(self._task_factory, coro, kwargs)
        refs = self._task_refs
        refs.append(ref(task))
        if len(refs) > self._task_refs_limit:
            refs[:] = [item for item in refs if item() is not None]
            self._task_refs_limit = max(1000, 2 * len(refs))
        return cast("asyncio.Task[_T]", task)

    def _task_of_factory(self, factory: _TaskFactory, coro: Any, kwargs: dict[str, Any]) -> Any:
        if sys.version_info >= (3, 14):
            return factory(self, coro, **kwargs)
        # Before 3.14 a factory need not know ``name``, and ``context`` only when it is given.
        name = kwargs.pop("name", None)
        if kwargs.get("context", self) is None:
            del kwargs["context"]
        task: Any = factory(self, coro, **kwargs)
        if name is not None and hasattr(task, "set_name"):
            task.set_name(name)
        return task

    def tasks(self) -> list[asyncio.Task[Any]]:
        """List the tasks of this loop that still exist, done ones too, in order of creation."""
        found: list[Any] = [task for item in self._task_refs if (task := item()) is not None]
        known = set(found)
        return found + [task for task in asyncio.all_tasks(self) if task not in known]

    def set_task_factory(self, factory: _TaskFactory | None) -> None:
        if factory is not None and not callable(factory):
            raise TypeError("task factory must be a callable or None")
        self._task_factory = factory

    def get_task_factory(self) -> _TaskFactory | None:
        return self._task_factory

    # --- running -------------------------------------------------------------------------------

    def run_forever(self) -> None:
        """Run until ``stop`` is called. Raises DeadlockError, and what ``at_rest`` raises."""
        self._check_closed()
        self._check_running()
        self._track_coroutine_origins(self._debug)
        old_hooks = sys.get_asyncgen_hooks()
        try:
            self._thread_id = get_ident()
            sys.set_asyncgen_hooks(
                firstiter=self._asyncgen_started, finalizer=self._asyncgen_abandoned
            )
            events._set_running_loop(self)
            self._run()
        finally:
            self._stopping = False
            self._thread_id = None
            events._set_running_loop(None)
            self._track_coroutine_origins(False)
            sys.set_asyncgen_hooks(*old_hooks)

    def _run(self) -> None:
        ready = self._ready
        timers = self._timers
        popleft = ready.popleft
        args: Any
        handle: Any
        instant = -1
        passes = 0
        while True:
            now_us = self.now_us
            if now_us != instant:
                instant = now_us
                passes = 0
            while timers and timers[0][0] <= now_us:
                handle = heappop(timers)[2]
                if handle._args is not None:
                    ready.append(handle)
            passes += 1
            if (not ready or passes > SPIN_PASSES) and not self._stopping:
                passes = 0
                args = handle = None  # they would keep a task alive
                self._rest(spinning=bool(ready))
                continue
            for _ in range(len(ready)):  # what these make ready has to wait for the next pass
                handle = popleft()
                args = handle._args
                if args is None:
                    continue
                try:
                    handle._context.run(handle._callback, *args)
                except (SystemExit, KeyboardInterrupt):
                    raise
                except BaseException as error:
                    self._callback_failed(handle, error)
            if self._stopping:
                return

    def _rest(self, *, spinning: bool) -> None:
        """Let the clock move, ask ``at_rest``, or find that nothing can ever move again."""
        timers = self._timers
        while timers and timers[0][2]._args is None:
            heappop(timers)
        next_us = timers[0][0] if timers and timers[0][0] < NEVER_US else None
        if self._threads.may_bring_work():
            nothing_else = next_us is None and self._at_rest is None
            if self._threads.wait(patient=nothing_else):
                return
        if self._ready and not spinning:  # from a thread, which may have ended since
            return
        if self.before_clock_step is not None:
            self.before_clock_step()
            if self._ready and not spinning:
                return
        if self._at_rest is None:
            if next_us is not None:
                self.now_us = next_us
            elif not spinning:
                raise DeadlockError(self._deadlock_text())
        elif (
            next_us is not None
            and not spinning
            and (self.until_us is None or next_us < self.until_us)
        ):
            self.now_us = next_us
        else:
            self._resting = True
            try:
                self._at_rest(next_us, spinning)
            finally:
                self._resting = False

    def _deadlock_text(self) -> str:
        waiting = sum(not task.done() for task in self.tasks())
        who = {0: "no task is left", 1: "1 task waits"}.get(waiting, f"{waiting} tasks wait")
        return (
            f"Deadlock: {who}, no callback is ready and no timer is set, so nothing can ever "
            "happen again. Look for a future, event, lock or queue that nobody will set, release "
            "or fill, or for tasks that wait for each other."
        )

    def run_until_complete(self, future: Awaitable[_T] | Generator[Any, None, _T]) -> _T:
        """Run until ``future`` is done; return its result or raise its exception."""
        self._check_closed()
        self._check_running()
        is_new = not asyncio.isfuture(future)
        waited: Any
        if type(future) is CoroutineType:  # the short way of ensure_future
            waited = self.create_task(future)
        else:
            waited = asyncio.ensure_future(cast(Any, future), loop=self)
        if is_new:
            waited._log_destroy_pending = False
        # asyncio's own callback: other libraries look for it to find the root task.
        until_complete = base_events._run_until_complete_cb  # type: ignore[attr-defined]
        waited.add_done_callback(until_complete)
        try:
            self.run_forever()
        except BaseException:
            if is_new and waited.done() and not waited.cancelled():
                waited.exception()  # seen: the caller cannot reach this task
            raise
        finally:
            waited.remove_done_callback(until_complete)
        if not waited.done():
            raise RuntimeError("Event loop stopped before Future completed.")
        return cast(_T, waited.result())

    def stop(self) -> None:
        """Stop after the current pass."""
        self._stopping = True

    def is_running(self) -> bool:
        return self._thread_id is not None

    def is_closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """Drop what is scheduled. Idempotent; the loop must not be running."""
        if self.is_running():
            raise RuntimeError("Cannot close a running event loop")
        if self._closed:
            return
        self._closed = self._guarded = self._executor_shutdown_called = True
        self._ready.clear()
        self._timers.clear()
        del self.create_future  # it refers to the loop
        if self._default_executor is not None:
            # Idle threads end at once; then the next loop does not take them for its own.
            self._default_executor.shutdown(wait=not self._threads.jobs_are_out())
            self._default_executor = None

    def _check_closed(self) -> None:
        if self._closed:
            raise RuntimeError("Event loop is closed")

    def _check_running(self) -> None:
        if self._thread_id is not None:
            raise RuntimeError("This event loop is already running")
        if events._get_running_loop() is not None:
            raise RuntimeError("Cannot run the event loop while another loop is running")

    # --- threads -------------------------------------------------------------------------------

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., _T], *args: Any
    ) -> asyncio.Future[_T]:
        """Run ``func`` in a real thread. The clock waits for it (``docs/loop.md``)."""
        self._check_closed()
        if self._debug:
            self._check_callback(func, "run_in_executor")
        if executor is None:
            if self._executor_shutdown_called:
                raise RuntimeError("Executor shutdown has been called")
            if self._default_executor is None:
                self._default_executor = concurrent.futures.ThreadPoolExecutor(
                    thread_name_prefix="asyncio"
                )
            executor = self._default_executor
        job = self._threads.job_begins()  # before the job can end
        try:
            outcome = executor.submit(func, *args)
        except BaseException:
            self._threads.job_ended(job)
            raise
        future = asyncio.wrap_future(outcome, loop=self)
        outcome.add_done_callback(
            partial(self._threads.job_ended, job)
        )  # after the result was posted
        return future

    def has_thread(self, thread: int) -> bool:
        """Whether a thread is younger than this loop."""
        return self._threads.is_young(thread)

    def sleep_in_thread(self, delay: float, sleeper: threading.Event) -> None:
        """Block the calling thread for ``delay`` (virtual) seconds, or until ``sleeper`` is set."""
        self.call_soon_threadsafe(self.call_later, delay, self._threads.resume, sleeper)
        sleeper.wait()
        self._threads.resumed(sleeper)

    def set_default_executor(self, executor: Any) -> None:
        if not isinstance(executor, concurrent.futures.ThreadPoolExecutor):
            raise TypeError("executor must be ThreadPoolExecutor instance")
        self._default_executor = executor

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Wait until the threads of the default executor have ended."""
        self._executor_shutdown_called = True
        executor = self._default_executor
        if executor is None:
            return
        done = self.create_future()
        job = self._threads.job_begins()

        def shut_down() -> None:
            executor.shutdown(wait=True)
            if not self._closed:
                self.call_soon_threadsafe(lambda: None if done.done() else done.set_result(None))
            self._threads.job_ended(job)

        thread = threading.Thread(target=shut_down)
        thread.start()
        await asyncio.wait([done], timeout=timeout)
        if done.done():
            thread.join()
        else:
            warnings.warn(
                f"The executor did not finish joining its threads within {timeout} seconds.",
                RuntimeWarning,
                stacklevel=2,
            )
            executor.shutdown(wait=False)

    # --- async generators ----------------------------------------------------------------------

    def open_asyncgens(self) -> list[LostAsyncGen]:
        """List the async generators that were begun, not finished, and still exist."""
        return [_where(agen) for agen in self._asyncgens or () if agen.ag_frame is not None]

    def _asyncgen_started(self, agen: Any) -> None:
        if self._asyncgens_shutdown_called:
            warnings.warn(
                f"asynchronous generator {agen!r} was scheduled after "
                "loop.shutdown_asyncgens() call",
                ResourceWarning,
                source=self,
                stacklevel=2,
            )
        if self._asyncgens is None:
            self._asyncgens = weakref.WeakKeyDictionary()
        self._asyncgens[agen] = None

    def _asyncgen_abandoned(self, agen: Any) -> None:
        if self._asyncgens is not None:
            self._asyncgens.pop(agen, None)
        self.unclosed_asyncgens.append(_where(agen))
        if not self._closed:
            self.call_soon_threadsafe(self.create_task, agen.aclose())

    async def shutdown_asyncgens(self) -> None:
        """Close the async generators that are still open."""
        self._asyncgens_shutdown_called = True
        agens = list(self._asyncgens or ())
        if not agens:
            return
        self._asyncgens = None
        results = await asyncio.gather(*[a.aclose() for a in agens], return_exceptions=True)
        for result, agen in zip(results, agens, strict=True):
            if isinstance(result, Exception):
                text = f"an error occurred during closing of asynchronous generator {agen!r}"
                self.call_exception_handler(
                    {"message": text, "exception": result, "asyncgen": agen}
                )

    # --- exceptions and debugging --------------------------------------------------------------

    def _callback_failed(self, handle: Any, error: BaseException) -> None:
        source = format_helpers._format_callback_source(handle._callback, handle._args)
        context = {
            "message": f"Exception in callback {source}",
            "exception": error,
            "handle": handle,
        }
        if handle._source_traceback:
            context["source_traceback"] = handle._source_traceback
        self.call_exception_handler(context)

    def set_exception_handler(self, handler: Any) -> None:
        if handler is not None and not callable(handler):
            raise TypeError(f"A callable object or None is expected, got {handler!r}")
        self._exception_handler = handler

    def get_exception_handler(self) -> Any:
        return self._exception_handler

    def default_exception_handler(self, context: _ExceptionContext) -> None:
        """Hand ``context`` to ``on_exception``; without one, log it as asyncio does."""
        if self._on_exception is not None:
            self._on_exception(context)
        else:
            base_events.BaseEventLoop.default_exception_handler(self, context)  # type: ignore[arg-type]

    def call_exception_handler(self, context: _ExceptionContext) -> None:
        # Borrowed: it needs only the attributes set here, and its care is easy to get wrong.
        base_events.BaseEventLoop.call_exception_handler(self, context)  # type: ignore[arg-type]

    def get_debug(self) -> bool:
        return self._debug

    def set_debug(self, enabled: bool) -> None:
        if enabled and not self._debug:
            del self.get_debug
        elif self._debug and not enabled:
            self.get_debug = bool  # type: ignore[method-assign]
        self._debug = enabled
        self._guarded = enabled or self._closed
        if self.is_running():
            self.call_soon_threadsafe(self._track_coroutine_origins, enabled)

    def _track_coroutine_origins(self, enabled: bool) -> None:
        if enabled and self._origin_tracking_depth is None:
            self._origin_tracking_depth = sys.get_coroutine_origin_tracking_depth()
            sys.set_coroutine_origin_tracking_depth(constants.DEBUG_STACK_DEPTH)
        elif not enabled and self._origin_tracking_depth is not None:
            sys.set_coroutine_origin_tracking_depth(self._origin_tracking_depth)
            self._origin_tracking_depth = None

    def _check_thread(self) -> None:
        if self._thread_id is not None and self._thread_id != get_ident():
            raise RuntimeError(
                "Non-thread-safe operation invoked on an event loop other than the current one"
            )

    def _check_callback(self, callback: object, method: str) -> None:
        if asyncio.iscoroutine(callback) or inspect.iscoroutinefunction(callback):
            raise TypeError(f"coroutines cannot be used with {method}()")
        if not callable(callback):
            raise TypeError(f"a callable object was expected by {method}(), got {callback!r}")

    # --- real I/O ------------------------------------------------------------------------------

    add_reader = _refuse("add_reader")
    remove_reader = _refuse("remove_reader")
    add_writer = _refuse("add_writer")
    remove_writer = _refuse("remove_writer")
    add_signal_handler = _refuse("add_signal_handler")
    remove_signal_handler = _refuse("remove_signal_handler")
    getaddrinfo = _refuse("getaddrinfo")
    getnameinfo = _refuse("getnameinfo")
    create_connection = _refuse("create_connection")
    create_server = _refuse("create_server")
    create_unix_connection = _refuse("create_unix_connection")
    create_unix_server = _refuse("create_unix_server")
    create_datagram_endpoint = _refuse("create_datagram_endpoint")
    connect_accepted_socket = _refuse("connect_accepted_socket")
    start_tls = _refuse("start_tls")
    sendfile = _refuse("sendfile")
    sock_recv = _refuse("sock_recv")
    sock_recv_into = _refuse("sock_recv_into")
    sock_recvfrom = _refuse("sock_recvfrom")
    sock_recvfrom_into = _refuse("sock_recvfrom_into")
    sock_sendall = _refuse("sock_sendall")
    sock_sendto = _refuse("sock_sendto")
    sock_connect = _refuse("sock_connect")
    sock_accept = _refuse("sock_accept")
    sock_sendfile = _refuse("sock_sendfile")
    connect_read_pipe = _refuse("connect_read_pipe")
    connect_write_pipe = _refuse("connect_write_pipe")
    subprocess_shell = _refuse("subprocess_shell")
    subprocess_exec = _refuse("subprocess_exec")


def _blame_caller(handle: Any) -> None:
    if handle._source_traceback:
        del handle._source_traceback[-2:]  # two frames of this module


def _where(agen: Any) -> LostAsyncGen:
    frame = agen.ag_frame
    return LostAsyncGen(
        agen.__qualname__, agen.ag_code.co_filename, None if frame is None else frame.f_lineno
    )
