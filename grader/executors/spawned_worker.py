"""The worker of a spawned interpreter. Runs as a script; the standard library and the worker only.

Arguments: the folder that holds the package, and the two ends of the channel. On the channel the
host sends one line, the limits as JSON, when it has a submission; the answer is one line, the names
of those that are in force. Frames follow.
"""

from __future__ import annotations

import gc
import json
import os
import sys


def main() -> None:
    """Import, rehearse, wait for the limits, then serve until the host hangs up."""
    package_parent, reads, writes = sys.argv[1:]
    sys.path[0] = package_parent
    # asyncio does without ssl, whose import costs a tenth of the start; a submission finds it.
    sys.modules["ssl"] = None  # type: ignore[assignment]
    from grader.worker import bootstrap, channel, limits, rehearsal, virtual_time

    del sys.modules["ssl"]
    sys.path.remove(package_parent)  # a submission finds the standard library only
    read_fd, write_fd = int(reads), int(writes)
    if sys.platform == "win32":
        import msvcrt

        read_fd = msvcrt.open_osfhandle(read_fd, os.O_RDONLY)
        write_fd = msvcrt.open_osfhandle(write_fd, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(  # type: ignore[union-attr]
            errors="backslashreplace", line_buffering=True, newline="\n"
        )
    bootstrap.add_exit_and_quit()
    os.environ.clear()
    os.chdir("/")
    with virtual_time.virtual_time_module():
        rehearsal.rehearse()
    gc.collect()
    gc.freeze()
    in_force = limits.set_limits(**json.loads(read_line(read_fd)))
    os.write(write_fd, json.dumps(in_force).encode() + b"\n")
    bootstrap.serve_and_exit(channel.FileChannel(read_fd, write_fd), [])


def read_line(fd: int) -> bytes:
    """One line, and nothing of what follows it. Ends this process when the host hangs up."""
    line = b""
    while not line.endswith(b"\n"):
        data = os.read(fd, 1)
        if not data:
            os._exit(0)
        line += data
    return line


if __name__ == "__main__":
    main()
