"""The plan of a case: its nodes, what they wait for, their arguments and the result."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.exercise.loader import load_exercise
from grader.exercise.model import Exercise, ExerciseError, ExpressionError
from grader.exercise.plan import Node, Plan, PlanError, build_plan
from grader.values import Dict, describe
from tests.exercise.helpers import ZOO, exercise
from tests.helpers import exercise_from


def plan_of(loaded: Exercise, case: int = 0) -> Plan:
    return build_plan(loaded, loaded.cases[case])


def shape(plan: Plan) -> list[tuple[str, tuple[int, ...], tuple[int, ...]]]:
    return [(node.key, node.deps, node.data_deps) for node in plan.nodes]


def test_chain_has_a_data_dependency() -> None:
    plan = plan_of(load_exercise(ZOO / "display-user.yaml"))
    assert plan.nodes == (
        Node("user", "get_user_details", (), (), 1_000_000),
        Node("profile", "get_profile_details", (0,), (0,), 500_000),
    )


def test_arguments_and_result_come_from_the_values_given() -> None:
    plan = plan_of(load_exercise(ZOO / "display-user.yaml"))
    values = {0: Dict([("username", "joe-77")])}
    assert plan.arguments(0, {}) == ()
    assert plan.arguments(1, values) == ("joe-77",)
    assert describe(plan.result({**values, 1: "p"})) == "({'username': 'joe-77'}, 'p')"


def test_missing_values_are_named() -> None:
    plan = plan_of(load_exercise(ZOO / "display-user.yaml"))
    with pytest.raises(ExpressionError, match="the step 'user' has no value"):
        plan.arguments(1, {})
    with pytest.raises(ExpressionError, match="the step 'profile' has no value"):
        plan.result({0: "u"})


def test_reference_values_carry_the_node_as_nonce() -> None:
    plan = plan_of(load_exercise(ZOO / "display-user.yaml"))
    assert describe(plan.reference_values[0]) == "{'username': 'user-0000000000', 'id': 7}"
    assert describe(plan.reference_values[1]) == "{'bio': 'bio of user-0000000000'}"


AVATARS = """
params: [ids]
services:
  get_details: {args: [user_id], duration: user_id, returns: "{'avatar': f'av{user_id}-{nonce}'}"}
  get_avatar: {args: [avatar], duration: 2, returns: "f'png({avatar})'"}
  log: {args: [line], duration: 1}
plan:
  detail: {call: get_details(user_id), each: user_id in ids}
  avatar: {call: "get_avatar(detail[i]['avatar'])", each: "i, user_id in enumerate(ids)"}
  audit: {call: "log(len(detail))", after: [detail]}
  total: log([d['avatar'] for d in detail])
  last: log(avatar[-1] if ids else None)
result: "{u: avatar[i] for i, u in enumerate(ids)}"
cases:
  three: {call: [[4, 4, 9]]}
  none: {call: [[]]}
"""


def test_loops_depend_on_what_they_read_only(tmp_path: Path) -> None:
    plan = plan_of(exercise(tmp_path, AVATARS))
    assert shape(plan) == [
        ("detail[0]", (), ()),
        ("detail[1]", (), ()),
        ("detail[2]", (), ()),
        ("avatar[0]", (0,), (0,)),
        ("avatar[1]", (1,), (1,)),
        ("avatar[2]", (2,), (2,)),
        ("audit", (0, 1, 2), ()),
        ("total", (0, 1, 2), (0, 1, 2)),
        ("last", (5,), (5,)),
    ]
    assert [node.duration_us for node in plan.nodes[:4]] == [
        4_000_000,
        4_000_000,
        9_000_000,
        2_000_000,
    ]
    assert plan.arguments(2, {}) == (9,)
    assert plan.arguments(4, {1: Dict([("avatar", "x")])}) == ("x",)


def test_loops_over_nothing_have_no_nodes(tmp_path: Path) -> None:
    plan = plan_of(exercise(tmp_path, AVATARS), 1)
    assert shape(plan) == [("audit", (), ()), ("total", (), ()), ("last", (), ())]
    assert describe(plan.result({})) == "{}"


def test_results_over_families_name_what_is_missing(tmp_path: Path) -> None:
    plan = plan_of(exercise(tmp_path, AVATARS))
    assert describe(plan.result({3: "a", 4: "b", 5: "c"})) == "{4: 'b', 9: 'c'}"
    with pytest.raises(ExpressionError, match=r"the step 'avatar\[1\]' has no value"):
        plan.result({3: "a", 5: "c"})


SESSIONS = """
params: [names]
services:
  whoami: {args: [], duration: 2, returns: "f'me-{nonce}'"}
  Session:
    kind: context
    enter: 0.5
    exit: 0.25
    methods:
      run: {args: [query], duration: 3, returns: query}
