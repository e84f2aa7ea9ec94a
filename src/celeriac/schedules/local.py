"""The machine's time zone with all its rules, where Python itself gives its present offset only."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any


class LocalZone(tzinfo):
    """What TZ or /etc/localtime says, summer time included."""

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        return None if dt is None else dt.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, dt: datetime | None) -> timedelta | None:
        return None  # the system does not say which part of the offset it is

    def tzname(self, dt: datetime | None) -> str | None:
        return None if dt is None else dt.replace(tzinfo=None).astimezone().tzname()

    def fromutc(self, dt: datetime) -> datetime:
        there = dt.replace(tzinfo=UTC).astimezone()
        first = there.replace(tzinfo=self, fold=0)
        return first if first.utcoffset() == there.utcoffset() else first.replace(fold=1)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LocalZone)

    def __hash__(self) -> int:
        return hash(LocalZone)

    def __repr__(self) -> str:
        return "LocalZone()"

    def __reduce__(self) -> tuple[Any, ...]:
        return LocalZone, ()


LOCAL_ZONE = LocalZone()
