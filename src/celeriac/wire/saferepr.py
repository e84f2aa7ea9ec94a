"""A short repr of task arguments for logs, events and monitors: bounded in length and depth, never raises."""

from typing import Any, Final

MAX_LENGTH: Final = 1024
MAX_LEVELS: Final = 3

# For these, repr() of the whole tuple or dict says the same as walking it, if it needed no escapes.
_SIMPLE = frozenset({bool, float, type(None)})
_SHORT = 160
_LEAST: Final = -(1 << 62)
_MOST: Final = 1 << 62


def saferepr(value: Any, maxlen: int | None = MAX_LENGTH, maxlevels: int = MAX_LEVELS) -> str:
    """What Celery writes into the headers argsrepr and kwargsrepr; maxlevels 0 and maxlen None are no bound."""
    quick = _quick(value, maxlen)
    if quick is not None:
        return quick
    writer = _Writer(maxlen, maxlevels)
    try:
        writer.put(value)
    except _Full:
        writer.parts.append(", ..." + "".join(reversed(writer.closers)))
    except RecursionError:
        return f"<{type(value).__name__} is nested too deep to show>"
    return "".join(writer.parts)


def _quick(value: Any, maxlen: int | None) -> str | None:
    """The common case: a short tuple, list or dict of short scalars. None if it is not that."""
    kind = type(value)
    if kind is dict:
        if not value:
            return "{}"
        if not (all(map(_short, value)) and all(map(_short, value.values()))):
            return None
    elif kind is tuple or kind is list:
        # As _short, in line: this is what most calls come to.
        for item in value:
            is_a = type(item)
            if is_a is int:
                if not _LEAST < item < _MOST:
                    return None
            elif is_a is str:
                if len(item) >= _SHORT:
                    return None
            elif is_a not in _SIMPLE:
                return None
    else:
        return None
    text = repr(value)
    if "\\" in text or '"' in text or (maxlen is not None and len(text) >= maxlen):
        return None
    return text


def _short(item: Any) -> bool:
    kind = type(item)
    if kind is int:
        return bool(_LEAST < item < _MOST)
    if kind is str:
        return len(item) < _SHORT
    return kind in _SIMPLE


class _Full(Exception):
    """No room left; what is open is closed and the rest is left out."""


class _Writer:
    """Writes a value piece by piece until the budget is spent."""

    __slots__ = ("_levels", "_path", "budget", "closers", "parts")

    def __init__(self, maxlen: int | None, levels: int) -> None:
        self.budget = maxlen if maxlen is not None else float("inf")
        self.parts: list[str] = []
        self.closers: list[str] = []
        self._levels = levels
        self._path: set[int] = set()

    def put(self, value: Any) -> None:
        if isinstance(value, str):
            self._string(value)
        elif isinstance(value, bytes):
            self._bytes(value)
        elif isinstance(value, dict):
            self._container(value, "{", "}")
        elif isinstance(value, list):
            self._container(value, "[", "]")
        elif isinstance(value, tuple):
            self._container(value, "(", ",)" if len(value) == 1 else ")")
        elif isinstance(value, frozenset):
            self._container(value, "frozenset({", "})") if value else self._literal("frozenset()")
        elif isinstance(value, set):
            self._container(value, "{", "}") if value else self._literal("set()")
        else:
            self._literal(_repr(value))

    def _mark(self, text: str) -> None:
        """Punctuation: written whole while there is any room."""
        if self.budget <= 0:
            raise _Full
        self.parts.append(text)
        self.budget -= len(text)

    def _literal(self, text: str) -> None:
        room = self.budget
        if room <= 0:
            raise _Full
        if len(text) >= room:
            text = _cut(text, int(room))
        self.parts.append(text)
        self.budget -= len(text)

    def _string(self, value: str) -> None:
        room = self.budget
        if room <= 0:
            raise _Full
        text = _cut(value, int(room)) if len(value) >= room else str(value)
        text = "'" + text.replace("'", "\\'") + "'"
        self.parts.append(text)
        self.budget -= len(text)

    def _bytes(self, value: bytes) -> None:
        room = self.budget
        if room <= 0:
            raise _Full
        cut = len(value) > room
        text = _decoded(value[: int(room)] if cut else value)
        text = "b'" + text + ("...'" if cut else "'")
        self.parts.append(text)
        self.budget -= len(text)

    def _container(self, value: Any, opener: str, closer: str) -> None:
        if self._levels and len(self.closers) >= self._levels:
            self._mark(opener + "..." + closer)
            return
        if not value:
            self._mark(opener + closer)
            return
        if id(value) in self._path:
            self._literal(f"<Recursion on {type(value).__name__} with id={id(value)}>")
            return
        self._path.add(id(value))
        self._mark(opener)
        self.closers.append(closer)
        self._items(value)
        self.closers.pop()
        self._path.discard(id(value))
        self.parts.append(closer)
        self.budget -= len(closer)

    def _items(self, value: Any) -> None:
        is_dict = isinstance(value, dict)
        first = True
        for item in value.items() if is_dict else value:
            if not first:
                self._mark(", ")
            first = False
            if is_dict:
                self._key(item[0])
                self._mark(": ")
                self.put(item[1])
            else:
                self.put(item)

    def _key(self, key: Any) -> None:
        """A key is shown for itself, as if it were the whole value, in the room that is left."""
        if isinstance(key, str | bytes):
            self.put(key)
            return
        room = self.budget
        if room <= 0:
            raise _Full
        text = saferepr(key, None if room == float("inf") else int(room), self._levels)
        self.parts.append(text)
        self.budget -= len(text)


def _cut(text: str, room: int) -> str:
    """Shortened at the last blank that fits."""
    return text[:room].rsplit(" ", 1)[0] + "..."


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.hex()


def _repr(value: Any) -> str:
    try:
        return repr(value)
    except RecursionError:
        raise
    except Exception as exc:  # noqa: BLE001 - a repr may do anything; the message must still be sent
        return f"<Unrepresentable {type(value)!r}{id(value):#x}: {type(exc).__name__}>"
