"""Schedules as plain values that can be stored as JSON, and back."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .cron import crontab
from .kind import BaseSchedule
from .periods import schedule as every
from .sun import solar
from .zones import name_of

_CRON_FIELDS = ("minute", "hour", "day_of_week", "day_of_month", "month_of_year")


def _field(spec: Any) -> Any:
    return spec if isinstance(spec, (int, str)) or not isinstance(spec, Iterable) else sorted(spec)


def to_plain(schedule: BaseSchedule) -> dict[str, Any]:
    """A dict of text and numbers. A nowfun can't be written down, nor can classes of your own."""
    kind = type(schedule)
    if schedule.nowfun is not None:
        raise TypeError(f"{schedule!r} can't be written as JSON, for it has a nowfun; give a crontab tz= instead")
    if kind is every:
        assert isinstance(schedule, every)
        return {"type": "interval", "every": schedule.seconds, "relative": bool(schedule.relative), **_zone(schedule)}
    if kind is crontab:
        fields = {name: _field(getattr(schedule, f"_orig_{name}")) for name in _CRON_FIELDS}
        return {"type": "crontab", **fields, **_zone(schedule)}
    if kind is solar:
        assert isinstance(schedule, solar)
        return {"type": "solar", "event": schedule.event, "lat": schedule.lat, "lon": schedule.lon}
    raise TypeError(f"{schedule!r} can't be written as JSON: only schedule, crontab and solar can")


def _zone(schedule: BaseSchedule) -> dict[str, str]:
    return {} if schedule._tz is None else {"tz": name_of(schedule._tz)}


def _interval(*, every_: float, relative: bool = False, tz: str | None = None) -> BaseSchedule:
    found = every(every_, relative)
    found.tz = tz
    return found


_KINDS: dict[str, Callable[..., BaseSchedule]] = {"crontab": crontab, "solar": solar, "interval": _interval}


def from_plain(value: Mapping[str, Any]) -> BaseSchedule:
    """The schedule of such a dict; raises ValueError that says what is wrong with it."""
    given = dict(value)
    kind = given.pop("type", None)
    make = _KINDS.get(kind) if isinstance(kind, str) else None
    if make is None:
        raise ValueError(f"{value!r} is no schedule: its type must be one of {', '.join(_KINDS)}")
    if "every" in given:
        given["every_"] = given.pop("every")
    try:
        return make(**given)
    except TypeError as exc:
        raise ValueError(f"{value!r} is no schedule: {exc}") from exc
