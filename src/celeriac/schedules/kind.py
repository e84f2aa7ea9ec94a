"""BaseSchedule: what all schedules share: the app they are for, its clock and its time zone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from types import SimpleNamespace
from typing import Any, NamedTuple

from .ambient import ambient_app
from .zones import zone_named

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class schedstate(NamedTuple):  # noqa: N801 - Celery's name
    """Whether it is due, and in how many seconds to look again."""

    is_due: bool
    next: float


def _without_app() -> Any:
    """What stands for the app in a program that has none: UTC."""
    return SimpleNamespace(
        timezone=UTC,
        now=lambda: datetime.now(UTC),
        conf=SimpleNamespace(enable_utc=True, beat_cron_starting_deadline=None),
    )


class BaseSchedule:
    """Says when something is due.

    A schedule of your own defines either `next_after`, a pure function of time, or `remaining_estimate`
    and `is_due`, as in Celery.
    """

    __module__ = "celeriac.schedules"  # what pickles name; it will outlive this file

    _tz: tzinfo | None = None  # a zone of its own; not set in __init__, for subclasses may set tz before they call it

    def __init__(self, nowfun: Callable[[], datetime] | None = None, app: Any = None) -> None:
        self.nowfun = nowfun
        self._app = app

    def next_after(self, when: datetime, anchor: datetime | None = None) -> datetime | None:
        """The first moment (in UTC) later than `when` at which it is due, or None if it never is again.

        `anchor` is a moment at which it is due by definition; it matters to intervals only.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say when it is due: define next_after or is_due")

    def remaining_estimate(self, last_run_at: datetime) -> timedelta:
        """How long it is from now until it is due; less than nothing if it is overdue."""
        raise NotImplementedError(f"{type(self).__name__} must define remaining_estimate")

    def is_due(self, last_run_at: datetime) -> tuple[bool, float]:
        """Whether it is due, given when it ran last, and in how many seconds to look again."""
        raise NotImplementedError(f"{type(self).__name__} must define is_due")

    def now(self) -> datetime:
        """The moment, as `nowfun` or the app says."""
        now: datetime = (self.nowfun or self.app.now)()
        return now

    @property
    def app(self) -> Any:
        app = self._app if self._app is not None else ambient_app()
        return app if app is not None else _without_app()

    @app.setter
    def app(self, app: Any) -> None:
        self._app = app

    @property
    def tz(self) -> tzinfo:
        """The zone whose clock it goes by: its own, else the app's."""
        if self._tz is not None:
            return self._tz
        zone: tzinfo = self.app.timezone
        return zone

    @tz.setter
    def tz(self, zone: Any) -> None:
        self._tz = None if zone is None else zone_named(zone)

    @property
    def utc_enabled(self) -> bool:
        return bool(self.app.conf.enable_utc)

    def to_local(self, dt: datetime) -> datetime:
        """As it is with `enable_utc`; without it, in the machine's zone."""
        return dt if self.utc_enabled else dt.astimezone()

    def maybe_make_aware(self, dt: datetime, naive_as_utc: bool = True) -> datetime:
        """A moment without a zone is in UTC, or in this schedule's zone; one with a zone stays as it is."""
        if not isinstance(dt, datetime):
            raise TypeError(f"last_run_at must be a datetime, not {dt!r}: take now() if it never ran")
        if dt.tzinfo is not None:
            return dt
        return dt.replace(tzinfo=UTC).astimezone(self.tz) if naive_as_utc else dt.replace(tzinfo=self.tz)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, BaseSchedule):
            return other.nowfun == self.nowfun
        return NotImplemented


def microseconds(when: datetime) -> int:
    """Since 1970, exactly."""
    return (when - _EPOCH) // _MICROSECOND


def from_microseconds(when: int) -> datetime:
    return _EPOCH + timedelta(microseconds=when)
