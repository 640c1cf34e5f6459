"""Frames from a worker to typed messages: strict by type, bounded in size and count."""

from __future__ import annotations

import typing
from typing import Any

import msgspec

from grader import protocol


class BadFrame(Exception):
    """What arrived is not a frame of the protocol."""


def _struct_of(tag: str, message: type[Any]) -> type[msgspec.Struct]:
    """A msgspec type with the fields of a message: ``[tag, field, …]`` on the wire."""
    hints = typing.get_type_hints(message)
    return msgspec.defstruct(
        message.__name__,
        [(name, hints[name]) for name in message._fields],
        tag=tag,
        array_like=True,
        forbid_unknown_fields=True,
        gc=False,
    )


_MESSAGES = {_struct_of(tag, cls): cls for tag, cls in protocol.WORKER_TAGS.items()}
_DECODER: msgspec.json.Decoder[list[Any]] = msgspec.json.Decoder(
    list[typing.Union[tuple(_MESSAGES)]]  # type: ignore[misc]  # noqa: UP007 - made at run time
)


class FrameReader:
    """Cuts a worker's byte stream into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._bytes_left = protocol.MAX_RUN_BYTES
        self._messages_left = protocol.MAX_RUN_MESSAGES

    def begin_run(self) -> None:
        """A new run has a new budget."""
        self._bytes_left = protocol.MAX_RUN_BYTES
        self._messages_left = protocol.MAX_RUN_MESSAGES

    def feed(self, data: bytes) -> list[Any]:
        """Take bytes; give the messages that are complete. Raises BadFrame."""
        self._buffer += data
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            raise BadFrame("more bytes than a run may send")
        messages: list[Any] = []
        while (body := self._next_body()) is not None:
            found = self._decode(body)
            self._messages_left -= max(1, len(found))  # an empty frame costs time too
            if self._messages_left < 0:
                raise BadFrame("more messages than a run may send")
            messages += found
        return messages

    def _next_body(self) -> bytes | None:
        if len(self._buffer) < protocol.LENGTH_BYTES:
            return None
        length = int.from_bytes(self._buffer[: protocol.LENGTH_BYTES], "big")
        if length > protocol.MAX_FRAME_BYTES:
            raise BadFrame("a frame that is too long")
        end = protocol.LENGTH_BYTES + length
        if len(self._buffer) < end:
            return None
        body = bytes(self._buffer[protocol.LENGTH_BYTES : end])
        del self._buffer[:end]
        return body

    def _decode(self, body: bytes) -> list[Any]:
        try:
            structs = _DECODER.decode(body)
        except (msgspec.MsgspecError, RecursionError, ValueError) as error:
            raise BadFrame(f"a frame that can't be read: {str(error)[:200]}") from None
        return [_MESSAGES[type(struct)](*msgspec.structs.astuple(struct)) for struct in structs]
