"""The loader: what a good file becomes, and every problem of a bad one with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.exercise.loader import load_exercise
from grader.exercise.model import ExerciseError, Limits
from grader.values import Dict, describe
from tests.exercise.helpers import (
    DISPLAY_USER,
    ZOO,
    edited,
    exercise,
    load_text,
    only_problem,
    problems,
)

USER_CALL = "user: get_user_details()"
PROFILE_CALL = "profile: get_profile_details(user['username'])"
DURATION = "duration: 0.5"


def test_zoo_exercise_loads() -> None:
    loaded = load_exercise(ZOO / "display-user.yaml")
    assert (loaded.id, loaded.entry, loaded.params) == ("display-user", "display_user", ())
    assert [service.name for service in loaded.services] == [
        "get_user_details",
        "get_profile_details",
    ]
    assert loaded.operation("get_profile_details").params == ("username",)
    assert loaded.operation("get_profile_details").duration_us({}) == 500_000
    assert [(item.id, item.check) for item in loaded.rubric] == [
        ("result", "result"),
        ("calls", "calls"),
        ("order", "concurrency"),
        ("time", "makespan"),
        ("clean", "clean"),
    ]
    assert loaded.limits == Limits()
    assert loaded.path == str(ZOO / "display-user.yaml")


def test_all_parts_of_the_format_load(tmp_path: Path) -> None:
    loaded = exercise(
        tmp_path,
        """
params: [ids, mode]
exceptions: [QuoteError]
services:
  get:
    args: [key, extra]
    duration: {a: 1, b: 0.25, 3: 2}
    raises:
      - {when: key == 'b' and nth <= 2, error: "QuoteError(f'try {nth}', key)"}
      - {when: "key == 'x'", error: ValueError()}
  wait: {args: [n], duration: "n / 4 + 0.1", returns: n}
  Session:
    kind: context
    enter: 0.5
    exit: 1
    exclusive: true
    summary: "one  at\\n a time"
    methods:
      run: {args: [query], duration: 2, returns: "f'{query}-{nonce}'"}
plan:
  one: {call: "get(extra=mode, key='a')", each: "i, x in enumerate(ids)"}
  two: {call: Session.run(mode), after: [one]}
result: (two, one)
normalise: tuple(result)
cases:
  a: {call: [[1, 2], {k: [1, null, 2.5, true]}]}
  b: {call: [[], x], raises: QuoteError}
  c: {call: [[], x], result: two}
limits: {cpu_s: 5, memory_mib: 64}
""",
    )
    get, wait, session = loaded.services
    assert get.operations[0].duration_us({"key": "b"}) == 250_000
    assert get.operations[0].duration_us({"key": 3}) == 2_000_000
    assert wait.operations[0].duration_us({"n": 1}) == 350_000
    first, second = get.operations[0].failures
    assert (first.error_type, second.error_type) == ("QuoteError", "ValueError")
    bound = {"key": "b", "nth": 2}
    assert first.when(bound) is True
    assert [part(bound) for part in first.error_args] == ["try 2", "b"]
    assert [operation.name for operation in session.operations] == [
        "Session.enter",
        "Session.exit",
        "Session.run",
    ]
    assert (session.exclusive, session.summary) == (True, "one at a time")
    step = loaded.plan[0]
    assert step.loop_targets == ("i", "x")
    assert [name for name, _ in step.args] == ["key", "extra"]
    assert loaded.plan[1].after == ("one",)
    assert describe(loaded.cases[0].args[1]) == "{'k': [1, None, 2.5, True]}"
    assert isinstance(loaded.cases[0].args[1], Dict)
    assert (loaded.cases[1].raises, loaded.cases[1].result) == ("QuoteError", None)
    assert (loaded.limits.cpu_s, loaded.limits.wall_s) == (5, Limits().wall_s)


def test_words_that_yaml_1_1_changes_stay_words(tmp_path: Path) -> None:
    loaded = exercise(
        tmp_path,
        """
