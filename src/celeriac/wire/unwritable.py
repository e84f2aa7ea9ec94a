"""Where in a value the part is that JSON can't write: for the text of an error."""

from collections.abc import Callable, Iterator
from typing import Any, Final

_PLAIN: Final = (str, int, float, type(None))  # also what keys may be
_PARTS: Final = 100_000  # so many are looked at: the error matters more than its place


def path_of(value: Any, stand_in: Callable[[Any], Any]) -> str:
    """As in `[0]['owner']`; empty for the value itself, and where none is found."""
    waiting: list[tuple[str, Any]] = [("", value)]
    for _ in range(_PARTS):
        if not waiting:
            break
        path, part = waiting.pop()
        if isinstance(part, _PLAIN):
            continue
        if isinstance(part, (dict, list, tuple)):
            if isinstance(part, dict) and not all(isinstance(key, _PLAIN) for key in part):
                return path
            waiting.extend(reversed([(f"{path}{place}", inner) for place, inner in _inside(part)]))
            continue
        try:
            waiting.append((path, stand_in(part)))
        except (TypeError, ValueError):
            return path
    return ""


def _inside(part: Any) -> Iterator[tuple[str, Any]]:
    pairs = part.items() if isinstance(part, dict) else enumerate(part)
    for key, inner in pairs:
        yield f"[{key!r}]", inner
