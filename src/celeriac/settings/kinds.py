"""The kinds of value a setting can have: what each accepts, what it makes of it, and how it reads text."""

import os
from collections.abc import Callable, Mapping
from datetime import timedelta, tzinfo
from typing import Any

import msgspec.json

TRUE = frozenset({"1", "true", "t", "yes", "y", "on"})
FALSE = frozenset({"0", "false", "f", "no", "n", "off", ""})


class Kind(msgspec.Struct, frozen=True):
    """`check` returns the value to keep or raises ValueError; `parse` does the same for text from outside."""

    name: str  # as the documentation shows it
    expects: str  # completes the sentence "expected ..."
    check: Callable[[Any], Any]
    parse: Callable[[str], Any]


def _refuse() -> Any:
    raise ValueError


def _bool(value: Any) -> bool:
    if isinstance(value, str):
        word = value.strip().lower()
        return word in TRUE if word in TRUE or word in FALSE else _refuse()
    return bool(value) if value in (True, False) else _refuse()


def _int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        _refuse()
    if isinstance(value, float) and not value.is_integer():
        _refuse()
    return int(value)


def _whole(value: Any) -> int:
    number = _int(value)
    return number if number >= 0 else _refuse()


def _number(value: Any) -> float:
    if isinstance(value, str):
        value = float(value)
    elif isinstance(value, bool) or not isinstance(value, int | float):
        _refuse()
    # nan compares unequal to itself; a limit that is no number would never be reached
    return value if value == value else _refuse()  # type: ignore[no-any-return]


def _seconds(value: Any) -> float:
    number = value.total_seconds() if isinstance(value, timedelta) else _number(value)
    return number if number >= 0 else _refuse()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else _refuse()


def _names(value: Any) -> Any:
    # A lone string would be read letter by letter.
    if not isinstance(value, list | tuple | set | frozenset):
        _refuse()
    return value if all(isinstance(one, str) for one in value) else _refuse()


def _modules(value: Any) -> Any:
    return (value,) if isinstance(value, str) else _names(value)


def _path(value: Any) -> str:
    return _text(os.fspath(value))


def _split(text: str) -> tuple[str, ...]:
    return tuple(word for part in text.split(",") if (word := part.strip()))


def _url(value: Any) -> Any:
    # The URL of an empty environment variable is none.
    return (value or None) if isinstance(value, str) else _names(value)


def _dict(value: Any) -> Any:
    return value if isinstance(value, Mapping) else _refuse()


def _json_object(text: str) -> Any:
    return _dict(_json(text))


def _json(text: str) -> Any:
    return msgspec.json.decode(text)


def _anything(value: Any) -> Any:
    return value


def _any_text(text: str) -> Any:
    """JSON where it is JSON, else the text itself."""
    try:
        return _json(text)
    except ValueError:
        return text


def _ssl(value: Any) -> Any:
    return value if isinstance(value, Mapping) else _bool(value)


def _ssl_text(text: str) -> Any:
    return _json_object(text) if text.lstrip().startswith("{") else _bool(text)


def _path_or_class(value: Any) -> Any:
    return value if isinstance(value, str) or callable(value) else _refuse()


def _backend(value: Any) -> Any:
    if value is False or value == "":
        return None
    return value if callable(value) else _url(value)


def _queues(value: Any) -> Any:
    return value if isinstance(value, Mapping | list | tuple | set | frozenset) else _refuse()


def _concurrency(value: Any) -> Any:
    return "auto" if value == "auto" else _whole(value)


def _timezone(value: Any) -> Any:
    return value if isinstance(value, str | tzinfo) else _refuse()


def _bytes(value: Any) -> Any:
    return value if isinstance(value, bytes | str) else _refuse()


def _delivery_mode(value: Any) -> int:
    mode = {"transient": 1, "persistent": 2}.get(value) if isinstance(value, str) else value
    if mode is None:
        mode = _int(value)
    return int(mode) if mode in (1, 2) else _refuse()


def _kind(name: str, expects: str, check: Callable[[Any], Any], parse: Callable[[str], Any] | None = None) -> Kind:
    return Kind(name, expects, check, parse or check)


BOOL = _kind("bool", "True or False", _bool)
INT = _kind("int", "a whole number", _int)
WHOLE = _kind("int", "a whole number, 0 or more", _whole)
NUMBER = _kind("float", "a number", _number)
SECONDS = _kind("seconds", "seconds (a number, 0 or more) or a timedelta", _seconds)
TEXT = _kind("str", "a string", _text)
BYTES = _kind("bytes", "bytes", _bytes)
NAMES = _kind("list of str", "a list, tuple or set of strings", _names, _split)
MODULES = _kind("list of str", "a list or tuple of module paths", _modules, _split)
PATH = _kind("path", "a path", _path)
URL = _kind("url", "a URL string or a list of them", _url)
DICT = _kind("dict", "a dict", _dict, _json_object)
ANY = _kind("any", "any value", _anything, _any_text)
SSL = _kind("bool or dict", "True, False or a dict of TLS options", _ssl, _ssl_text)
CLASS = _kind("str or class", "a name, a dotted path or a class", _path_or_class)
BACKEND = _kind("url", "a URL, an alias or a class path", _backend)
QUEUES = _kind("list or dict", "a list of Queue objects or a dict of queue options by name", _queues, _json)
CONCURRENCY = _kind("int or 'auto'", "a whole number, 0 or more, or 'auto'", _concurrency)
TIMEZONE = _kind("str or tzinfo", "the name of a time zone such as 'Europe/Berlin', or a tzinfo", _timezone)
DELIVERY_MODE = _kind("1 or 2", "1 ('transient') or 2 ('persistent')", _delivery_mode)


def choice(*words: str) -> Kind:
    """One of these words."""
    listed = " or ".join(repr(word) for word in words)

    def check(value: Any) -> str:
        return value if isinstance(value, str) and value in words else _refuse()

    return _kind(listed, listed, check)