params: [x]
services: {get: {duration: 1}}
result: x
cases: {a: {call: [[yes, on, 2024-01-31, "1", 1:30, ~]]}}
""",
    )
    assert loaded.cases[0].args[0] == ["yes", "on", "2024-01-31", "1", "1:30", None]


def test_anchors_are_possible(tmp_path: Path) -> None:
    text = edited(("duration: 1", "duration: &one 1"), (DURATION, "duration: *one"))
    loaded = load_text(tmp_path, text.replace("{call: []}", "&c {call: []}\n  b: *c"))
    assert [case.name for case in loaded.cases] == ["a", "b"]


KEYS = (
    "cases, difficulty, entry, exceptions, format, goal, hints, id, limits, normalise, params,"
    " plan, result, rubric, services, text, title"
)
GET = "services.get_profile_details"
NEEDS_PLAN = "needs a plan, and there is none; add a plan, or use the checks result and clean"
BAD = [
    # the head
    (("goal: await", "gaol: await"),
     "1: goal: this key is missing; add it",
     f"4: gaol: unknown key; did you mean 'goal'?; wanted one of {KEYS}"),
    (("id: display-user", "id: other"),
     "2: id: seen 'other'; wanted the name of the file, 'display-user'"),
    (("id: display-user", "id: Display_User"),
     "2: id: seen 'Display_User'; wanted a-z, 0-9 and - only"),
    (("title: Display a user", "title: 5"),
     "3: title: seen 5; wanted text (numbers in quotes)"),
    (("title: Display a user", "title:"),
     "3: title: seen nothing; wanted text (numbers in quotes)"),
    (("difficulty: introductory", "difficulty: intro"),
     "5: difficulty: seen 'intro'; did you mean 'introductory'?;"
     " wanted one of introductory, easy, medium, hard"),
    (("  - What must you know before you can ask for the profile?", "  - 7"),
     "11: hints: seen 7 in the list; wanted text"),
    (("entry: display_user", "entry: display-user"),
     "13: entry: 'display-user' is not a Python name;"
     " wanted the name of the function that a student writes"),
    (("entry: display_user", "entry: get_user_details"),
     "13: entry: 'get_user_details' is also the name of a service;"
     " wanted the name of the function that a student writes"),
    (("params: []", "params: [a, a, class]"),
     "14: params: 'a' is here twice; wanted another name",
     "14: params: 'class' is a word of the language Python; wanted another name"),
    (("params: []", "params: []\nevents: {stop: 7}\nstate: 3"),
     "15: events: not supported yet by this version; remove it",
     "16: state: not supported yet by this version; remove it"),
    (("rubric:", "limits: {cpu_s: 0, memory_mb: 3}\nrubric:"),
     "33: limits.memory_mb: unknown key; did you mean 'memory_mib'?;"
     " wanted one of cpu_s, memory_mib, output_bytes, virtual_s, wall_s",
     "33: limits.cpu_s: seen 0; wanted a whole number from 1 to 600"),
    # services
    ((DURATION, "durations: 0.5"),
     f"22: {GET}.duration: this key is missing; add it",
     f"23: {GET}.durations: unknown key; did you mean 'duration'?;"
     " wanted one of args, duration, kind, raises, returns, summary"),
    ((DURATION, "duration: -1"),
     f"23: {GET}.duration: -1 s is not between 0 and 1,000,000,000 s;"
     " wanted a number of seconds"),
    ((DURATION, "duration: 0.0000005"),
     f"23: {GET}.duration: 5e-07 s is not a whole number of microseconds;"
     " wanted a number of seconds"),
    ((DURATION, "duration: true"),
     f"23: {GET}.duration: True is not a number of seconds; wanted a number of seconds"),
    ((DURATION, "duration: 0"),
     f"23: {GET}.duration: get_profile_details takes 0 s in case 'a';"
     " wanted more than 0, because the rubric looks at time"),
    ((DURATION, "duration: len(username) - 15"),
     f"23: {GET}.duration: get_profile_details takes 0 s in case 'a';"
     " wanted more than 0, because the rubric looks at time"),
    ((DURATION, "duration: len(usernam)"),
     f"23: {GET}.duration: unknown name 'usernam'; did you mean 'username'?;"
     " username can be used here"),
    ((DURATION, "duration: {bob: 1}"),
     f"23: {GET}.duration: in case 'a': step 'profile': username can be 'bob' here,"
     " not 'user-0000000000'"),
    ((DURATION, "duration: {bob: soon}"),
     f"23: {GET}.duration.bob: 'soon' is not a number of seconds; wanted a number of seconds"),
    ((DURATION, "duration: {sequence: [1, 2]}"),
     f"23: {GET}.duration.sequence: not supported yet by this version; remove it"),
    ((DURATION, DURATION + "\n    cleanup: 1\n    capacity: 2"),
     f"24: {GET}.cleanup: not supported yet by this version; remove it",
     f"25: {GET}.capacity: not supported yet by this version; remove it"),
    ((DURATION, DURATION + "\n    kind: stream"),
     f"24: {GET}.kind: kind stream is not supported yet by this version;"
     " wanted one of coroutine, context"),
    ((DURATION, DURATION + "\n    kind: contxt"),
     f"24: {GET}.kind: seen 'contxt'; did you mean 'context'?;"
     " wanted one of coroutine, context"),
    ((DURATION, DURATION + "\n    raises: {when: usrname == 'x', error: ValueErorr('x')}"),
     f"24: {GET}.raises.when: unknown name 'usrname'; did you mean 'username'?;"
     " nth, username can be used here",
     f"24: {GET}.raises.error: unknown exception 'ValueErorr'; did you mean 'ValueError'?;"
     " wanted a built-in exception or one of the exercise's `exceptions` (none)",
     "37: rubric[2].check: concurrency can't be judged while get_profile_details raises;"
     " use the check makespan"),
    (("{'bio': f'bio of {username}'}", "{'bio': username.format(1)}"),
     f"24: {GET}.returns: seen \"{{'bio': username.format(1)}}\"; there is no method .format()"),
    # plan
    (("user['username'])", "user['name'])"),
     "28: plan.profile.call: in case 'a': step 'profile': there is no key 'name' in the dict;"
     " its keys are 'username', 'id'"),
    (("user['username'])", "usr['username'])"),
     "28: plan.profile: unknown name 'usr'; did you mean 'user'?; user can be used here"),
    (("user['username'])", "user['username'], 3)"),
     "28: plan.profile: get_profile_details() got 2 arguments; it takes username"),
    (("(user['username'])", "(user_name=user['username'])"),
     "28: plan.profile: get_profile_details() got the unknown argument 'user_name';"
     " did you mean 'username'?; it takes username",
     "28: plan.profile: get_profile_details() got no username; it takes username"),
    (("get_profile_details(user['username'])", "get_profiles(user['username'])"),
     "28: plan.profile: unknown service get_profiles(); did you mean 'get_profile_details'?;"
     " wanted one of get_user_details, get_profile_details"),
    ((USER_CALL, "user: get_profile_details(profile)"),
     "27: plan.user: the step 'profile' is defined further down; move it above user"),
    ((USER_CALL, "user: get_profile_details(user)"),
     "27: plan.user: the step 'user' uses itself"),
    ((USER_CALL, "user: {call: get_user_details(), after: [profile]}"),
     "27: plan.user.after: the step 'profile' is defined further down; move it above user;"
     " wanted steps above this one: there are none"),
    ((PROFILE_CALL, "profile: {call: get_profile_details(u), each: user in user}"),
     "28: plan.profile.each: 'user' is already a parameter or a step; wanted another name",
     "28: plan.profile.call: unknown name 'u'; user can be used here"),
    ((PROFILE_CALL, "profile: {call: get_profile_details(u), each: u in 7}"),
     "28: plan.profile.each: in case 'a': step 'profile':"
     " going over the items does not work on int"),
    ((PROFILE_CALL, "profile: {call: get_profile_details(u), each: u in user for v in u}"),
     "28: plan.profile.each: seen 'u in user for v in u'; this is not one loop;"
     " write it like: item in items"),
    # results and cases
    (("result: (user, profile)", "result: (user, profil)"),
     "29: result: unknown name 'profil'; did you mean 'profile'?; profile, user can be used here"),
    (("result: (user, profile)", "result: nonce"),
     "29: result: a nonce belongs to one call; write the result over the steps of the plan"),
    (("result: (user, profile)", "result: [user, profile]"),
     "29: result: seen a list; wanted an expression in quotes"),
    (("result: (user, profile)", "result: user['x']"),
     "29: result: in case 'a': there is no key 'x' in the dict; its keys are 'username', 'id'"),
    (("result: (user, profile)\n", ""),
     "31: cases.a: neither a result nor an exception;"
     " give the case `result` or `raises`, or the exercise a `result`"),
    (("normalise: result", "normalise: tuple(reslt)"),
     "30: normalise: unknown name 'reslt'; did you mean 'result'?; result can be used here"),
    (("normalise: result", "normalise: result[0][0]"),
     "30: normalise: fails on the result of case 'a': there is no key 0 in the dict;"
     " its keys are 'username', 'id'; wanted an expression that works on right results"),
    (("{call: []}", "{call: [1]}"),
     "32: cases.a.call: 1 argument; the entry takes no arguments"),
    (("{call: []}", "{call: [], result: user, raises: ValueError}"),
     "32: cases.a.raises: a result and an exception; a case ends in one of them"),
    (("{call: []}", "{call: [], raises: SystemExit}"),
     "32: cases.a.raises: unknown exception 'SystemExit'; did you mean 'SystemError'?;"
     " wanted a built-in exception or one of the exercise's `exceptions` (none)"),
    (("  a: {call: []}", "  {}"),
     "31: cases: no cases; wanted at least one: name: {call: [arguments]}"),
    # rubric
    (("id: calls", "id: result"),
     "35: rubric[1].id: 'result' is the id of two items; wanted another id"),
    (("id: calls", "id: a-very-long-name-of-an-item"),
     "35: rubric[1].id: seen 'a-very-long-name-of-an-item';"
     " wanted at most 18 of a-z, 0-9, _ and -, a letter first"),
    (("check: calls", "check: call"),
     "35: rubric[1].check: seen 'call'; did you mean 'calls'?;"
     " wanted one of result, calls, concurrency, makespan, clean, references"),
    (("check: calls", "assert: time == 6"),
     "35: rubric[1].assert: not supported yet by this version; remove it"),
    (("points: 1, check: calls", "points: 1.5, check: calls, case: b"),
     "35: rubric[1].case: seen 'b'; wanted one of a",
     "35: rubric[1].points: seen 1.5; wanted a whole number from 0 to 1000"),
    (("check: concurrency, goal: true", "check: concurrency"),
     "33: rubric: the goal items hold 5 of 10 points;"
     " mark what the exercise teaches with `goal: true`; it must hold 6 of every 10"),
    ((f"plan:\n  {USER_CALL}\n  {PROFILE_CALL}\nresult: (user, profile)", "result: 5"),
     f"32: rubric[1].check: calls {NEEDS_PLAN}",
     f"33: rubric[2].check: concurrency {NEEDS_PLAN}",
     f"35: rubric[3].check: makespan {NEEDS_PLAN}"),
    # YAML itself
    (("title: Display a user", "title: Display a user\ntitle: Again"),
     "4: title: this key is here twice; keep one of them"),
    (("title: Display a user", "title: !!python/name:os.system x"),
     "3: file: the tag !!python/name:os.system; tags are not possible here"),
    (("title: Display a user", "title: a: b"),
     "3: file: not YAML: mapping values are not allowed in this context;"
     " look at the quotes and the indentation"),
    (("params: []", "params: *x"),
     "14: file: the alias *x has no complete anchor &x before it;"
     " wanted a value that was named before"),
    (("params: []", "params: &x [*x]"),
     "14: file: the alias *x has no complete anchor &x before it;"
     " wanted a value that was named before"),
    (("params: []", "params: []\n? [a]\n: 1"),
     "15: file: a key that is a collection; wanted a word"),
]  # fmt: skip


@pytest.mark.parametrize("row", BAD, ids=lambda row: row[0][1].split("\n")[-1][:40])
def test_bad_files_get_these_messages(row: tuple[tuple[str, str], str], tmp_path: Path) -> None:
    edit, *expected = row
    assert sorted(problems(tmp_path, edited(edit))) == sorted(expected)


def test_all_points_zero_is_refused(tmp_path: Path) -> None:
    text = DISPLAY_USER
    for digit in "134":
        text = text.replace(f"points: {digit}", "points: 0")
    assert problems(tmp_path, text) == ["33: rubric: no points; wanted items with points"]


def test_all_problems_come_at_once_and_in_order(tmp_path: Path) -> None:
    text = edited(
        ("difficulty: introductory", "difficulty: intro"),
        (DURATION, "duration: later"),
        ("result: (user, profile)", "result: usr"),
        ("check: clean", "check: cleen"),
    )
    lines = [int(problem.split(":")[0]) for problem in problems(tmp_path, text)]
    assert lines == [5, 23, 29, 40]


def test_another_format_hides_other_problems(tmp_path: Path) -> None:
    text = edited(("exercise/1", "quiz/1"), ("goal: await", "gaol: await"))
    assert problems(tmp_path, text) == [
        "1: format: seen 'asyncgrade/quiz/1'; wanted asyncgrade/exercise/1"
    ]


def context(tmp_path: Path, session: str, step: str) -> list[str]:
    try:
        exercise(
            tmp_path,
            f"""
