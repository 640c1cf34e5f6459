"""The expression language: what it computes, what it refuses, and that it always ends."""

from __future__ import annotations

import tracemalloc
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.exercise.expressions import compile_call, compile_expression, compile_loop
from grader.exercise.model import ExpressionError
from grader.values import Dict, Opaque, Record, Set, Value, describe, fingerprint

NAMES: dict[str, Value] = {
    "nonce": "0f3a",
    "n": 3,
    "ids": [4, 7],
    "user": Dict([("username", "ann"), ("id", 7)]),
    "task": Opaque("Task"),
    "page": Record("Page", (("title", "Home"), ("size", 2))),
    "nan": float("nan"),
}


def run(text: str, **more: Value) -> Value:
    return compile_expression(text)({**NAMES, **more})


def why(text: str, **more: Value) -> str:
    with pytest.raises(ExpressionError) as caught:
        run(text, **more)
    return str(caught.value)


# Python's own meaning is wanted for these, so Python computes what is expected.
AS_IN_PYTHON = """
1 + 2 * 3 - 4 // 3 % 5
7 / 2
2 ** 10
-3
~5
6 & 3 | 8 ^ 1
1 << 4 >> 2
not []
1 if n > 2 else 2
n < 4 <= 4 != 5
n == 3 and 'yes' or 'no'
None is None
n is not None
'b' in 'abc'
2 in [1, 2] and 3 not in (1, 2)
4 in range(0, 10, 2)
'ab' * 3 + 'c'
[0] * 2 + [1]
(1,) + (2, 3)
'abc'[-1] + 'abcdef'[1:4] + 'abc'[::-1]
[1, 2, 3][1:]
[7, 2, 3][int('u1'[1:])]
[x * 2 for x in range(5) if x % 2]
[(i, x) for i, x in enumerate('ab', 1)]
[x + y for x in [1, 2] for y in [x, 10] if y]
[x for x in [x for x in ids]]
f'ann-{nonce}'
f'{nonce!r:>8}|{n:03d}|{1.5:.2f}|{n:{n}}|{{}}'
f'{"é"!a}{[1, (2,)]}'
len('abc') + len([1]) + len(range(4))
sum([1, 2], 3) + sum(x for x in ids)
min(ids) + max(1, 2) + max([], default=9)
sorted([3, 1, 2], reverse=True)
sorted(('b', 'a'))
list('ab') + list((1,))
tuple([1, 2])
str(12) + str(None) + str([1, 'a']) + repr('a"')
int('12') + int(3.9) + int(True)
float('1.5') + abs(-2)
round(2.567, 2) + round(3.2)
list(zip([1, 2], 'ab'))
list(reversed([1, 2, 3]))
any(x > 4 for x in ids) and all(ids)
'SELECT * FROM users'.split()[-1]
'a,b,c'.split(',', 1)
', '.join(str(x) for x in ids)
' a '.strip() + 'xax'.strip('x')
'a'.upper() + 'B'.lower()
'abc'.startswith('a') and 'abc'.endswith(('x', 'c'))
'aXbX'.replace('X', '-')
'banana'.count('a') + 'banana'.index('n')
[1, 2, 1].count(1) + (5, 6).index(6)
b'ab' + b'c'
True + True
""".strip().splitlines()


@pytest.mark.parametrize("text", AS_IN_PYTHON)
def test_means_what_python_means(text: str) -> None:
    assert run(text) == eval(text, {**NAMES})  # our own list, not an author's text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{'a': 1, 'b': [n]}", "{'a': 1, 'b': [3]}"),
        ("{u: f'x{u}' for u in ids}", "{4: 'x4', 7: 'x7'}"),
        ("dict([('a', 1)], b=2)", "{'a': 1, 'b': 2}"),
        ("dict(page)", "{'title': 'Home', 'size': 2}"),
        ("{1, 2, 1}", "{1, 2}"),
        ("set(ids)", "{4, 7}"),
        ("{x % 2 for x in ids}", "{0, 1}"),
        ("user['username']", "'ann'"),
        ("[k for k in user]", "['username', 'id']"),
        ("[user.get('id'), user.get('x'), user.get('x', 0)]", "[7, None, 0]"),
        ("[user.keys(), user.values(), user.items()]",
         "[['username', 'id'], ['ann', 7], [('username', 'ann'), ('id', 7)]]"),
        ("'id' in user and len(user) == 2", "True"),
        ("page['title'] + str(page[1])", "'Home2'"),
        ("tuple(page)", "('Home', 2)"),
        ("{'a': {1}} == {'a': {1}}", "True"),
        ("1 == 1.0 or True == 1", "False"),
        ("nan == nan", "True"),
        ("nan < 1", "False"),
        ("str(user)", "\"{'username': 'ann', 'id': 7}\""),
    ],
)  # fmt: skip
def test_dicts_sets_and_records(text: str, shown: str) -> None:
    assert describe(run(text)) == shown


