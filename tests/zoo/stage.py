"""Process 1 of the namespaces that the suite runs in: sets the stage, and judges what happened.

Arguments: the configuration, the user id to grade as ("" for the present one), names of programs.
Writes one line of JSON about the isolation, then one for each program. Programs really do harm at
the weak levels, so: nothing but a small /tmp and /dev/shm can be written to, the machine's home
folders are hidden, and the network is a loopback of its own.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.zoo.canaries import FOLDER, Canaries, Found, field_of
from tests.zoo.host import LIMITS
from tests.zoo.programs import Program, programs

ROOT = Path(__file__).parent.parent.parent
ANSWER_S = 15.0  # the host answers in less, or something has stopped it
START_S = 20.0
HOST_MIB = 256  # what the host's memory may grow by while it grades one program
REPORT_S = 1.0  # for all reports on one program
SETTLE_S = 2.0  # within this the last child is reaped and the next one waits
OVER_LIMIT_S = 0.2  # what a grade may take beyond its wall limit
_MS_RDONLY, _MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18

# What programs print when they got through. The own ones print "GOT kind what".
SIGNS: tuple[tuple[str, str], ...] = (
    (r"^LEAK (?!grader None)", "read"),  # the worker's own package holds no secret
    (r"LEAK /", "read"),
    (r"^\d+ (environ|cmdline|maps|status|comm) ", "read"),
    (r"^\d+ (cwd|exe|root) ", "stat"),
    (r"PREVIOUS-FOUND", "read"),
    (r"ESCAPED", "process"),
    (r"^(CONNECTED|SOCKET <socket)", "network"),
    (r"^(WROTE|PLANTED) ", "write"),
    (r"^PRIV-OK", "privilege"),
    (r"^KILLED-ALL", "signal"),
    (r"^(TIOCSTI|TTY) ", "tty"),
    (r"^INT80 [1-9]", "syscall"),
    (r"^PTRACE .*\(0, 0\)", "ptrace"),
    (r"^ALLOWED\? \w+ -?\d+ 0$", "syscall"),
)
_GOT = re.compile(r"^GOT (\w+)\b(.*)", re.M)

libc = ctypes.CDLL(None, use_errno=True)


# --- the stage -------------------------------------------------------------------------------


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> bool:
    arguments = [text.encode() if text else None for text in (source, target, kind)]
    return bool(libc.mount(*arguments, ctypes.c_ulong(flags), data.encode() or None) == 0)


def set_stage(grader_folders: list[str]) -> None:
    """Make everything read-only but small new folders; keep what the grader itself needs."""
    mount("none", "/", "", _MS_REC | _MS_PRIVATE)
    hidden = ["/tmp", "/dev/shm", os.path.expanduser("~"), "/home", "/var/tmp"]
    hidden += [_locked_ancestor(folder) for folder in grader_folders]
    for folder in dict.fromkeys(folder for folder in hidden if folder and os.path.isdir(folder)):
        cover(folder, [path for path in grader_folders if path.startswith(folder + "/")])
    writable = ("/tmp", "/dev/shm", "/proc")
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        place = line.split()[4]
        if place not in writable and not place.startswith("/proc/"):
            mount("none", place, "", _MS_REMOUNT | _MS_BIND | _MS_RDONLY)
    loopback_up()


def _locked_ancestor(folder: str) -> str:
    """The first folder on the way to this one that others can't enter, "" for none."""
    for parent in reversed(Path(folder).parents):
        if not parent.stat().st_mode & 0o001:
            return str(parent)
    return ""


def cover(folder: str, keep: list[str]) -> None:
    """Put a small empty file system over a folder; some of what was there stays visible."""
    kept = {path: os.open(path, os.O_PATH) for path in keep}
    if not mount("tmpfs", folder, "tmpfs", 0, "size=64m,mode=1777"):
        raise OSError(ctypes.get_errno(), f"can't cover {folder}")
    for path, fd in kept.items():
        os.makedirs(path, exist_ok=True)
        mount(f"/proc/self/fd/{fd}", path, "", _MS_BIND | _MS_REC)
        os.close(fd)


def loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh14x", b"lo", 0x1 | 0x40)  # up, running
        fcntl.ioctl(control, 0x8914, request)  # SIOCSIFFLAGS


