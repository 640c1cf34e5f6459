"""Nonces and choices: the same seed gives the same, another seed another."""

from __future__ import annotations

import re

import pytest

from grader.engine.draws import NONCE_CHARS, Draws, canonical, nonce, pick

ONE, TWO, THREE = "aaaaaaaaa1", "bbbbbbbbb2", "ccccccccc3"


def test_a_nonce_depends_on_all_that_makes_a_call() -> None:
    nonces = {
        nonce(b"s", 0, "a", 1),
        nonce(b"t", 0, "a", 1),
        nonce(b"s", 1, "a", 1),
        nonce(b"s", 0, "b", 1),
        nonce(b"s", 0, "a", 2),
        nonce(b"", 0, "a", 1),
    }
    assert len(nonces) == 6
    assert all(re.fullmatch(f"[0-9a-f]{{{NONCE_CHARS}}}", value) for value in nonces)


def test_a_nonce_is_the_same_in_every_process() -> None:
    assert nonce(b"seed", 3, "get_user", 2) == "27a8f644b0"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"a-{TWO}", f"a-{ONE}"),
        (f"{TWO}{TWO}", f"{ONE}{ONE}"),
        (f"{ONE}{THREE}{TWO}", f"{ONE}{THREE}{ONE}"),
        # next to the nonce stand other characters that could be part of one
        (f"page{TWO}", f"page{ONE}"),
        (f"7{TWO}", f"7{ONE}"),
        (f"{TWO}7 and cafe{TWO}feed", f"{ONE}7 and cafe{ONE}feed"),
        (f"{THREE}", f"{THREE}"),
        (TWO[:-1], TWO[:-1]),
        ("", ""),
    ],
)
def test_the_nonces_of_repeated_calls_are_replaced_wherever_they_stand(
    text: str, expected: str
) -> None:
    assert canonical(text, {TWO: ONE}) == expected


def test_without_repeated_calls_nothing_is_replaced() -> None:
    assert canonical(f"page{TWO}", {}) == f"page{TWO}"


def test_a_pick_depends_on_the_key_alone() -> None:
    assert pick("a(1)", [1, 2, 3]) == pick("a(1)", [1, 2, 3])
    assert {pick(f"a({i})", [1, 2, 3]) for i in range(40)} == {1, 2, 3}
    assert pick("\ud800", [1]) == 1


def test_the_same_seed_and_purpose_give_the_same_choices() -> None:
    def stream(seed: bytes, purpose: str) -> list[int]:
        draws = Draws(seed, purpose)
        return [draws.below(1000) for _ in range(10)]

    assert stream(b"s", "p") == stream(b"s", "p")
    assert stream(b"s", "p") != stream(b"t", "p")
    assert stream(b"s", "p") != stream(b"s", "q")


def test_numbers_are_below_their_bound_and_all_come_up() -> None:
    draws = Draws(b"s", "p")
    assert {draws.below(5) for _ in range(200)} == {0, 1, 2, 3, 4}
    assert draws.below(1) == 0


def test_a_shuffle_keeps_the_items_and_leaves_the_list_alone() -> None:
    items = list(range(30))
    shuffled = Draws(b"s", "p").shuffled(items)
    assert sorted(shuffled) == items == list(range(30))
    assert shuffled != items
    assert Draws(b"s", "p").shuffled([]) == []


def test_every_order_of_three_comes_up() -> None:
    draws = Draws(b"s", "p")
    assert len({tuple(draws.shuffled([1, 2, 3])) for _ in range(100)}) == 6
