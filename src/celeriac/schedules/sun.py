"""solar: due when the sun rises, sets, or stands at one of the twilights' angles, at a place on earth."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from celeriac.core.errors import ImproperlyConfigured

from .kind import BaseSchedule, schedstate


class _Event(NamedTuple):
    """How ephem computes it: which method, the angle at the horizon, whether the sun's middle or edge counts."""

    method: str
    horizon: str
    use_center: bool


_EVENTS: Final = {
    "dawn_astronomical": _Event("next_rising", "-18", True),
    "dawn_nautical": _Event("next_rising", "-12", True),
    "dawn_civil": _Event("next_rising", "-6", True),
    "sunrise": _Event("next_rising", "-0:34", False),
    "solar_noon": _Event("next_transit", "0", False),
    "sunset": _Event("next_setting", "-0:34", False),
    "dusk_civil": _Event("next_setting", "-6", True),
    "dusk_nautical": _Event("next_setting", "-12", True),
    "dusk_astronomical": _Event("next_setting", "-18", True),
}
_SAME: Final = timedelta(seconds=0.5)  # ephem finds an event to a tenth of a second, a little different each time


def _ephem() -> Any:
    try:
        import ephem
    except ImportError as exc:
        raise ImproperlyConfigured(
            "solar() needs the library ephem, which is not installed: pip install 'celeriac[solar]'"
        ) from exc
    return ephem


class solar(BaseSchedule):  # noqa: N801 - Celery's name
    """Due at an event of the sun, such as 'sunrise', at a latitude (north is positive) and longitude (east is)."""

    __module__ = "celeriac.schedules"  # what pickles name; it will outlive this file

    _all_events = frozenset(_EVENTS)
    max_search_days = 366  # beyond the polar circles the sun may not rise for months; at the poles never

    def __init__(
        self,
        event: str,
        lat: float,
        lon: float,
        *,
        nowfun: Callable[[], datetime] | None = None,
        app: Any = None,
    ) -> None:
        self.ephem = _ephem()
        if event not in _EVENTS:
            raise ValueError(f"solar({event!r}): the event must be one of {', '.join(sorted(_EVENTS))}")
        self.event = event
        self.lat = _degrees("latitude", lat, 90)
        self.lon = _degrees("longitude", lon, 180)
        super().__init__(nowfun=nowfun, app=app)

    def next_after(self, when: datetime, anchor: datetime | None = None) -> datetime | None:
        """The first such event later than `when`; None if there is none within max_search_days."""
        when = when.astimezone(UTC)
        found = self._search(when)
        if found is not None and found - when < _SAME:
            found = self._search(when + timedelta(hours=1))
        return found

    def _search(self, when: datetime) -> datetime | None:
        method, horizon, use_center = _EVENTS[self.event]
        observer = self.ephem.Observer()
        observer.lat, observer.lon = str(self.lat), str(self.lon)
        observer.elevation, observer.pressure, observer.horizon = 0, 0, horizon
        options = {"use_center": True} if use_center else {}
        for day in range(self.max_search_days):
            observer.date = (when + timedelta(days=day)).replace(tzinfo=None)
            try:
                found = getattr(observer, method)(self.ephem.Sun(), **options)
            except self.ephem.CircumpolarError:
                continue
            event: datetime = found.datetime().replace(tzinfo=UTC)
            return event
        return None

    def remaining_estimate(self, last_run_at: datetime) -> timedelta:
        """How long it is from now until it is due; where the sun never rises, when to ask again."""
        due = self.next_after(self.maybe_make_aware(last_run_at))
        now = self.maybe_make_aware(self.now()).astimezone(UTC)
        return timedelta(days=self.max_search_days) if due is None else due - now

    def is_due(self, last_run_at: datetime) -> schedstate:
        """Whether it is due, and in how many seconds to look again."""
        remaining = self.remaining_estimate(last_run_at).total_seconds()
        if remaining > 0:
            return schedstate(is_due=False, next=remaining)
        return schedstate(is_due=True, next=max(self.remaining_estimate(self.now()).total_seconds(), 0))

    def __repr__(self) -> str:
        return f"<solar: {self.event} at latitude {self.lat}, longitude: {self.lon}>"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, solar):
            return (self.event, self.lat, self.lon) == (other.event, other.lat, other.lon)
        return NotImplemented

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.event, self.lat, self.lon)


def _degrees(name: str, value: Any, most: int) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise TypeError(f"solar(): {name} {value!r} must be a number of degrees, not {type(value).__name__}")
    if not -most <= value <= most:
        raise ValueError(f"solar(): {name} {value!r} is invalid, must be between -{most} and {most}")
    return value
