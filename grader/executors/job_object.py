"""Limits for a process on Windows, by a Job Object; elsewhere there is none and nothing happens.

Structures and functions: Microsoft's documentation of winnt.h and jobapi2.h. A program can still
ask a service of the system (WMI, the task scheduler) to start a process outside of the job.
"""

from __future__ import annotations

import ctypes
import sys
from ctypes import byref, c_int64, c_size_t, c_uint32, c_uint64, c_void_p, sizeof

QUOTA_EXIT = 1816  # ERROR_NOT_ENOUGH_QUOTA, the exit status of a process over its time limit
_EXTENDED_LIMIT_INFORMATION = 9  # JobObjectExtendedLimitInformation
_PROCESS_TIME, _ACTIVE_PROCESS, _PROCESS_MEMORY = 0x2, 0x8, 0x100
_DIE_ON_UNHANDLED_EXCEPTION, _KILL_ON_JOB_CLOSE = 0x400, 0x2000
_TICKS = 10_000_000  # of 100 ns in a second


class BasicLimits(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION."""

    _fields_ = (
        *(("process_user_ticks", c_int64), ("job_user_ticks", c_int64), ("flags", c_uint32)),
        *(("least_working_set", c_size_t), ("most_working_set", c_size_t)),
        *(("active_processes", c_uint32), ("affinity", c_size_t)),
        *(("priority_class", c_uint32), ("scheduling_class", c_uint32)),
    )


class ExtendedLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

    _fields_ = (
        *(("basic", BasicLimits), ("io_counters", c_uint64 * 6)),
        *(("process_bytes", c_size_t), ("job_bytes", c_size_t)),
        *(("peak_process_bytes", c_size_t), ("peak_job_bytes", c_size_t)),
    )


def limits_of(cpu_s: int, memory_mib: int, used_ticks: int = 0) -> ExtendedLimits:
    """One process, bounded in time and memory, which dies with the handle of its job."""
    limits = ExtendedLimits()
    limits.basic.flags = _PROCESS_TIME | _ACTIVE_PROCESS | _PROCESS_MEMORY
    limits.basic.flags |= _DIE_ON_UNHANDLED_EXCEPTION | _KILL_ON_JOB_CLOSE
    limits.basic.process_user_ticks = used_ticks + cpu_s * _TICKS
    limits.basic.active_processes = 1
    limits.process_bytes = memory_mib * 1024 * 1024
    return limits


class JobObject:
    """What holds one process and all that it starts. Close it to end them."""

    def __init__(self) -> None:
        self._handle: int | None = None

    def hold(self, process: int, cpu_s: int, memory_mib: int) -> bool:
        """Put limits on the process of this handle; say whether they are in force."""
        holds = False
        if sys.platform == "win32":
            kernel32 = ctypes.WinDLL("kernel32")
            kernel32.CreateJobObjectW.restype = c_void_p
            self._handle = kernel32.CreateJobObjectW(None, None)
            times = (c_uint64 * 4)()  # created, ended, kernel, user
            kernel32.GetProcessTimes(c_void_p(process), *(byref(times, 8 * i) for i in range(4)))
            limits, job = limits_of(cpu_s, memory_mib, times[3]), c_void_p(self._handle)
            holds = bool(
                self._handle
                and kernel32.SetInformationJobObject(
                    job, _EXTENDED_LIMIT_INFORMATION, byref(limits), c_uint32(sizeof(limits))
                )
                and kernel32.AssignProcessToJobObject(job, c_void_p(process))
            )
        return holds

    def close(self) -> None:
        if sys.platform == "win32" and self._handle:
            ctypes.WinDLL("kernel32").CloseHandle(c_void_p(self._handle))
        self._handle = None
