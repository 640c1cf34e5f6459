"""Run CPython's own asyncio tests on stock asyncio and on the virtual-time loop.

``python benchmarks/cpython_asyncio_tests.py`` uses the tests that this interpreter ships, prints
the results for each module and the tests that fail only on our loop, and exits with 1 when one of
these is not a known artefact (docs/loop.md says why each of them cannot pass).
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import importlib.util
import io
import json
import re
import subprocess
import sys
import unittest
import warnings
from pathlib import Path
from typing import Any
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from grader.worker.loop import VirtualLoop

MODULES = """
    test_tasks test_taskgroups test_timeouts test_locks test_queues test_waitfor test_futures
    test_futures2 test_runners test_threads test_context test_pep492 test_staggered
    test_eager_task_factory
"""
# Tests of the test loop, not of asyncio: docs/loop.md.
ARTEFACTS = re.compile(
    r"test_tasks\.\w+\.(test_stop_while_run_in_complete|test_issue46672)$"
    + (r"|test_queues\.\w+\.test_get_cancelled$" if sys.version_info < (3, 11) else "")
)

made = {"virtual": 0, "stock": 0}


class CountedLoop(VirtualLoop):
    def __init__(self) -> None:
        super().__init__()
        made["virtual"] += 1


class TestLoop(CountedLoop):
    """Stands in for ``test_asyncio.utils.TestLoop``: a generator checks every deadline.

    What the generator yields (how far the clock should go) is not needed: this clock knows.
    """

    __test__ = False

    def __init__(self, gen: Any = None) -> None:
        super().__init__()
        self._check_on_close = gen is not None
        self._gen = gen() if gen is not None else _no_deadlines()
        next(self._gen)

    def call_later(self, delay: float, *args: Any, **kwargs: Any) -> Any:
        timer = super().call_later(delay, *args, **kwargs)
        self._gen.send(self.time() + delay)
        return timer

    def call_at(self, when: float, *args: Any, **kwargs: Any) -> Any:
        timer = super().call_at(when, *args, **kwargs)
        self._gen.send(when)
        return timer

    def advance_time(self, advance: float) -> None:
        self.advance_to(self.now_us + round(advance * 1e6))

    def _run_once(self) -> None:
        self.stop()
        self.run_forever()

    def close(self) -> None:
        closed = self.is_closed()
        super().close()
        if self._check_on_close and not closed:
            try:
                self._gen.send(0)
            except StopIteration:
                return
            raise AssertionError("Time generator is not finished")


def _no_deadlines() -> Any:
    while True:
        yield


def substitute_loop() -> None:
    """Put our loop in the place of every way in which these tests make one."""
    make_stock = asyncio.SelectorEventLoop.__init__

    def count_stock(loop: Any, *args: Any) -> None:
        made["stock"] += 1
        make_stock(loop, *args)

    asyncio.SelectorEventLoop.__init__ = count_stock  # type: ignore[method-assign]
    modules: list[Any] = [asyncio, asyncio.events, asyncio.base_events]
    modules += [m for m in (getattr(asyncio, "unix_events", None),) if m is not None]
    policies = [vars(module).get("_DefaultEventLoopPolicy") for module in modules]  # Python 3.14
    for policy in [policy for policy in policies if policy] or [asyncio.DefaultEventLoopPolicy]:
        policy._loop_factory = CountedLoop
    for module in modules:
        for name in ("EventLoop", "SelectorEventLoop", "_UnixSelectorEventLoop"):
            if hasattr(module, name):
                setattr(module, name, CountedLoop)
    asyncio.BaseEventLoop = CountedLoop  # type: ignore[assignment, misc]
    asyncio.runners.BaseEventLoop = CountedLoop  # type: ignore[attr-defined]
    utils = importlib.import_module("test.test_asyncio.utils")
    utils.TestLoop = TestLoop


def run_module(name: str) -> dict[str, Any]:
    """Run one test module here; return the counts and the ids of the tests that failed."""
    module = importlib.import_module(f"test.test_asyncio.{name}")
    suite = unittest.defaultTestLoader.loadTestsFromModule(module)
    runner = unittest.TextTestRunner(stream=io.StringIO(), verbosity=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = runner.run(suite)
    bad = [(test, text) for test, text in result.failures + result.errors]
    return {
        "ran": result.testsRun,
        "failures": len(result.failures),
        "errors": len(result.errors),
        "skipped": len(result.skipped),
        "bad": {test.id().removeprefix("test.test_asyncio."): text for test, text in bad},
        "loops": made["virtual"],
        "stock_loops": made["stock"],
    }


def run_in_process(name: str, which: str, timeout_s: float) -> dict[str, Any] | None:
    """Run one module in a new interpreter; None when the interpreter does not have it."""
    if importlib.util.find_spec(f"test.test_asyncio.{name}") is None:
        return None
    command = [sys.executable, __file__, "--module", name, "--loop", which]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s)
        return dict(json.loads(done.stdout.splitlines()[-1]))
    except (subprocess.TimeoutExpired, IndexError, json.JSONDecodeError) as error:
        text = f"{type(error).__name__}: {error}"
        bad = {f"{name} did not finish": text}
        return {"ran": 0, "failures": 0, "errors": 1, "skipped": 0, "bad": bad}


def compare(modules: list[str], timeout_s: float, verbose: bool) -> int:
    print(f"Python {sys.version.split()[0]}: passed/failures/errors/skipped\n")
    print(f"{'module':26} {'stock':>16} {'VirtualLoop':>16}")
    totals = {"stock": [0] * 4, "virtual": [0] * 4}
    new: dict[str, str] = {}
    loops = stock_loops = 0
    for name in modules:
        stock = run_in_process(name, "stock", timeout_s)
        ours = run_in_process(name, "virtual", timeout_s)
        if stock is None or ours is None:
            print(f"{name:26} {'not in this Python':>16}")
            continue
        cells = []
        for which, result in (("stock", stock), ("virtual", ours)):
            counts = [result[key] for key in ("failures", "errors", "skipped")]
            counts.insert(0, result["ran"] - sum(counts))
            totals[which] = [a + b for a, b in zip(totals[which], counts, strict=True)]
            cells.append("/".join(map(str, counts)))
        loops += ours.get("loops", 0)
        stock_loops += ours.get("stock_loops", 0)
        new |= {test: text for test, text in ours["bad"].items() if test not in stock["bad"]}
        print(f"{name:26} {cells[0]:>16} {cells[1]:>16}", flush=True)
    sums = ["/".join(map(str, total)) for total in totals.values()]
    print(f"{'total':26} {sums[0]:>16} {sums[1]:>16}")
    print(f"\nLoops made in the last column: {loops} virtual, {stock_loops} stock.")
    unknown = [test for test in new if not ARTEFACTS.search(test)]
    print(f"\n{len(new)} tests fail on VirtualLoop and not on stock:")
    for test, text in new.items():
        print(f"  {'UNKNOWN' if test in unknown else 'artefact'} {test}")
        if verbose or test in unknown:
            print("    " + "\n    ".join(text.strip().splitlines()[-6:]))
    return 1 if unknown else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", default=MODULES.split())
    parser.add_argument("--module", help=argparse.SUPPRESS)
    parser.add_argument("--loop", choices=["stock", "virtual"], help=argparse.SUPPRESS)
    parser.add_argument("--timeout", type=float, default=180.0, help="seconds for one module")
    parser.add_argument("--verbose", action="store_true", help="why each test failed")
    options = parser.parse_args()
    try:
        found = importlib.util.find_spec("test.test_asyncio") is not None
    except ModuleNotFoundError:
        found = False
    if not found:
        print("skipped: no test.test_asyncio")
        return 0
    if options.module:
        if options.loop == "virtual":
            substitute_loop()
        with mock.patch.object(sys, "argv", sys.argv[:1]):
            result = run_module(options.module)
        print("\n" + json.dumps(result))
        return 0
    return compare(options.modules, options.timeout, options.verbose)


if __name__ == "__main__":
    sys.exit(main())
