"""Plants what the programs look for, and says afterwards what was found, changed or left behind.

For process 1 of a pid namespace of its own: every other process there is the grader's, a canary, or
left over. All files are as readable as a careless instructor leaves them.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import stat
import subprocess
import time
from pathlib import Path

FOLDER = Path("/tmp/asyncgrade-canary")
ABSTRACT = "\0asyncgrade-canary"
TCP_PORT = 2024
UDP_PORT = 9
GRACE_S = 1.0  # for processes that are about to end
ROUND_S = 0.005
Found = tuple[str, str]  # kind of problem, what was seen


class Canaries:
    """What is planted, and how it looked when it was last in order."""

    def __init__(self, owner: list[str]) -> None:
        """Plant everything. ``owner``: the command prefix that makes a process the grader's."""
        self.token = secrets.token_hex(6)
        self._owner = owner
        self._plant_files()
        self._listeners = list(_listen())
        self.sibling = self._start_sibling()
        self._files = _files()

    # --- planting -----------------------------------------------------------------------------

    def word(self, place: str) -> str:
        """A word that no program can know: where it turns up, something was read."""
        return f"CANARY-{place}-{self.token}"

    def _plant_files(self) -> None:
        secret = FOLDER / "secrets"
        secret.mkdir(parents=True)
        (FOLDER / "cwd").mkdir()
        for path, text in {
            secret / "secret_solution.py": f"TOKEN = {self.word('solution')!r}\n",
            secret / "exercise.yaml": f"# {self.word('exercise')}\n",
            FOLDER / "gradebook.json": f'{{"word": "{self.word("gradebook")}"}}\n',
            FOLDER / "other_submission.txt": f"{self.word('other-submission')}\n",
            Path("/dev/shm/asyncgrade-canary.txt"): f"{self.word('shm')}\n",
        }.items():
            path.write_text(text, encoding="utf-8")
        for path in (FOLDER, *FOLDER.rglob("*"), Path("/dev/shm/asyncgrade-canary.txt")):
            path.chmod(0o777 if path.is_dir() else 0o666)

    def environment(self) -> dict[str, str]:
        """What the host's environment holds beside the usual."""
        return {"ASYNCGRADE_CANARY": self.word("environment"), "GITHUB_ENV": str(FOLDER / "env")}

    def _start_sibling(self) -> subprocess.Popen[bytes]:
        command = [*self._owner, "sleep", "100000", self.word("command-line")]
        return subprocess.Popen(["sh", "-c", 'exec "$@" >/dev/null 2>&1', "sh", *command[:-1]])

    # --- looking ------------------------------------------------------------------------------

    def look(self, at_home: set[int]) -> list[Found]:
        """Say what became of everything since last time, and put it in order again.

        ``at_home``: the grader's own processes, which may stay.
        """
        found = [*self._visitors(), *self._changed_files(), *_ipc_objects()]
        found += self._strangers({*at_home, self.sibling.pid, os.getpid()})
        if self.sibling.poll() is not None:
            found.append(("signal", "a process of the same user was killed"))
            self.sibling = self._start_sibling()
        elif _state(self.sibling.pid) in "Tt":
            found.append(("signal", "a process of the same user was stopped"))
            self.sibling.kill()
            self.sibling.wait()
            self.sibling = self._start_sibling()
        return found

    def _visitors(self) -> list[Found]:
        found: list[Found] = []
        for listener, name in self._listeners:
            with contextlib.suppress(BlockingIOError):
                while True:
                    if listener.type == socket.SOCK_STREAM:
                        listener.accept()[0].close()
                    else:
                        listener.recv(100)
                    found.append(("network", f"something reached {name}"))
        return found

    def _changed_files(self) -> list[Found]:
        before, now = self._files, _files()
        found = [("write", f"{path} is new") for path in sorted(now.keys() - before.keys())]
        found += [("write", f"{path} is gone") for path in sorted(before.keys() - now.keys())]
        found += [
            ("write", f"{path} was changed")
            for path in sorted(before.keys() & now.keys())
            if before[path] != now[path]
        ]
        if found:
            for path in sorted(now.keys() - before.keys(), reverse=True):
                with contextlib.suppress(OSError):
                    os.rmdir(path) if os.path.isdir(path) else os.unlink(path)
            self._files = _files()
        return found

    def _strangers(self, known: set[int]) -> list[Found]:
        """Processes that are nobody's; those that end within the grace were about to."""
        until = time.monotonic() + GRACE_S
        while strangers := {pid: name for pid, name in _processes().items() if pid not in known}:
            for pid in strangers:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)  # what lost its parent is a child of process 1
            if time.monotonic() > until:
                break
            time.sleep(ROUND_S)
        for pid in strangers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        return [("left behind", f"process {name}") for name in strangers.values()]


