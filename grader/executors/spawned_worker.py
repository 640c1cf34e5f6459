"""The worker of a spawned interpreter. Runs as a script; the standard library and the worker only.

Arguments: the folder that holds the package, the two ends of the channel, CPU seconds, MiB.
"""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Take the channel over, then serve until the host hangs up."""
    package_parent, reads, writes, cpu_s, memory_mib = sys.argv[1:]
    sys.path[0] = package_parent
    from grader.worker import bootstrap, channel, limits

    sys.path.remove(package_parent)  # a submission finds the standard library only
    read_fd, write_fd = int(reads), int(writes)
    if sys.platform == "win32":
        import msvcrt

        read_fd = msvcrt.open_osfhandle(read_fd, os.O_RDONLY)
        write_fd = msvcrt.open_osfhandle(write_fd, os.O_WRONLY)
    limits.set_limits(int(cpu_s), int(memory_mib))
    for name in ("stdout", "stderr"):
        getattr(sys, name).reconfigure(errors="backslashreplace", line_buffering=True)
    bootstrap.add_exit_and_quit()
    os.environ.clear()
    os.chdir("/")
    gc.collect()
    code = 70
    try:
        bootstrap.serve(channel.FileChannel(read_fd, write_fd), [])
        code = 0
    except MemoryError:
        code = 71
    except OSError:
        code = 0  # the host hung up while a run was on
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
