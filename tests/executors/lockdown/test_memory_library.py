"""With the library in memory no import needs the file system, and little of Python is lost."""

from __future__ import annotations

import importlib.util
import json
import os
import py_compile
import subprocess
import sys
import textwrap
import zoneinfo
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from grader.executors.lockdown.library import Library
from grader.executors.lockdown.memory_library import LEFT_OUT_PACKAGES, MemoryLibrary

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only the zygote of Linux holds it in memory"
)
ROOT = Path(__file__).parents[3]

# What a process like the zygote's does before a submission comes.
START = f"""
import os, sys
sys.path[0] = {str(ROOT)!r}
import asyncio
from grader.executors.lockdown import kernel, seccomp
from grader.executors.lockdown.library import find_library
from grader.executors.lockdown.memory_library import MemoryLibrary
sys.path.remove({str(ROOT)!r})
"""
INSTALL = """
MemoryLibrary.read(find_library(sys.path)).install()
"""
# Two ways to close the file system: one that lists what was tried, and the real one.
LISTENING = """
attempts = []
def deny(event, args):
    if event in ("open", "os.listdir", "os.scandir"):
        attempts.append(f"{event} {args[0]}")
        raise PermissionError(1, "denied", str(args[0]))
def denied(name):
    def call(path, *args, **kwargs):
        attempts.append(f"{name} {path}")
        raise PermissionError(1, "denied", str(path))
    return call
import posix
for name in ("stat", "lstat", "access", "readlink"):
    setattr(posix, name, denied(name))
    setattr(os, name, denied(name))
sys.addaudithook(deny)
"""
SECCOMP = """
seccomp.prepare(kernel.machine(), may_open=False).install(os.getpid())
try:
    os.stat("/")
except PermissionError:
    pass
else:
    raise AssertionError("the filter lets a stat through")
"""
LOCKS = {"listening": LISTENING, "seccomp": SECCOMP}