def bound_harm() -> None:
    for limit, value in (
        (resource.RLIMIT_AS, 8 << 30),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 32 << 20),
    ):
        resource.setrlimit(limit, (value, value))


# --- the host's process ----------------------------------------------------------------------


class HostProcess:
    """The grader's own process, started again when a program has killed it."""

    def __init__(self, config: str, as_user: list[str], environment: dict[str, str]) -> None:
        requests_fd, self._requests_fd = os.pipe()
        self._reports_fd, reports_fd = os.pipe()
        self._terminal_fd, terminal_fd = os.pipe()
        os.set_blocking(self._terminal_fd, False)
        self._process = subprocess.Popen(
            [
                *as_user,
                *(sys.executable, "-B", "-X", "utf8", "-m", "tests.zoo.host", config),
                *(str(requests_fd), str(reports_fd)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=terminal_fd,
            stderr=terminal_fd,
            pass_fds=(requests_fd, reports_fd),
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
            cwd=ROOT,
        )
        for fd in (requests_fd, reports_fd, terminal_fd):
            os.close(fd)
        self._buffer = b""
        self.about = self.answer(START_S)
        if "died" in self.about:
            raise RuntimeError(f"the host did not start: {self.terminal()}")
        self.family = {self._process.pid, *_descendants(self._process.pid)}
        self._family_size = len(self.family)
        self._fds = self._count_fds()

    def ask(self, program: Program) -> dict[str, Any]:
        try:
            os.write(self._requests_fd, f"{program.name}\n".encode())
        except OSError:
            return self._how_it_died()
        return self.answer(ANSWER_S)

    def answer(self, timeout_s: float) -> dict[str, Any]:
        while b"\n" not in self._buffer:
            if not select.select([self._reports_fd], [], [], timeout_s)[0]:
                return {"died": "hung", "text": f"the host gave no answer in {timeout_s:g} s"}
            data = os.read(self._reports_fd, 1 << 20)
            if not data:
                return self._how_it_died()
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _how_it_died(self) -> dict[str, Any]:
        code = self._process.wait()
        return {"died": "killed" if code < 0 else "crashed", "text": f"exit {code}"}

    def terminal(self) -> str:
        """What came out of the host beside its reports: nothing should."""
        try:
            return os.read(self._terminal_fd, 1 << 20).decode("utf-8", "replace")
        except BlockingIOError:
            return ""

    def _settled_family(self) -> set[int]:
        """The grader's processes, when the last child has gone and the next one waits."""
        deadline = time.monotonic() + SETTLE_S
        while True:
            family = {self._process.pid, *_descendants(self._process.pid)}
            if len(family) == self._family_size or time.monotonic() > deadline:
                return family
            time.sleep(0.005)

    def health(self) -> list[Found]:
        """What a program has done to the grader's processes."""
        found: list[Found] = []
        family = self._settled_family()
        for pid in self.family & family:
            if field_of(pid, 0) in tuple("Tt"):
                found.append(("ours was hit", "a process of the grader was stopped"))
            if field_of(pid, 16) not in ("0", ""):
                found.append(("ours was hit", "a process of the grader was made slow (nice)"))
                os.setpriority(os.PRIO_PROCESS, pid, 0)
        if len(family) > self._family_size:
            more = len(family) - self._family_size
            found.append(("left behind", f"{more} child of the grader"))
        self.family = family
        fds, self._fds = self._fds, self._count_fds()
        if self._fds > fds:
            found.append(("left behind", f"{self._fds - fds} open descriptors of the grader"))
        return found

    def _count_fds(self) -> int:
        return len(os.listdir(f"/proc/{self._process.pid}/fd"))

    def end(self) -> None:
        for pid in (self._process.pid, *_descendants(self._process.pid)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._process.wait()
        for fd in (self._requests_fd, self._reports_fd, self._terminal_fd):
            os.close(fd)


def _descendants(pid: int) -> list[int]:
    """All processes below this one."""
    parents = {
        int(entry): field_of(int(entry), 1) for entry in os.listdir("/proc") if entry.isdecimal()
    }
    found = [pid]
    for known in found:
        found += [child for child, parent in parents.items() if parent == str(known)]
    return found[1:]


# --- the judgement ---------------------------------------------------------------------------


def judge(program: Program, report: dict[str, Any], token: str) -> list[Found]:
    """What a program did that it should not have been able to do."""
    problems: list[Found] = [(kind, what) for kind, what in report["problems"]]
    if report["seconds"] > LIMITS.wall_s + OVER_LIMIT_S:
        problems.append(("too long", f"held the lane for {report['seconds']} s"))
    if report["host_mib"] > HOST_MIB:
        problems.append(("too large", f"made the host grow by {report['host_mib']} MiB"))
    if "class" not in report:
        return problems
    if report["report_seconds"] > REPORT_S:
        problems.append(("report", f"reports took {report['report_seconds']} s"))
    if token in report.pop("told"):
        problems.append(("read", "a canary's word is in the verdict"))
    output = report.pop("output")
    for pattern, kind in SIGNS:
        for match in list(re.finditer(pattern, output, re.M))[:3]:
            line = output[match.start() :].partition("\n")[0]
            problems.append((kind, f"it printed: {line[:120]}"))
    problems += [(kind, f"it got{what[:120]}") for kind, what in _GOT.findall(output)]
    return problems + _judge_verdict(program, report)


def _judge_verdict(program: Program, report: dict[str, Any]) -> list[Found]:
    problems: list[Found] = []
    seen, score = report["class"], report["score"]
    if seen not in program.acceptable:
        wanted = " or ".join(program.acceptable)
        kind = "forged" if seen == "pass" else "verdict"
        text = f"{seen} ({report['ending']}), wanted {wanted}; {report['error'][:200]}"
        problems.append((kind, text))
    elif "pass" not in program.acceptable and score > program.most_points:
        problems.append(("forged", f"{score} points, of which {program.most_points} were earned"))
    if program.ending and report["ending"] != program.ending:
        problems.append(("verdict", f"ended as {report['ending']}, wanted {program.ending}"))
    if program.ending == "deadlock" and report["seconds"] > LIMITS.wall_s / 2:
        problems.append(("too long", f"a deadlock took {report['seconds']} s to find"))
    return problems


class Stage:
    """The canaries and the host, program by program."""

    def __init__(self, config: str, user: str) -> None:
        self._config = config
        self._as_user = command_prefix(user)
        self._canaries = Canaries(self._as_user)
        self._host = self._start()

    def _start(self) -> HostProcess:
        return HostProcess(self._config, self._as_user, self._canaries.environment())

    @property
    def about(self) -> dict[str, Any]:
        return self._host.about

    def run(self, program: Program) -> dict[str, Any]:
        """Grade one program; its report, with all that went wrong in ``problems``."""
        report = self._once(program)
        if any(kind == "too long" for kind, _ in report["problems"]):  # or the machine was busy
            again = self._once(program)
            if again["seconds"] < report["seconds"]:
                report = again
        return report

    def _once(self, program: Program) -> dict[str, Any]:
        report = self._host.ask(program)
        problems: list[Found] = []
        if "died" in report:
            kind = "crashed ours" if report["died"] == "crashed" else "ours was hit"
            problems.append((kind, f"the host {report['died']}: {report['text']}"))
            problems += self._terminal()
            report = {"seconds": ANSWER_S if report["died"] == "hung" else 0.0}
            self._host.end()
            problems += self._canaries.look(set())
            self._host = self._start()
        else:
            problems += judge(program, report, self._canaries.token)
            problems += self._terminal() + self._host.health()
            problems += self._canaries.look(self._host.family)
        return {**report, "name": program.name, "problems": list(dict.fromkeys(problems))}

    def _terminal(self) -> list[Found]:
        text = self._host.terminal()
        return [("write", f"to the grader's own terminal: {text[-300:]!r}")] if text else []

    def end(self) -> None:
        self._host.end()


def command_prefix(user: str) -> list[str]:
    """The command that runs another one as an ordinary user; nothing for the present one."""
    if not user:
        return []
    return ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--"]


def main() -> None:
    config, user, *names = sys.argv[1:]
    set_stage(sorted({str(ROOT), sys.prefix, sys.base_prefix}))
    os.chdir(ROOT)
    bound_harm()
    stage = Stage(config, user)
    print(json.dumps(stage.about), flush=True)
    for program in programs(names):
        print(json.dumps(stage.run(program)), flush=True)
    stage.end()
    if not FOLDER.is_dir():
        raise RuntimeError("the canaries are gone")


if __name__ == "__main__":
    main()
