"""Time zones by name and names of time zones, so that a schedule can be written down."""

import re
from datetime import UTC, timedelta, timezone, tzinfo
from typing import Any

from celeriac.core.near import near

_OFFSET = re.compile(r"UTC([+-])(\d\d):(\d\d)$")


def zone_named(value: Any) -> tzinfo:
    """A tzinfo as it is; else the zone of this name, such as 'Europe/Berlin', 'UTC' or 'UTC+05:30'."""
    if isinstance(value, tzinfo):
        return value
    if not isinstance(value, str):
        raise TypeError(f"tz={value!r} must be the name of a time zone or a tzinfo, not {type(value).__name__}")
    if value.upper() == "UTC":
        return UTC
    if offset := _OFFSET.match(value):
        sign, hours, minutes = offset.groups()
        ahead = timedelta(hours=int(hours), minutes=int(minutes))
        if ahead < timedelta(days=1):
            return timezone(-ahead if sign == "-" else ahead)
    # Most programs use UTC and need not pay for this import.
    from zoneinfo import ZoneInfo, available_timezones

    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        meant = near(value, available_timezones())
        hint = f": do you mean {meant!r}?" if meant else ""
        raise ValueError(f"tz={value!r}: there is no such time zone{hint}") from None


def name_of(zone: tzinfo) -> str:
    """The name under which `zone_named` finds it again."""
    name = getattr(zone, "key", None) or getattr(zone, "zone", None) or str(zone)
    try:
        found = zone_named(name)
    except (TypeError, ValueError):
        found = None
    if found is None:
        raise ValueError(f"The time zone {zone!r} has no name to write down: use zoneinfo.ZoneInfo('Area/City')")
    return str(name)