def test_displays_make_the_value_classes() -> None:
    assert isinstance(run("{'a': 1}"), Dict)
    assert isinstance(run("{1}"), Set)
    assert isinstance(run("dict()"), Dict)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("task + 1", "got a Task where a value was wanted"),
        ("f'{task}'", "got a Task where a value was wanted"),
        ("task['username']", "got a Task where a value was wanted"),
        ("task.upper()", "got a Task where a value was wanted"),
        ("user[task]", "got a Task where a value was wanted"),
        ("1 if task else 2", "got a Task where a value was wanted"),
        ("[x for x in task]", "got a Task where a value was wanted"),
        ("task == 'x'", "got a Task where a value was wanted"),
        ("int(task)", "got a Task where a value was wanted"),
        ("user['name']", "there is no key 'name' in the dict; its keys are 'username', 'id'"),
        ("{}[1]", "there is no key 1 in the dict; it is empty"),
        ("page['siez']", "a Page has no field 'siez'"),
        ("ids[9]", "there is no item 9 in a list of 2"),
        ("ids['a']", "a list can't be read with ['a']"),
        ("None[0]", "a NoneType can't be read with [0]"),
        ("missing", "there is no value for 'missing'"),
        ("n + 'a'", "+ does not work on int and str"),
        ("'%d' % n", "% does not format text here; use an f-string"),
        ("n < 'a'", "ordering does not work on int and str"),
        ("user < user", "ordering does not work on dict"),
        ("1 / 0", "division by zero"),
        ("int(nan)", "cannot convert float NaN to integer"),
        ("2.0 ** 10000", "a number is too large"),
        ("(-8) ** 0.5", "a complex is not a number that can be used here"),
        ("max([])", "max() of nothing; give it a default="),
        ("[].index(1)", "there is no 1 in the list"),
        ("ids.upper()", "a list has no .upper() here"),
        ("[a for a, b in [[1]]]", "can't unpack 1 items into 2 names"),
        ("range(3)", "a range can't stand here; make it a list(…)"),
        ("len(n)", "len() does not work on int"),
        ("dict([[1]])", "dict() wants pairs of a key and a value"),
    ],
)  # fmt: skip
def test_errors_say_what_was_seen(text: str, message: str) -> None:
    assert why(text) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the expression is empty"),
        ("1 +", "this is not a Python expression: invalid syntax"),
        ("lambda: 1", "a lambda can't be used in an expression"),
        ("user.username", "an attribute (a dot without a call) can't be used in an expression"),
        ("().__class__", "an attribute (a dot without a call) can't be used in an expression"),
        ("(x := 1)", "an assignment (:=) can't be used in an expression"),
        ("[*ids]", "a star (*) can't be used in an expression"),
        ("{**user}", "** can't be used in an expression"),
        ("(x for x in ids)",
         "a generator that is not the argument of a function can't be used in an expression"),
        ("print('1')", "there is no function print(); did you mean 'int'?"),
        ("lenn(ids)", "there is no function lenn(); did you mean 'len'?"),
        ("'{}'.format(1)", "there is no method .format()"),
        ("'a'.starts_with('a')", "there is no method .starts_with(); did you mean 'startswith'?"),
        ("len()", "len() got 0 arguments; it takes 1"),
        ("sorted(ids, key=1)", "sorted() takes no argument named key"),
        ("n is n", "'is' compares with None, True or False only; use =="),
        ("1j", "1j can't be used in an expression"),
        ("ids @ ids", "@ can't be used in an expression"),
        ("'x' * 5000" + " " * 4000, "the expression is longer than 4,000 characters"),
        ("-" * 70 + "1", "the expression is nested too deep"),
        ("-" * 3900 + "1", "the expression is nested too deep"),
        ("[x async for x in ids]", "async can't be used in an expression"),
    ],
)  # fmt: skip
def test_what_is_not_listed_does_not_compile(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(text)
    assert str(caught.value) == message


def test_unknown_names_are_refused_with_the_nearest_one() -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression("user_d + 1", allowed_names=["user_id", "nonce"])
    assert str(caught.value) == "there is no name 'user_d' here; did you mean 'user_id'?"


def test_names_are_the_free_ones() -> None:
    expression = compile_expression("[len(x) + y for x in ids if x]")
    assert expression.names == {"y", "ids"}
    assert compile_expression("len(len)").names == {"len"}


HOSTILE = [
    "9 ** 4000000",
    "(9 ** 1000) ** 9",
    "1 << 10 ** 9",
    "'a' * 10 ** 9",
    "[0] * 10 ** 9",
    "[[[0] * 1000] * 1000] * 1000 == [1]",
    "f'{1:300000000d}'",
    "f'{1.5:.99999f}'",
    "f'{n:{10 ** 8}}'",
    "[x for x in range(10 ** 9)]",
    "[['x' * 1000000] for x in range(100000)]",
    "[2 ** 4000 + x for x in range(150000)]",
    "sorted(['a' * 1000000, 'b' * 1000000] * 50000)",
    "''.join(['a' * 1000] * 100000)",
    "'a'.replace('', 'x' * 1000000)",
    "round(1, -10 ** 9)",
    "int('9' * 5000)",
    "list(range(10 ** 8))",
    "len(range(10 ** 100))",
    "str([['a' * 1000000] * 1000])",
    "{('a' * 1000000, x): x for x in range(1000)}",
    "[ids[:] * 50000 for x in range(1000)]",
    "{'a': user} in [{'a': 1}] * 200000",
]


ENDLESS = [
    "any(x < 0 for x in range(10 ** 9))",
    "[y for x in range(10 ** 5) for y in range(10 ** 5) if y < 0]",
]


@pytest.mark.parametrize("text", ENDLESS)
def test_endless_expressions_run_out_of_steps(text: str) -> None:
    assert why(text) == "the expression needs too many steps or too much memory"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_expressions_end_within_bounds(text: str) -> None:
    tracemalloc.start()
    try:
        why(text)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100 * 1024 * 1024


def test_large_honest_results_are_possible() -> None:
    items = [f"item{i}-0123456789" for i in range(100_000)]
    made = run("{f'{u}': item[i] for i, u in enumerate(ids)}", item=items, ids=range(100_000))
    assert len(made) == 100_000


class Squares:
    """A sequence that a plan supplies."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, key: int) -> int:
        return key * key

    def __iter__(self) -> Any:
        return iter([0, 1, 4])


def test_supplied_sequences_are_read_lazily_and_become_lists() -> None:
    squares = Squares()
    assert run("sq[7]", sq=squares) == 49
    assert run("sq", sq=squares) == [0, 1, 4]
    assert run("(sq, [x + 1 for x in sq], len(sq))", sq=squares) == ([0, 1, 4], [1, 2, 5], 3)


def test_calls_are_taken_apart() -> None:
    call = compile_call("Session.execute(user['id'], limit=n + 1)")
    assert call.callee == "Session.execute"
    assert [part.text for part in call.args] == ["user['id']"]
    assert [(name, part.text) for name, part in call.keywords] == [("limit", "n + 1")]
    assert call.args[0](NAMES) == 7


@pytest.mark.parametrize("text", ["user", "f()()", "f.g.h()", "f(**user)", "f(*ids)", "f(x) + 1"])
def test_other_calls_are_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        compile_call(text)


def test_loops_are_taken_apart() -> None:
    names, loop = compile_loop("i, (a, b) in enumerate(zip(ids, 'xy')) if i < 5")
    assert names == ("i", "a", "b")
    assert loop(NAMES) == [(0, 4, "x"), (1, 7, "y")]
    assert loop.names == {"ids"}


@pytest.mark.parametrize(
    "text", ["ids", "x in ids] + [0 for y in ids", "x in ids for y in ids", "x[0] in ids", "in"]
)
def test_other_loops_are_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        compile_loop(text)


# --- random texts ------------------------------------------------------------------------------

ATOMS = st.sampled_from(
    ["1", "0", "-7", "10**9", "2.5", "1e308", "nan", "'a'", "'é\\ud800'", "b'x'", "None", "True",
     "[]", "()", "{}", "n", "ids", "user", "task", "page", "nonce", "range(10**9)", "missing"]
)  # fmt: skip
SHAPES = [
    "({0} + {1})", "({0} * {1})", "({0} ** {1})", "({0} % {1})", "({0} << {1})", "({0} // {1})",
    "({0} < {1})", "({0} == {1})", "({0} in {1})", "({0} and {1})", "(not {0})", "(-{0})",
    "({0} if {1} else {2})", "[{0}, {1}]", "({0},)", "{{{0}: {1}}}", "{{{0}, {1}}}", "{0}[{1}]",
    "{0}[{1}:{2}]", "[{0} for x in {1} if {2}]", "{{x: {0} for x in {1}}}", "len({0})",
    "sum({0})", "sorted({0})", "max({0}, {1})", "list({0})", "dict({0})", "set({0})", "str({0})",
    "repr({0})", "int({0})", "float({0})", "round({0}, {1})", "list(zip({0}, {1}))",
    "any(x for x in {0})", "{0}.split({1})", "{0}.join({1})", "{0}.replace({1}, {2})",
    "{0}.get({1})", "{0}.count({1})", "{0}.index({1})", "f'{{{0}}}'", "f'{{{0}:{{{1}}}}}'",
    "f'{{n!r:>9}}'", "tuple(reversed({0}))", "{0}.startswith({1})", "list(enumerate({0}))",
]  # fmt: skip
TEXTS = st.recursive(
    ATOMS,
    lambda inner: st.tuples(st.sampled_from(SHAPES), inner, inner, inner).map(
        lambda parts: parts[0].format(*parts[1:])
    ),
    max_leaves=12,
)


@settings(max_examples=300)
@given(TEXTS)
def test_random_expressions_raise_expression_errors_only(text: str) -> None:
    with suppress(ExpressionError):
        value = run(text)
        assert isinstance(fingerprint(value), str)


@settings(max_examples=300)
@given(st.text() | st.text(alphabet="()[]{}'\"fx1.,:+-*/ \\\n\r\x0c#ids", max_size=40))
def test_random_texts_raise_expression_errors_only(text: str) -> None:
    for compile_text in (compile_expression, compile_call, compile_loop):
        with suppress(ExpressionError):
            compile_text(text)
