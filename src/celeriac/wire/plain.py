"""Says whether a fast encoder would write a value exactly as kombu's JSON does."""

from typing import Any

_SCALARS = frozenset({str, bool, type(None)})
_DEEPEST = 32
_LEAST, _MOST = -(1 << 63), (1 << 63) - 1


def is_plain(fields: dict[str, Any]) -> bool:
    """True for dicts of str, int of 64 bits, bool, None, finite floats, lists and dicts of them.

    Dates, bytes, subclasses and so on have a form of their own in kombu's JSON, and other encoders
    would write them in theirs without a word. Longer integers are for JSON alone.
    """
    for value in fields.values():
        kind = type(value)
        if kind in _SCALARS:
            continue
        if not (_LEAST <= value <= _MOST if kind is int else _plain_inside(value, _DEEPEST)):
            return False
    return True


def _plain_inside(value: Any, depth: int) -> bool:
    kind = type(value)
    if kind in _SCALARS:
        return True
    if kind is int:
        return bool(_LEAST <= value <= _MOST)
    if kind is float:
        return bool(value - value == 0.0)  # infinities and NaN are not
    if depth == 0:
        return False
    if kind is dict:
        for key in value:
            if type(key) is not str:
                return False
        value = value.values()
    elif kind is not list and kind is not tuple:
        return False
    for item in value:  # noqa: SIM110 - as above
        if type(item) not in _SCALARS and not _plain_inside(item, depth - 1):
            return False
    return True
