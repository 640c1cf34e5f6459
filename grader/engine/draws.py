"""Nonces and choices drawn from a seed with HMAC-SHA256: no state of the interpreter is used."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")

NONCE_CHARS = 10
_HEX = re.compile(rf"[0-9a-f]{{{NONCE_CHARS},}}")


def nonce(seed: bytes, run: int, operation: str, nth: int) -> str:
    """The secret that the ``nth`` call of an operation in one run returns in its value."""
    return _digest(seed, f"nonce/{run}/{operation}/{nth}").hex()[:NONCE_CHARS]


def _digest(seed: bytes, text: str) -> bytes:
    return hmac.digest(seed, text.encode(), hashlib.sha256)


def canonical(text: str, aliases: Mapping[str, str]) -> str:
    """Replace the nonces of repeated calls by the nonce of the first call like them."""
    if not aliases:
        return text
    return _HEX.sub(lambda match: aliases.get(match[0]) or _replaced(match[0], aliases), text)


def _replaced(digits: str, aliases: Mapping[str, str]) -> str:
    """The same for hex digits that may stand around a nonce (``page`` ends in one)."""
    out: list[str] = []
    i = 0
    while i < len(digits):
        alias = aliases.get(digits[i : i + NONCE_CHARS])
        out.append(alias or digits[i])
        i += NONCE_CHARS if alias else 1
    return "".join(out)


def pick(key: str, items: Sequence[T]) -> T:
    """An item that depends on the key alone."""
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
    return items[int.from_bytes(digest[:8], "big") % len(items)]


class Draws:
    """A stream of choices for one purpose: the same seed and purpose give the same choices."""

    def __init__(self, seed: bytes, purpose: str) -> None:
        self._seed = seed
        self._purpose = purpose
        self._count = 0

    def below(self, bound: int) -> int:
        """A number from 0 to ``bound`` - 1 (its bias is below bound / 2**64)."""
        self._count += 1
        digest = _digest(self._seed, f"{self._purpose}/{self._count}")
        return int.from_bytes(digest[:8], "big") % bound

    def choice(self, items: Sequence[T]) -> T:
        return items[self.below(len(items))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """A new list in a drawn order (Fisher and Yates)."""
        out = list(items)
        for i in range(len(out) - 1, 0, -1):
            j = self.below(i + 1)
            out[i], out[j] = out[j], out[i]
        return out
