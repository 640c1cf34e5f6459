"""The loop serves pytest-asyncio as it does asyncio itself: tests of coroutines on virtual time."""

from __future__ import annotations

import asyncio

import pytest

from grader.worker.loop import VirtualLoop


@pytest.mark.asyncio
async def test_an_hour_passes_at_once_and_to_the_microsecond() -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    begun_us = loop.now_us
    await asyncio.gather(asyncio.sleep(3600), asyncio.sleep(0.000_001))
    assert loop.now_us - begun_us == 3_600_000_000


@pytest.mark.asyncio
async def test_a_timeout_fires_at_its_deadline() -> None:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(loop.create_future(), 30)
    assert loop.time() - begun == pytest.approx(30)
