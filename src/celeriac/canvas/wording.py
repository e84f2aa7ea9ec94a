"""Words: signatures as people read them in logs."""

from collections.abc import Iterable, Mapping
from typing import Any

from celeriac.wire.saferepr import saferepr


def reprcall(name: Any, args: Iterable[Any] = (), kwargs: Mapping[str, Any] | None = None) -> str:
    """name(1, 2, key='value')."""
    parts = [_value(value) for value in args]
    parts += [f"{key}={_value(value)}" for key, value in (kwargs or {}).items()]
    return f"{name}({', '.join(parts)})"


def _value(value: Any) -> str:
    if isinstance(value, Mapping) and "subtask_type" in value:
        return repr(value)
    if isinstance(value, list) and any(isinstance(one, Mapping) and "subtask_type" in one for one in value):
        return repr(value)
    return saferepr(value)
