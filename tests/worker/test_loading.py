"""How a submission is loaded: what fails and how it is told, and what is left out with a note."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from grader.engine.trace import Ending, Raised, Run
from tests.helpers import submission_from
from tests.worker.runs import IMPORTS, line_of, program, run_of

RIGHT = program("return await fast()")
needs_runner = pytest.mark.skipif(sys.version_info < (3, 11), reason="Runner: Python 3.11")


def load_error(source: str) -> Raised:
    run = run_of(source)
    assert run.ending is Ending.LOAD_ERROR
    assert run.calls == ()
    assert run.error is not None
    assert "grader" not in run.error.traceback
    return run.error


def returned(run: Run) -> bool:
    return run.ending is Ending.RETURNED and str(run.value).startswith("fast-")


# --- no entry that could be called -----------------------------------------------------------


@pytest.mark.parametrize("source", ["", "# nothing\n", "async def mian(n): pass", "main = None"])
def test_missing_entry_is_told_with_what_to_write(source: str) -> None:
    error = load_error(source)
    assert error.kind == "missing"
    assert error.text == "there is no function main(): write `async def main(n)`"


@pytest.mark.parametrize("source", ["main = 3", "main = 'text'", "main = [1]"])
def test_entry_that_is_no_function_is_told(source: str) -> None:
    error = load_error(source)
    assert error.kind == "missing"
    assert error.text.endswith("not a function")


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ("", "too many positional arguments"),
        ("a, b", "missing a required argument: 'b'"),
        ("n, *, key", "missing a required"),
        ("*, n", "too many positional arguments"),
    ],
)
def test_wrong_signature_is_told_with_the_line_and_what_to_write(params: str, said: str) -> None:
    error = load_error(f"\n\nasync def main({params}): pass")
    assert error.kind == "signature"
    assert error.line == 3
    assert said in error.text
    assert "write `async def main(n)`" in error.text


@pytest.mark.parametrize("params", ["n", "number", "*args", "n, more=1", "n, *, key=2, **rest"])
def test_signature_only_has_to_accept_the_call(params: str) -> None:
    assert returned(run_of(f"{IMPORTS}async def main({params}): return await fast()"))


def test_async_generator_is_told() -> None:
    error = load_error("async def main(n):\n    yield 1\n")
    assert error.kind == "not_async"
    assert error.line == 1
    assert "`return` the result instead" in error.text


def test_function_that_is_not_async_is_told_when_it_is_called() -> None:
    run = run_of("def main(n):\n    return n\n")
    assert run.ending is Ending.RAISED
    assert run.error is not None
    assert run.error.text == "TypeError: main() is not async: write `async def main(…)`"
    assert run.error.traceback == run.error.text


@pytest.mark.parametrize(
    "before",
    [
        "def main(n): return fast()",  # a plain function that returns an awaitable
        "import functools\nasync def helper(key, n): return await fast()\n"
        "main = functools.partial(helper, 1)",
        "class Main:\n    async def __call__(self, n): return await fast()\nmain = Main()",
        "class Main:\n    async def run(self, n): return await fast()\nmain = Main().run",
        "main = lambda n: fast()",
        "def twice(f):\n    async def wrapper(*a): return await f(*a)\n    return wrapper\n"
        "@twice\nasync def main(n): return await fast()",
    ],
)
def test_entry_may_be_any_callable_that_gives_an_awaitable(before: str) -> None:
    assert returned(run_of(IMPORTS + before))


@pytest.mark.parametrize(
    "evil",
    [
        "__class__ = property(lambda self: 1 / 0)",
        "__code__ = property(lambda self: 1 / 0)",
        "__signature__ = property(lambda self: 1 / 0)",
        "__signature__ = 'text'",
        "__wrapped__ = property(lambda self: self)",
        "def __getattr__(self, name): raise SystemExit(name)",
    ],
)
def test_entry_that_resists_inspection_is_called_all_the_same(evil: str) -> None:
    run = run_of(
        f"class Main:\n    {evil}\n    async def __call__(self, n): return n\nmain = Main()"
    )
    assert run.ending in (Ending.RETURNED, Ending.RAISED, Ending.LOAD_ERROR)


# --- errors in the source and at import ------------------------------------------------------


def test_syntax_error_is_told_with_its_line_and_caret() -> None:
    error = load_error("async def main(n):\n    users = await fast(\n    return users\n")
    assert error.kind == "syntax"
    assert error.line == 2
    assert error.text.startswith("SyntaxError: ")
    shown = error.traceback.splitlines()
    assert shown[0] == '  File "s.py", line 2'
    assert shown[1] == "    users = await fast("
    assert shown[2] == "                      ^"
    assert shown[3] == error.text


def test_caret_stands_below_its_place_whatever_the_indentation() -> None:
    shown = load_error("if True:\n\tx = 3 +\n").traceback.splitlines()
    assert shown[1].strip() == "x = 3 +"
    assert shown[2].index("^") - shown[1].index("x") in (6, 7)


@pytest.mark.parametrize(
    "source",
    [
        "async def main(n):\nreturn 1\n",  # IndentationError
        "async def main(n):\n\tif n:\n        return 1\n",  # TabError
        "def main(n):\n    await fast()\n",
        "return 1\n",
        "x = '\n",
        "\\",
        "(" * 300,
        "1" * 5000 + " = 1",
    ],
)
def test_what_can_not_be_compiled_is_a_syntax_error(source: str) -> None:
    error = load_error(source)
    assert error.kind == "syntax"
    assert "Error" in error.text


@pytest.mark.parametrize(
    "source", ["x = " + "-" * 100_000 + "1", "x = " + "(1+" * 3000 + "1" + ")" * 3000]
)
def test_source_that_is_nested_too_deep_does_not_end_the_grader(source: str) -> None:
    if sys.version_info < (3, 11):
        pytest.skip(
            "the compiler of Python 3.10 runs out of its stack: only in a process of its own"
        )
    run = run_of(source)
    assert run.ending in (Ending.LOAD_ERROR, Ending.MEMORY_LIMIT)


def test_warnings_of_the_compiler_are_not_output() -> None:
    run = run_of("PATTERN = '\\d'\nassert (1, 'always')\n" + program("return await fast()"))
    assert returned(run)
    assert run.output == ""


def test_exception_at_import_shows_the_students_frames_only() -> None:
    source = RIGHT + "\ndef helper():\n    return {}['key']  # here\n\nhelper()\n"
    error = load_error(source)
    assert error.kind == "KeyError"
    assert error.text == "KeyError: 'key'"
    assert error.line == line_of(source, "# here")
    assert error.traceback.splitlines() == [
        "Traceback (most recent call last):",
        '  File "s.py", line 9, in <module>',
        "    helper()",
        f'  File "s.py", line {line_of(source, "# here")}, in helper',
        "    return {}['key']  # here",
        "KeyError: 'key'",
    ]


@pytest.mark.parametrize("call", ["raise SystemExit(0)", "import sys; sys.exit('done')"])
def test_exit_at_import_is_told(call: str) -> None:
    error = load_error(f"{RIGHT}\n{call}\n")
    assert error.kind == "exit"
    assert error.text == "the program ended itself while it was imported"
    assert error.line == 6


@pytest.mark.parametrize("name", ["KeyboardInterrupt", "GeneratorExit", "StopIteration"])
def test_any_exception_at_import_is_told(name: str) -> None:
    assert load_error(f"{RIGHT}\nraise {name}\n").kind == name


def test_unknown_module_is_told() -> None:
    error = load_error("import numpie\n" + RIGHT)
    assert error.kind == "ModuleNotFoundError"
    assert "numpie" in error.text
    assert error.line == 1


def test_unknown_service_is_told() -> None:
    error = load_error("from services import get_nothing\n" + RIGHT)
    assert error.kind == "ImportError"
    assert "get_nothing" in error.text


def test_service_called_during_the_import_is_told_with_the_place_to_call_it() -> None:
    error = load_error("from services import *\nusers = fast()\n" + RIGHT)
    assert error.kind == "RuntimeError"
    assert error.line == 2
    assert "fast() was called while the module was being imported" in error.text
    assert "call services inside main()" in error.text


# --- the program at the bottom ---------------------------------------------------------------


@pytest.mark.parametrize(
    "bottom",
    [
        "asyncio.run(main(1))",
        "from asyncio import run\nrun(main(1))",
        "print(asyncio.run(main(1))['key'])",
        "first, second = asyncio.run(main(1))",
        "asyncio.run(main(1), debug=True)",
        "asyncio.get_event_loop().run_until_complete(main(1))",
        "loop = asyncio.new_event_loop()\nloop.run_until_complete(main(1))\nloop.close()",
        "loop = asyncio.new_event_loop()\nasyncio.set_event_loop(loop)\n"
        "task = loop.create_task(main(1))\nloop.run_until_complete(task)\nloop.close()",
        "loop = asyncio.get_event_loop()\nloop.create_task(main(1))\nloop.run_forever()",
        "loop = asyncio.get_event_loop()\n"
        "loop.run_until_complete(asyncio.gather(main(1), main(2)))",
        "async def program():\n    print(await main(1))\nasyncio.run(program())",
        pytest.param(
            "with asyncio.Runner() as runner:\n    print(runner.run(main(1)))", marks=needs_runner
        ),
    ],
)
def test_program_at_the_bottom_is_noted_once_and_graded_all_the_same(bottom: str) -> None:
    source = f"{RIGHT}\n{bottom}\n"
    run = run_of(source)
    assert returned(run)
    assert run.output in ("", "None\n")
    [(kind, line)] = run.notes
    assert kind == "main_ignored"
    assert line is not None
    assert "run" in source.splitlines()[line - 1]


def test_two_programs_at_the_bottom_are_two_notes() -> None:
    run = run_of(f"{RIGHT}asyncio.run(main(1))\nasyncio.run(main(2))\n")
    assert returned(run)
    assert run.notes == (("main_ignored", 5), ("main_ignored", 6))


def test_program_that_runs_before_the_entry_is_defined_does_not_hide_a_missing_entry() -> None:
    source = f"{IMPORTS}async def other(): pass\nresult = asyncio.run(other())['key']\n{RIGHT}"
    run = run_of(source)
    assert run.ending is Ending.LOAD_ERROR
    assert run.error is not None
    assert run.error.line == 4


def test_main_guard_is_left_out_without_a_note() -> None:
    run = run_of(f'{RIGHT}if __name__ == "__main__":\n    asyncio.run(main(1))\n')
    assert returned(run)
    assert run.notes == ()


def test_asyncio_is_its_own_again_after_the_import() -> None:
    source = "from asyncio import run, get_event_loop, new_event_loop\n" + program(
        """
        assert get_event_loop() is asyncio.get_running_loop()
        coroutine = fast()
        try:
            run(coroutine)
        except RuntimeError as error:
            print(error)
        return await coroutine
        """
    )
    run = run_of(source)
    assert returned(run)
    assert run.output == "asyncio.run() cannot be called from a running event loop\n"


def test_nothing_of_the_import_loop_is_left() -> None:
    source = f"{RIGHT}loop = asyncio.new_event_loop()\nasyncio.set_event_loop(loop)\n"
    first = run_of(f"{source}task = loop.create_task(main(1))\nloop.run_until_complete(task)\n")
    second = run_of(f"{source}assert loop.time() == 0\nloop.close()\n")
    assert returned(first)
    assert returned(second)
    assert first.output == second.output == ""


# --- the services module, and the submission as a module -------------------------------------


def test_services_has_the_exercises_names_only() -> None:
    run = run_of(
        "import services\nasync def main(n):\n"
        "    return [name for name in dir(services) if not name.startswith('_')]\n"
    )
    assert run.value == ["Session", "fast", "look_up", "slow"]


def test_services_have_real_signatures() -> None:
    run = run_of(
        "import inspect, services\n"
        "async def main(n):\n"
        "    names = ['fast', 'look_up', 'Session']\n"
        "    return [str(inspect.signature(getattr(services, name))) for name in names]\n"
    )
    assert run.value == ["()", "(key)", "(name)"]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("look_up()", "missing 1 required positional argument: 'key'"),
        ("look_up(1, 2)", "takes 1 positional argument but 2 were given"),
        ("look_up(kee=1)", "unexpected keyword argument 'kee'"),
        ("fast(1)", "takes 0 positional arguments but 1 was given"),
        ("Session()", "missing a required argument: 'name'"),
    ],
)
def test_wrong_arguments_of_a_service_are_the_students_type_error(call: str, said: str) -> None:
    source = program(f"return await {call}")
    run = run_of(source)
    assert run.ending is Ending.RAISED
    assert run.error is not None
    assert run.error.kind == "TypeError"
    assert said in run.error.text
    assert run.error.line == 4
    assert "grader" not in run.error.traceback


@pytest.mark.skipif(sys.version_info < (3, 12), reason="inspect knows marked functions from 3.12")
def test_services_count_as_coroutine_functions() -> None:
    run = run_of(
        "import inspect\nfrom services import fast\n"
        "async def main(n):\n    return inspect.iscoroutinefunction(fast)\n"
    )
    assert run.value is True


def test_fake_services_module_is_no_service() -> None:
    run = run_of(
        "import sys, types\n"
        "fake = types.ModuleType('services')\n"
        "async def fast(): return 'fast-0'\n"
        "fake.fast = fast\n"
        "sys.modules['services'] = fake\n"
        "from services import fast\n"
        "async def main(n): return await fast()\n"
    )
    assert run.ending is Ending.RETURNED
    assert run.value == "fast-0"
    assert run.calls == ()
    assert returned(run_of(RIGHT))


def test_submission_may_import_itself() -> None:
    run = run_of("import submission\n" + program("return await submission.fast()"))
    assert returned(run)


def test_import_under_its_file_name_fails_and_is_told() -> None:
    assert load_error("import s\n" + RIGHT).kind == "ModuleNotFoundError"


def test_each_run_has_fresh_modules() -> None:
    source = "import services\nseen = []\n" + program("seen.append(1); return len(seen)")
    assert [run_of(source).value for _ in range(2)] == [1, 1]
    assert "submission" not in sys.modules
    assert "services" not in sys.modules


def test_submission_knows_its_file_name() -> None:
    assert submission_from(RIGHT).filename == "s.py"
    assert run_of("async def main(n): return __file__, __name__").value == ("s.py", "submission")


# --- time at import --------------------------------------------------------------------------


def test_sleep_at_import_takes_no_real_time() -> None:
    begun = time.monotonic()
    run = run_of(
        "from time import sleep, time, monotonic\n"
        "a = time(), monotonic()\n"
        "sleep(3600)\n"
        "elapsed = time() - a[0], monotonic() - a[1]\n"
        "async def main(n): return elapsed\n"
    )
    assert run.value == (3600.0, 3600.0)
    assert time.monotonic() - begun < 60


def test_clock_of_the_run_starts_at_zero_whatever_the_import_slept() -> None:
    run = run_of("import time\ntime.sleep(5)\nasync def main(n): return time.monotonic()\n")
    assert run.value == 0.0
    assert run.end_us == 0


def test_time_is_pythons_own_outside_of_a_run() -> None:
    run_of(RIGHT)
    assert time.sleep.__module__ != "grader.worker.virtual_time"
    assert abs(time.time() - Path(__file__).stat().st_mtime) < 10**10
