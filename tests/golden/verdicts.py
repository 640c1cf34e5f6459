"""The standard verdicts that every reporter is tested with. Pure data; nothing is graded here."""

from __future__ import annotations

import hashlib

from grader.verdict import ItemResult, Status, StudentError, Timeline, TimelineCall, Verdict

S = 1_000_000
PASSED, FAILED, NOT_ASSESSED = Status.PASSED, Status.FAILED, Status.NOT_ASSESSED

HOSTILE = (
    "\x1b[2J\x1b[1;1H\x1b[32mPASSED 100/100\x1b[0m\x1b]8;;http://x.invalid\x07click\x1b]8;;\x07\n"
    "::error file=a.py,line=1::hacked\r  ::set-output name=result::e30=\r\n##[error]x ###[debug]y\n"
    "rtl \u202egnp.exe\u2066 zero\u200bwidth nul\x00bell\x07 c1\x9b31m \ud800lone\n"
    "line\u2028separator\u2029paragraph\x85next\x0bvt\x0cff [bold]markup[/bold] :smile: <b>&amp;\n"
    + "zalgo e"
    + "\u0301\u0336" * 300
    + " 日本語 ünï\ttab"
)


def item(
    id: str, title: str, status: Status, max_points: int, message: str = "", **more: object
) -> ItemResult:
    points = max_points if status is PASSED else 0
    return ItemResult(id, title, status, points, max_points, message, **more)  # type: ignore[arg-type]


def call(
    service: str,
    start_s: float,
    end_s: float | None,
    line: int | None = None,
    outcome: str = "ok",
    args: tuple[str, ...] = (),
    critical: bool = False,
) -> TimelineCall:
    end_us = None if end_s is None else round(end_s * S)
    return TimelineCall(service, args, round(start_s * S), end_us, line, outcome, critical)


def verdict(items: tuple[ItemResult, ...], **changes: object) -> Verdict:
    fields: dict[str, object] = {
        "exercise": "exercise-2",
        "title": "Side by side",
        "path": "s.py",
        "sha256": hashlib.sha256(b"a submission").hexdigest(),
        "items": items,
        "ending": "returned",
        "isolation": "weak",
        "isolation_note": "a process with limits; this system offers no more",
        "seed": "5eed5eed5eed5eed",
        "case": "a",
        "output": "",
        "error": None,
        "timeline": None,
        "best": None,
        "replay": "asyncgrade check exercise-2 s.py --seed 5eed5eed5eed5eed",
        "grader_version": "1.0.0",
        "python_version": "3.11.7",
    }
    return Verdict(**(fields | changes))  # type: ignore[arg-type]


BEST_2 = Timeline(
    3 * S, 3 * S, (call("get_users", 0, 3, critical=True), call("get_locations", 0, 2))
)


def all_passed() -> Verdict:
    return verdict(
        (
            item("result", "the result is right", PASSED, 3),
            item("calls", "each service is called once", PASSED, 1),
            item("overlap", "the two calls overlap", PASSED, 6),
        ),
        timeline=Timeline(
            3 * S, 3 * S, (call("get_users", 0, 3, 5), call("get_locations", 0, 2, 6))
        ),
        best=BEST_2,
        isolation="strong",
        isolation_note="",
    )


def serial() -> Verdict:
    return verdict(
        (
            item("result", "the result is right", PASSED, 3),
            item("calls", "each service is called once", PASSED, 1),
            item(
                "overlap",
                "the two calls overlap",
                FAILED,
                5,
                "get_locations() was not started while get_users() was still running.",
                wanted="both calls are started before the first one is awaited",
                hint="Start both together: await asyncio.gather(get_users(), get_locations())",
                misconception="serial-awaits",
                line=5,
                source_line="    users = await get_users()",
                case="a",
            ),
            item(
                "time",
                "it takes no longer than the best schedule",
                FAILED,
                1,
                "It took 5 s; the best schedule takes 3 s.",
                wanted="3 s",
                case="a",
            ),
            item("style", "no name hides a built-in one", FAILED, 0, "`list` is hidden.", line=3),
        ),
        output="users are there\nlocations are there\n",
        timeline=Timeline(
            5 * S, 3 * S, (call("get_users", 0, 3, 5), call("get_locations", 3, 5, 6))
        ),
        best=BEST_2,
        notes=("The code below `if __name__ == '__main__':` (line 9) was not run.",),
    )


def syntax_error() -> Verdict:
    not_run = "Nothing could be checked, because the file could not be loaded."
    return verdict(
        (
            item("result", "the result is right", NOT_ASSESSED, 4, not_run),
            item("overlap", "the two calls overlap", NOT_ASSESSED, 6, not_run),
        ),
        ending="load_error",
        case=None,
        error=StudentError(
            "SyntaxError",
            "'(' was never closed",
            '  File "s.py", line 4\n    users = await get_users(\n                           ^\n'
            "SyntaxError: '(' was never closed",
            4,
        ),
    )


def deadlock() -> Verdict:
    return verdict(
        (
            item(
                "result",
                "the result is right",
                FAILED,
                4,
                "The function never returned: every task waits and nothing can wake one.",
                wanted="the function returns",
                hint="Look at line 9: who sets this event?",
                line=9,
                source_line="    await ready.wait()",
                case="slow",
            ),
            item("overlap", "the two calls overlap", NOT_ASSESSED, 6, "The run did not end."),
        ),
        path="-",
        ending="deadlock",
        case="slow",
        timeline=Timeline(
            2_500_000,
            3 * S,
            (
                call("get_users", 0, None, 5, "open"),
                call("get_locations", 0, 1.25, 6, "raised", ("'oslo'", "limit=3")),
                call("get_weather", 0.5, 2, 7, "cancelled"),
                call("get_map", 2.5, 2.5, 8, "refused"),
            ),
        ),
        best=BEST_2,
    )


def hostile() -> Verdict:
    return verdict(
        (
            item("result", "the result is right", PASSED, 4),
            item(
                "overlap",
                "the two calls overlap",
                FAILED,
                6,
                f"It returned {HOSTILE!r:.90} and {HOSTILE}",
                wanted=HOSTILE,
                hint=HOSTILE,
                line=4,
                source_line=f"    x = '{HOSTILE}'",
                case="a",
            ),
        ),
        path="\x1b[31ms\u202e\n::error::.py",
        ending="raised",
        output=HOSTILE * 2,
        error=StudentError("Evil\x1b[0m\nError", HOSTILE, f"Traceback:\n{HOSTILE}", 4),
        timeline=Timeline(
            S,
            S,
            (call("get_users", 0, 1, 4, args=(HOSTILE, "'\x1b[5A'")), call("e\u200bvil", 0, 1)),
        ),
        best=BEST_2,
        notes=(HOSTILE,),
    )


def many_calls() -> Verdict:
    run = tuple(call("get_item", n, n + 1, 7, args=(str(n),)) for n in range(30))
    best = tuple(call("get_item", 0, 1, args=(str(n),), critical=n == 29) for n in range(30))
    return verdict(
        (item("overlap", "the calls overlap", FAILED, 10, "One after the other.", line=7),),
        timeline=Timeline(30 * S, S, run),
        best=Timeline(S, S, best),
        output="".join(f"line {n}\n" for n in range(1000)) + "x" * 200_000,
    )


STANDARD = {
    "all-passed": all_passed,
    "serial": serial,
    "syntax-error": syntax_error,
    "deadlock": deadlock,
    "hostile": hostile,
    "many-calls": many_calls,
}
