"""Frames from a worker are read strictly: a typed message or BadFrame, whatever the bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import protocol
from grader.executors.frames import BadFrame, FrameReader

MESSAGES = [
    protocol.Locked(["rlimits"]),
    protocol.Loaded(None, "", "", None, [["main_ignored", 3]], []),
    protocol.Call(0, 1, "get_users", None, [1, ["l", 2]], ["name", "x"], 4, 3, 0),
    protocol.Cancel(5, 1),
    protocol.Idle(10, None, False),
    protocol.Where([["f", 3, "get_users"]]),
    protocol.Block(20, 10, None, "time.sleep()"),
    protocol.End(30, "returned", ["t", 1], "", "", "", None, []),
]


def framed(body: bytes) -> bytes:
    return len(body).to_bytes(protocol.LENGTH_BYTES, "big") + body


def test_every_message_crosses_in_pieces_of_any_size() -> None:
    data = protocol.encode_frame(MESSAGES) + protocol.encode_frame(MESSAGES[:1])
    for size in (1, 2, 3, 7, len(data)):
        reader = FrameReader()
        out: list[Any] = []
        for i in range(0, len(data), size):
            out += reader.feed(data[i : i + size])
        assert out == [*MESSAGES, MESSAGES[0]]
        assert [type(message) for message in out[:8]] == [type(message) for message in MESSAGES]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"{}",
        b"[1]",
        b"[[]]",
        b'[["verdict", true]]',
        b'[["idle", 1, null]]',
        b'[["idle", 1, null, false, 7]]',
        b'[["idle", "1", null, false]]',
        b'[["idle", 1.5, null, false]]',
        b'[["idle", true, null, false]]',
        b'[["load", "", "", "", [], [], [], false]]',
        b"\xff\xfe",
        b"[" * 100_000 + b"]" * 100_000,
        b'[["call",0,1,"s",null,' + b"[" * 50_000 + b"]" * 50_000 + b",[],1,1,0]]",
    ],
)
def test_what_is_not_a_message_is_a_bad_frame(body: bytes) -> None:
    with pytest.raises(BadFrame):
        FrameReader().feed(framed(body))


def test_length_is_refused_before_anything_is_kept() -> None:
    with pytest.raises(BadFrame, match="too long"):
        FrameReader().feed(b"\xff\xff\xff\xff")


def test_budgets_of_a_run_end_a_flood() -> None:
    reader = FrameReader()
    frame = protocol.encode_frame([protocol.Idle(0, None, False)] * 10_000)
    for _ in range(protocol.MAX_RUN_MESSAGES // 10_000):
        reader.feed(frame)
    with pytest.raises(BadFrame, match="more messages"):
        reader.feed(frame)
    reader = FrameReader()
    frame = framed(b" " * 999_994 + b"[]")
    for _ in range(protocol.MAX_RUN_BYTES // len(frame)):
        reader.feed(frame)
    with pytest.raises(BadFrame, match="more bytes"):
        reader.feed(frame)


@given(st.binary(max_size=200))
def test_any_bytes_give_messages_or_bad_frame(data: bytes) -> None:
    reader = FrameReader()
    try:
        messages = reader.feed(data) + reader.feed(framed(data))
    except BadFrame:
        return
    assert all(type(message) in protocol.WORKER_TAGS.values() for message in messages)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=10),
    max_leaves=20,
)


@given(st.sampled_from(sorted(protocol.WORKER_TAGS)), st.lists(json_values, max_size=10))
def test_tagged_lists_give_messages_or_bad_frame(tag: str, fields: list[Any]) -> None:
    try:
        messages = FrameReader().feed(framed(json.dumps([[tag, *fields]]).encode()))
    except BadFrame:
        return
    assert [type(message) for message in messages] == [protocol.WORKER_TAGS[tag]]
