"""What can be said of the Windows limits without Windows: layouts and values."""

from __future__ import annotations

import ctypes
import sys

import pytest

from grader.executors.job_object import BasicLimits, ExtendedLimits, JobObject, limits_of

GIB = 1024**3


@pytest.mark.skipif(ctypes.sizeof(ctypes.c_void_p) != 8, reason="the sizes are those of 64 bits")
def test_structures_have_the_layout_of_windows_on_64_bits() -> None:
    assert ctypes.sizeof(BasicLimits) == 64
    assert ctypes.sizeof(ExtendedLimits) == 144
    assert BasicLimits.flags.offset == 16
    assert BasicLimits.active_processes.offset == 40
    assert BasicLimits.affinity.offset == 48
    assert BasicLimits.scheduling_class.offset == 60
    assert ExtendedLimits.io_counters.offset == 64
    assert ExtendedLimits.process_bytes.offset == 112
    assert ExtendedLimits.peak_job_bytes.offset == 136


def test_time_before_the_hand_over_is_not_the_submission_s() -> None:
    assert limits_of(2, 64, used_ticks=5).basic.process_user_ticks == 20_000_005


def test_memory_can_be_more_than_32_bits_hold() -> None:
    assert limits_of(2, 8 * 1024).process_bytes == 8 * GIB


def test_one_process_that_dies_with_the_job() -> None:
    limits = limits_of(2, 64)
    assert limits.basic.active_processes == 1
    assert limits.basic.flags == 0x2 | 0x8 | 0x100 | 0x400 | 0x2000


@pytest.mark.skipif(sys.platform == "win32", reason="there it is in force")
def test_elsewhere_it_says_that_it_is_not_in_force() -> None:
    job = JobObject()
    assert not job.hold(0, 2, 64)
    job.close()