def seen(program: str, *, before: str = START + INSTALL + SECCOMP) -> Any:
    """What a program in a process of its own gives to ``show``."""
    show = "import json\ndef show(value):\n    sys.__stdout__.write(json.dumps(value))\n"
    text = "\n".join([before, show, textwrap.dedent(program)])
    flags = ["-S", "-s", "-B", "-W", "ignore", "-X", "utf8", "-c", text]
    done = subprocess.run(
        [sys.executable, *flags], env={}, cwd="/", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def held(folder: Path) -> MemoryLibrary:
    return MemoryLibrary.read(Library((str(folder),), (), ()))


def load(library: MemoryLibrary, name: str) -> ModuleType:
    spec = library.find_spec(name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- what is read ----------------------------------------------------------------------------


def test_compiled_code_is_used_while_the_source_is_the_same(tmp_path: Path) -> None:
    source = tmp_path / "lesson.py"
    source.write_text("answer = 1\n")
    compiled = py_compile.compile(str(source), doraise=True)
    library = held(tmp_path)
    assert list(library.files) == [compiled]
    source.unlink()
    module = load(library, "lesson")
    assert (module.answer, module.__file__) == (1, str(source))


def test_the_source_is_used_when_compiled_code_is_old_or_missing(tmp_path: Path) -> None:
    for name in ("old", "bare", "other"):
        (tmp_path / f"{name}.py").write_text("answer = 1\n")
    py_compile.compile(str(tmp_path / "old.py"), doraise=True)
    (tmp_path / "old.py").write_text("answer = 1 + 1\n")
    foreign = Path(py_compile.compile(str(tmp_path / "other.py"), doraise=True) or "")
    foreign.write_bytes(b"else" + foreign.read_bytes()[4:])
    library = held(tmp_path)
    assert sorted(Path(path).name for path in library.files) == ["bare.py", "old.py", "other.py"]
    assert [load(library, name).answer for name in ("old", "bare", "other")] == [2, 1, 1]


@pytest.mark.parametrize(("mode", "kind"), [("UNCHECKED", ".pyc"), ("CHECKED", ".py")])
def test_compiled_code_that_names_a_hash_counts_if_it_needs_no_check(
    tmp_path: Path, mode: str, kind: str
) -> None:
    source = tmp_path / "lesson.py"
    source.write_text("answer = 1\n")
    hashed = py_compile.PycInvalidationMode[f"{mode}_HASH"]
    py_compile.compile(str(source), doraise=True, invalidation_mode=hashed)
    library = held(tmp_path)
    assert [Path(path).suffix for path in library.files] == [kind]
    assert load(library, "lesson").answer == 1


def test_only_packages_are_searched_and_tests_are_left_out(tmp_path: Path) -> None:
    for folder in ("kit", "kit/deep", "kit/tests", "site-packages", "config-3"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "part.py").touch()
    for package in ("kit", "kit/deep", "kit/tests"):
        (tmp_path / package / "__init__.py").touch()
    library = held(tmp_path)
    assert sorted(library.sources) == ["kit", "kit.deep", "kit.deep.part", "kit.part"]
    assert load(library, "kit.deep").__path__ == [str(tmp_path / "kit" / "deep")]


def test_the_first_folder_with_a_module_counts(tmp_path: Path) -> None:
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "lesson.py").write_text(f"answer = {folder!r}\n")
    folders = tuple(str(tmp_path / name) for name in ("missing", "first", "second"))
    assert load(MemoryLibrary.read(Library(folders, (), ())), "lesson").answer == "first"


# --- imports ---------------------------------------------------------------------------------

IMPORT_ALL = """
import importlib
outcomes = {}
# The first opens a web browser, the second prints, the third looks for a compiler.
for name in sorted(sys.stdlib_module_names - {"antigravity", "this", "_ios_support"}):
    try:
        importlib.import_module(name)
    except ImportError as error:
        outcomes[name] = error.name
show(outcomes)
"""
NOT_IN_MEMORY = {
    *("_crypt", "_curses", "_curses_panel", "_dbm", "_gdbm", "_tkinter"),
    *("crypt", "curses", "nis", "ossaudiodev", "readline", "spwd", "turtle"),
} | LEFT_OUT_PACKAGES


@pytest.mark.parametrize("lock", LOCKS)
def test_every_module_is_importable_that_is_so_without_the_lock(lock: str) -> None:
    usual = seen(IMPORT_ALL, before=START)
    locked = seen(IMPORT_ALL, before=START + INSTALL + LOCKS[lock])
    assert set(locked) - set(usual) <= NOT_IN_MEMORY
    assert set(usual) <= set(locked)


def test_an_import_tries_nothing_in_the_file_system() -> None:
    program = """
    import concurrent.futures.thread, xml.etree.ElementTree, email.mime.text, importlib.metadata
    import asyncio.staggered, unittest.mock, logging.handlers, sqlite3.dbapi2, ssl, tempfile
    for name in ("numpy", "xml.nothing", "turtledemo", "tzdata.zoneinfo.Atlantis"):
        try:
            __import__(name)
        except ModuleNotFoundError:
            pass
    for encoding in ("idna", "cp850", "utf-16", "latin-1", "shift_jis", "punycode"):
        "u".encode(encoding)
    show(attempts)
    """
    assert seen(program, before=START + INSTALL + LISTENING) == []


def test_a_module_knows_where_it_came_from() -> None:
    program = """
    import json, json.decoder, statistics
    show([
        [module.__spec__.name, module.__spec__.origin == module.__file__, module.__file__,
         module.__spec__.parent, getattr(module, "__path__", None)]
        for module in (json, json.decoder, statistics)
    ])
    """
    folder = Path(os.__file__).resolve().parent
    assert seen(program) == [
        ["json", True, f"{folder}/json/__init__.py", "json", [f"{folder}/json"]],
        ["json.decoder", True, f"{folder}/json/decoder.py", "json", None],
        ["statistics", True, f"{folder}/statistics.py", "", None],
    ]


def test_an_unknown_module_is_missed_in_the_usual_words() -> None:
    program = """
    import traceback
    def words(text):
        try:
            exec(text, {})
        except Exception as error:
            return traceback.format_exception_only(error)[-1].strip()
    show([words(text) for text in (
        "import numpy", "import json.nothing", "import submission.part", "from json import nothing",
    )])
    """
    absent, part, of_absent, name = seen(program)
    assert absent == "ModuleNotFoundError: No module named 'numpy'"
    assert part == "ModuleNotFoundError: No module named 'json.nothing'"
    assert of_absent == "ModuleNotFoundError: No module named 'submission'"
    assert name.startswith("ImportError: cannot import name 'nothing' from 'json'")


def test_modules_can_be_imported_again() -> None:
    program = """
    import importlib, array, decimal, json, textwrap
    for module in (array, json, textwrap, json.decoder):
        importlib.reload(module)
    for name in ("decimal", "_decimal", "math"):
        sys.modules.pop(name, None)
    again = importlib.import_module("decimal")
    show([str(again.Decimal("0.1") + 1), again is not decimal, again.Decimal.__module__,
          "_pydecimal" in sys.modules, importlib.import_module("math").sqrt(4)])
    """
    assert seen(program) == ["1.1", True, "decimal", False, 2.0]


def test_a_package_without_a_program_says_so() -> None:
    program = """
    import runpy
    try:
        runpy.run_module("json")
    except ImportError as error:
        show(str(error))
    """
    wanted = "No module named json.__main__; 'json' is a package and cannot be directly executed"
    assert seen(program) == wanted


def test_a_search_for_modules_finds_none_and_does_not_fail() -> None:
    program = """
    import importlib.metadata, importlib.util, pkgutil
    show([
        [info.name for info in pkgutil.iter_modules()], list(importlib.metadata.distributions()),
        importlib.util.find_spec("numpy"), len(repr(sys.meta_path)) < 1000,
    ])
    """
    assert seen(program) == [[], [], None, True]


# --- what a learner's program does -----------------------------------------------------------


def test_a_traceback_goes_without_the_lines_of_the_library() -> None:
    program = """
    import inspect, json, logging, traceback, warnings
    try:
        json.loads("{")
    except ValueError:
        text = traceback.format_exc()
    try:
        inspect.getsource(json.loads)
    except OSError as error:
        source = str(error)
    logging.basicConfig(stream=sys.stderr)
    logging.exception("seen")
    warnings.warn("seen")
    show(["json/__init__.py" in text, "JSONDecodeError: Expecting" in text, source])
    """
    assert seen(program) == [True, True, "could not get source code"]


def test_a_misspelt_name_gets_its_hint() -> None:
    program = """
    import traceback
    texts = []
    for line in ("colections.deque()", "collections.deque()", "import json; json.lods"):
        try:
            exec(line, {})
        except Exception as error:
            texts.append(traceback.format_exception(error)[-1].strip())
    show(texts)
    """
    misspelt, forgotten, attribute = seen(program)
    assert misspelt.startswith("NameError: name 'colections' is not defined")
    assert forgotten.startswith("NameError: name 'collections' is not defined")
    assert attribute.startswith("AttributeError: module 'json' has no attribute 'lods'")


def test_modules_that_bring_shared_libraries_work() -> None:
    program = """
    import bz2, ctypes, decimal, hashlib, lzma, random, secrets, sqlite3, ssl, statistics
    import unicodedata, uuid, xml.etree.ElementTree, zlib
    with sqlite3.connect(":memory:") as base:
        rows = base.execute("select 1 + 1").fetchall()
    context = ssl.create_default_context()
    show([
        rows, context.verify_mode.name, hashlib.sha256(b"").hexdigest()[:8],
        hashlib.new("md5", b"").hexdigest()[:8], len(secrets.token_hex()),
        random.Random(1).random(), uuid.uuid4().version,
        str(decimal.Decimal(1) / 8), unicodedata.name("a"),
        xml.etree.ElementTree.fromstring("<a><b/></a>")[0].tag,
        [module.decompress(module.compress(b"x")).decode() for module in (bz2, lzma, zlib)],
        ctypes.c_int(7).value,
    ])
    """
    assert seen(program) == [
        *([[2]], "CERT_REQUIRED", "e3b0c442", "d41d8cd9", 64, 0.13436424411240122),
        *(4, "0.125", "LATIN SMALL LETTER A", "b", ["x", "x", "x"], 7),
    ]


def test_asyncio_works_with_threads_and_every_part_of_it() -> None:
    program = """
    async def main():
        loop = asyncio.get_running_loop()
        async with asyncio.Lock():
            parts = await asyncio.gather(*(asyncio.to_thread(pow, 2, n) for n in range(3)))
        return [parts, await asyncio.wait_for(loop.run_in_executor(None, len, "abc"), 60)]
    show(asyncio.run(main()))
    """
    assert seen(program) == [[1, 2, 4], 3]


# --- time zones ------------------------------------------------------------------------------

needs_zones = pytest.mark.skipif(
    not any(Path(folder, "Europe/Berlin").exists() for folder in zoneinfo.TZPATH),
    reason="this system has no time zones",
)


@needs_zones
@pytest.mark.parametrize("lock", LOCKS)
def test_a_time_zone_has_its_offsets(lock: str) -> None:
    program = """
    from datetime import datetime
    from zoneinfo import ZoneInfo
    show([
        datetime(2024, month, 1, tzinfo=ZoneInfo(key)).utcoffset().total_seconds() / 3600
        for key in ("Europe/Berlin", "America/Argentina/Ushuaia", "Etc/GMT+5", "UTC")
        for month in (1, 7)
    ])
    """
    offsets = [1, 2, -3, -3, -5, -5, 0, 0]
    assert seen(program, before=START + INSTALL + LOCKS[lock]) == offsets


@needs_zones
def test_the_same_time_zones_are_known_as_without_the_lock() -> None:
    program = "import zoneinfo\nshow(sorted(zoneinfo.available_timezones()))"
    assert seen(program) == seen(program, before=START)


def test_an_unknown_time_zone_is_missed_in_the_usual_way() -> None:
    program = """
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError
    def outcome(key):
        try:
            return str(ZoneInfo(key))
        except (ZoneInfoNotFoundError, ValueError) as error:
            return type(error).__name__
    keys = ("Mars/Base", "Europe/Atlantis", "Europe", "../etc/passwd", "zones")
    show([outcome(key) for key in keys])
    """
    missing = "ZoneInfoNotFoundError"
    assert seen(program) == [missing, missing, missing, "ValueError", missing]


@needs_zones
def test_the_package_of_time_zones_reads_like_any_other() -> None:
    program = """
    from importlib import resources
    berlin = resources.files("tzdata") / "zoneinfo" / "Europe" / "Berlin"
    names = {path.name for path in resources.files("tzdata.zoneinfo").iterdir()}
    show([
        berlin.is_file(), berlin.is_dir(), berlin.read_bytes()[:4].decode(), "Europe" in names,
        resources.files("tzdata").joinpath("zones").is_file(),
        resources.files("tzdata.zoneinfo.Europe").is_dir(),
    ])
    """
    assert seen(program) == [True, False, "TZif", True, True, True]