def _listen() -> list[tuple[socket.socket, str]]:
    unix, inet = socket.AF_UNIX, socket.AF_INET
    stream, datagram = socket.SOCK_STREAM, socket.SOCK_DGRAM
    made: list[tuple[socket.socket, str]] = []
    for family, kind, address, name in (
        (unix, stream, ABSTRACT, "an abstract unix socket"),
        (unix, datagram, f"{ABSTRACT}-dgram", "an abstract datagram socket"),
        (unix, stream, str(FOLDER / "sock"), "a unix socket"),
        (unix, datagram, str(FOLDER / "dgram"), "a datagram unix socket"),
        (inet, stream, ("127.0.0.1", TCP_PORT), "a TCP port"),
        (inet, datagram, ("127.0.0.1", UDP_PORT), "a UDP port"),
    ):
        listener = socket.socket(family, kind)
        listener.bind(address)
        if kind == stream:
            listener.listen(50)
        elif family == unix and isinstance(address, str) and address[0] == "/":
            os.chmod(address, 0o777)
        listener.setblocking(False)
        made.append((listener, name))
    os.chmod(FOLDER / "sock", 0o777)
    return made


def _files() -> dict[str, tuple[int, ...]]:
    """Every file in the places that a process can write to, and what would show a change."""
    found: dict[str, tuple[int, ...]] = {}
    for root in ("/tmp", "/dev/shm"):
        device = os.stat(root).st_dev
        for folder, folders, names in os.walk(root):
            folders[:] = [f for f in folders if _device(f"{folder}/{f}") == device]
            for name in (*folders, *names):
                with contextlib.suppress(OSError):
                    about = os.lstat(f"{folder}/{name}")
                    changed = 0 if stat.S_ISDIR(about.st_mode) else about.st_mtime_ns
                    size = 0 if stat.S_ISDIR(about.st_mode) else about.st_size
                    found[f"{folder}/{name}"] = (
                        about.st_ino,
                        about.st_mode,
                        about.st_uid,
                        size,
                        changed,
                    )
    return found


def _device(path: str) -> int:
    try:
        return os.lstat(path).st_dev
    except OSError:
        return -1


def _ipc_objects() -> list[Found]:
    """System V shared memory, queues and semaphores outlive the process that made them."""
    found: list[Found] = []
    for kind, remove in (("shm", "-M"), ("msg", "-Q"), ("sem", "-S")):
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/sysvipc/{kind}").read_text(encoding="ascii").splitlines()[1:]
            for line in lines:
                found.append(("left behind", f"a System V object ({kind})"))
                command = ["ipcrm", remove.lower(), line.split()[1]]
                subprocess.run(command, check=False, capture_output=True)
    return found


def _processes() -> dict[int, str]:
    found: dict[int, str] = {}
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            with contextlib.suppress(OSError):
                comm = Path(f"/proc/{entry}/comm").read_text(encoding="utf-8", errors="replace")
                found[int(entry)] = f"{comm.strip()} ({_state(int(entry))})"
    return found


def _state(pid: int) -> str:
    return field_of(pid, 0)


def field_of(pid: int, index: int) -> str:
    """A field of /proc/PID/stat, counted after the name: 0 state, 16 nice. "" for none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return text.rpartition(")")[2].split()[index]
