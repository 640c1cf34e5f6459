"""Tests of coroutines in this folder run on the worker's own loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grader.worker.loop import VirtualLoop


def pytest_asyncio_loop_factories(config: Any, item: Any) -> dict[str, Callable[[], VirtualLoop]]:
    return {"virtual": VirtualLoop}
