"""Identifiers: task ids, tags, incarnations of workers; randomness is drawn in blocks because uuid4 is slow."""

import os
from itertools import count
from threading import local
from typing import Final

_BLOCK: Final = 256
_state = local()


def uuid() -> str:
    """A random (version 4) UUID as text."""
    try:
        raw = _state.pool.pop()
    except (AttributeError, IndexError):
        data = os.urandom(16 * _BLOCK).hex()
        _state.pool = [data[i : i + 32] for i in range(0, len(data), 32)]
        raw = _state.pool.pop()
    return _text(raw)


def coming(count: int) -> list[str]:
    """Ids that this thread is about to give out, in their order; fewer where there is nothing drawn yet."""
    drawn: list[str] = getattr(_state, "pool", [])
    return [_text(raw) for raw in drawn[: -count - 1 : -1]]


def _text(raw: str) -> str:
    return f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-{_VARIANT[raw[16]]}{raw[17:20]}-{raw[20:]}"


_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


class _Tags:
    """Where this process is with its tags: a random beginning, then a count."""

    __slots__ = ("beginning", "number")

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.beginning = uuid()[:24]
        self.number = count(1)


def tag() -> str:
    """Unlike every other tag and every id, in the form of a UUID: for what only has to be told apart."""
    return f"{_tags.beginning}{next(_tags.number):012x}"


def _forget_pool() -> None:
    """A forked child must not hand out its parent's ids again."""
    _state.__dict__.clear()
    _tags.begin()


_tags = _Tags()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)


def incarnation() -> str:
    """A random id of one start of one worker."""
    return os.urandom(8).hex()
