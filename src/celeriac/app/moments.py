"""Moments: the countdown, eta and expires of a call as points in time."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from celeriac.core.errors import ImproperlyConfigured
from celeriac.schedules.local import LOCAL_ZONE


def zone_of(conf: Any) -> tzinfo:
    """The app's time zone: what `timezone` says, else UTC, else (without enable_utc) the machine's."""
    wanted = conf.timezone
    if isinstance(wanted, tzinfo):
        return wanted
    if wanted and wanted.upper() != "UTC":
        # Most programs use UTC and need not pay for this import.
        from zoneinfo import ZoneInfo

        try:
            return ZoneInfo(wanted)
        except (KeyError, ValueError, OSError) as exc:
            raise ImproperlyConfigured(f"timezone: there is no time zone {wanted!r} ({exc})") from exc
    if wanted or conf.enable_utc:
        return UTC
    return LOCAL_ZONE


def moment(value: Any, zone: tzinfo, what: str) -> datetime:
    """A datetime from a datetime or ISO 8601 text; one without a zone is in the app's."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{what}={value!r} is no ISO 8601 date and time") from None
    if not isinstance(value, datetime):
        raise TypeError(f"{what}={value!r} must be a datetime or ISO 8601 text, not {type(value).__name__}")
    return value if value.tzinfo is not None else value.replace(tzinfo=zone)


def after(now: datetime, seconds: Any, what: str) -> datetime:
    """`seconds` from now; raises ValueError beyond what a date can say."""
    try:
        return now + timedelta(seconds=seconds)
    except OverflowError:
        raise ValueError(f"{what}={seconds!r} is beyond the last date there is") from None


def seconds_of(value: Any) -> float | None:
    """A number of seconds, or None for what is none."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
