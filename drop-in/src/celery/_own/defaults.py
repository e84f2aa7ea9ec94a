"""celery.app.defaults: every setting Celery knows, with its default and old name."""

from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

from celeriac.settings import ALL, celery_defaults

_AREAS = ("accept", "beat", "broker", "control", "database", "event", "redis", "result", "security", "task", "worker")


class Option:
    """One setting."""

    typemap: dict[str, Any] = {"string": str, "int": int, "float": float, "dict": dict, "tuple": tuple}

    def __init__(self, default: Any = None, *args: Any, **kwargs: Any) -> None:
        self.default = default
        self.type = kwargs.pop("type", "any")
        self.old = set(kwargs.pop("old", ()))
        self.__dict__.update(kwargs)

    def to_python(self, value: Any) -> Any:
        """The value from its text."""
        return self.typemap.get(self.type, lambda v: v)(value)

    def __repr__(self) -> str:
        return f"<Option: type->{self.type} default->{self.default!r}>"


class searchresult(NamedTuple):  # noqa: N801 - Celery's name
    """Where a setting is."""

    namespace: str | None
    key: str
    type: Any


DEFAULTS: dict[str, Any] = celery_defaults()
NAMESPACES: dict[str, Any] = {}
for _setting in ALL:
    if _setting.name in DEFAULTS:
        _option = Option(DEFAULTS[_setting.name], old=[_setting.old_name] if _setting.old_name else [])
        _area, _, _rest = _setting.name.partition("_")
        if _area in _AREAS:
            NAMESPACES.setdefault(_area, {})[_rest] = _option
        else:
            NAMESPACES[_setting.name] = _option


def flatten(d: dict[str, Any], root: str = "", keyfilter: Any = None) -> Iterator[tuple[str, Any]]:
    """(name, option) of a tree of options."""
    stack = deque([(root, d)])
    while stack:
        name, options = stack.popleft()
        for key, option in options.items():
            if isinstance(option, dict):
                stack.append((f"{name}{key}_", option))
            else:
                yield name + key, option


def find(name: str, namespace: str = "celery") -> searchresult:
    """Where the setting of this name is."""
    wanted = name.lower()
    flat = dict(flatten(NAMESPACES))
    if wanted in flat:
        return searchresult(None, wanted, flat[wanted])
    for area, options in NAMESPACES.items():
        if isinstance(options, dict) and wanted in options:
            return searchresult(area, wanted, options[wanted])
    raise KeyError(name)