plan:
  user: whoami()
  mine: Session.run(user)
  rows: {call: Session.run(name), each: name in names, after: [mine]}
result: (mine, rows)
cases: {a: {call: [[x, y]]}}
"""


def test_methods_of_a_context_have_three_nodes(tmp_path: Path) -> None:
    plan = plan_of(exercise(tmp_path, SESSIONS))
    assert plan.nodes[:7] == (
        Node("user", "whoami", (), (), 2_000_000),
        Node("mine.enter", "Session.enter", (), (), 500_000),
        Node("mine", "Session.run", (0, 1), (0, 1), 3_000_000, False, 1),
        Node("mine.exit", "Session.exit", (1, 2), (1,), 250_000, True, 1),
        Node("rows[0].enter", "Session.enter", (3,), (), 500_000),
        Node("rows[0]", "Session.run", (3, 4), (4,), 3_000_000, False, 4),
        Node("rows[0].exit", "Session.exit", (4, 5), (4,), 250_000, True, 4),
    )
    assert [node.key for node in plan.nodes[7:]] == ["rows[1].enter", "rows[1]", "rows[1].exit"]
    assert plan.arguments(1, {}) == plan.arguments(3, {}) == ()
    assert plan.arguments(2, {0: "me", 1: None}) == ("me",)
    assert plan.result({2: "m", 5: "x", 8: "y"}) == ("m", ["x", "y"])


def test_errors_name_the_step_and_its_part(tmp_path: Path) -> None:
    loaded = exercise(tmp_path, AVATARS)
    broken = loaded.cases[0].__class__("broken", (["x"],))
    with pytest.raises(PlanError) as caught:
        build_plan(loaded, broken)
    assert (caught.value.step, caught.value.part) == ("detail", "duration")
    assert caught.value.operation == "get_details"
    assert str(caught.value) == "step 'detail': 'x' is not a number of seconds"


def test_cases_that_raise_expect_no_result(tmp_path: Path) -> None:
    loaded = exercise(tmp_path, AVATARS.replace("[[]]}", "[[]], raises: ValueError}"))
    with pytest.raises(ExpressionError, match="case 'none' expects no result"):
        plan_of(loaded, 1).result({})


def test_too_many_dependencies_are_refused(tmp_path: Path) -> None:
    text = AVATARS.replace("[[4, 4, 9]]", "[[1]]").replace(
        "each: user_id in ids", 'each: "user_id in range(1, 3000)"'
    )
    text = text.replace('{call: "log(len(detail))"', "{call: log(u), each: u in range(3000)")
    with pytest.raises(ExerciseError, match=r"the plan has more than 2,000,000 dependencies"):
        exercise(tmp_path, text)


def test_rounds_over_the_values_of_a_step_are_refused_and_over_positions_accepted() -> None:
    body = """
        entry: f
        services:
          list_cities: {{duration: 1, returns: "[f'oslo-{{nonce}}', f'rome-{{nonce}}']"}}
          get_weather: {{args: [city], duration: 1, returns: "f'sun in {{city}}'"}}
        plan:
          cities: list_cities()
          weather: {{call: "{call}", each: "{each}"}}
        result: "[weather[i] for i in range(len(cities))]"
        cases: {{a: {{call: []}}}}
        rubric: [{{id: r, points: 1, check: result, title: t, goal: true}}]
    """
    right = exercise_from(
        body.format(call="get_weather(cities[i])", each="i in range(len(cities))")
    )
    assert len(build_plan(right, right.cases[0]).nodes) == 3
    with pytest.raises(ExerciseError, match="values that only a run knows"):
        exercise_from(body.format(call="get_weather(city)", each="city in cities"))
