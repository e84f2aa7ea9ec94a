"""The bindings in Redis: kombu's sets, one for each exchange, found by looking through the names of all keys."""

from typing import Final

from ...core.bindings import Binding
from ...core.flow import Flow
from .keys import Keys

_PAGE: Final = 1000  # names looked at in a step: less than a millisecond of the server's time


class RedisBound:
    """The type of an exchange is not kept there; only that of topics shows, in the pattern beside the key."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def bindings(self) -> Flow[tuple[Binding, ...]]:
        start = self._keys.bindings("")
        names: set[bytes] = set()
        cursor = b"0"
        while True:
            ((cursor, page),) = yield (("SCAN", cursor, "MATCH", f"{_literal(start)}*", "COUNT", _PAGE),)
            names.update(page)
            if cursor in (b"0", 0):
                break
        found: list[Binding] = []
        for name in sorted(names):
            (members,) = yield (("SMEMBERS", name),)
            exchange = name.decode(errors="replace").removeprefix(start)
            found += [_binding(exchange, member, self._keys.sep) for member in sorted(members)]
        return tuple(found)


def _binding(exchange: str, member: bytes, sep: str) -> Binding:
    key, pattern, queue = (*member.decode(errors="replace").split(sep, 2), "", "")[:3]
    return Binding(exchange, "topic" if pattern else "", key, queue)


def _literal(text: str) -> str:
    """Redis reads *, ?, [ and \\ in a pattern as wildcards."""
    return "".join(f"\\{char}" if char in "*?[]\\" else char for char in text)
