"""Click types of the options that need more than a string."""

import json
import logging
import os
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    ParamType = click.ParamType[Any]
else:
    ParamType = click.ParamType  # generic for the type checker only, in older versions of click


class CommaList(ParamType):
    """a,b,c"""

    name = "list"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, ...]:
        if isinstance(value, str):
            return tuple(word.strip() for word in value.split(",") if word.strip())
        return tuple(value)


class LogLevel(ParamType):
    """DEBUG, info, 20 ..."""

    name = "level"
    _names = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "FATAL")

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        if isinstance(value, int):
            return value
        if value.isdigit():
            return int(value)
        if value.upper() in self._names:
            return int(getattr(logging, value.upper()))
        return self.fail(f"{value!r} is no log level; there are {', '.join(self._names)}", param, ctx)


class Concurrency(ParamType):
    """A number, or auto: the processors this process may use, cut to a container's quota."""

    name = "n|auto"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        if isinstance(value, int):
            return value
        if value == "auto":
            return cpu_budget()
        if value.isdigit():
            return int(value)  # 0: as if nothing had been said
        return self.fail(f"{value!r} is neither a number nor auto", param, ctx)


class Json(ParamType):
    """A JSON document of one kind."""

    def __init__(self, kind: type, called: str) -> None:
        self._kind = kind
        self.name = f"json {called}"
        self._called = called

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        if isinstance(value, self._kind):
            return value
        try:
            found = json.loads(value)
        except ValueError as exc:
            return self.fail(f"{value!r} is no JSON: {exc}", param, ctx)
        if not isinstance(found, self._kind):
            return self.fail(f"{value} is no JSON {self._called}", param, ctx)
        return found


class IsoDate(ParamType):
    """2030-01-31T12:00:00+01:00; without a zone it is local time."""

    name = "iso-8601"

    def convert(self, value: Any, param: Any, ctx: Any) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return datetime.fromisoformat(value).astimezone()
        except ValueError as exc:
            return self.fail(f"{value!r} is no ISO 8601 date: {exc}", param, ctx)


class SecondsOrDate(IsoDate):
    """A number of seconds, or a moment."""

    name = "seconds|iso-8601"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        try:
            return float(value)
        except (TypeError, ValueError):
            return super().convert(value, param, ctx)


def cpu_budget() -> int:
    """Processors allowed by affinity and by the control group's quota."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        with open("/sys/fs/cgroup/cpu.max") as file:
            quota, period = file.read().split()
    except (OSError, ValueError):
        return count
    return count if quota == "max" else max(1, min(count, int(quota) // int(period)))


COMMA_LIST: Final = CommaList()
LOG_LEVEL: Final = LogLevel()
CONCURRENCY: Final = Concurrency()
JSON_ARRAY: Final = Json(list, "array")
JSON_OBJECT: Final = Json(dict, "object")
ISO_DATE: Final = IsoDate()
SECONDS_OR_DATE: Final = SecondsOrDate()