params: []
services:
  Session: {session}
plan:
  users: {step}
result: users
cases: {{a: {{call: []}}}}
""",
        )
    except ExerciseError as error:
        return [problem.split(":", 2)[2].strip() for problem in error.problems]
    return []


PLAIN = "{kind: context, enter: 1, exit: 1, methods: {execute: {args: [q], duration: 1}}}"


def test_context_services_have_their_own_problems(tmp_path: Path) -> None:
    assert context(tmp_path, PLAIN, "Session.execute('q')") == []
    assert context(tmp_path, PLAIN, "Session.exit()") == [
        "plan.users: Session.exit() is a part of every step on Session;"
        " wanted one of Session.execute"
    ]
    assert context(tmp_path, PLAIN, "Session()") == [
        "plan.users: unknown service Session(); did you mean 'Session.execute'?;"
        " wanted one of Session.execute"
    ]
    with_args = PLAIN.replace("enter: 1,", "enter: 1, args: [dsn],")
    assert context(tmp_path, with_args, "Session.execute('q')") == [
        "plan.users: Session takes arguments, and a plan can't give them yet;"
        " wanted a context without arguments"
    ]
    renamed = PLAIN.replace("execute:", "enter:")
    assert (
        "services.Session.methods.enter: 'enter' has a meaning of its own; wanted another name"
        in (context(tmp_path, renamed, "Session.execute('q')"))
    )


def test_plans_that_explode_are_refused(tmp_path: Path) -> None:
    many = "{call: get_user_details(), each: x in range(199999)}"
    text = edited((PROFILE_CALL, f"{PROFILE_CALL}\n  many: {many}"))
    assert only_problem(tmp_path, text) == (
        "29: plan.many.each: in case 'a': step 'many': the plan has more than 200,000 calls"
    )


def test_many_problems_are_cut(tmp_path: Path) -> None:
    text = DISPLAY_USER + "".join(f"key{i}: 1\n" for i in range(500))
    found = problems(tmp_path, text)
    assert len(found) == 101
    assert found[-1] == "… and 400 more problems"
