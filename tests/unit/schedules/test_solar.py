"""solar: the sun's events at a place, as Celery 5.7 with the same library computes them."""

import pickle
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from celeriac.exceptions import ImproperlyConfigured
from celeriac.schedules import schedstate, solar, upcoming

from .celery57 import RECORDED, app

at = datetime.fromisoformat


@pytest.mark.parametrize(("event", "lat", "lon", "start", "theirs"), RECORDED["sun"])
def test_it_is_due_when_celery_is(event: str, lat: float, lon: float, start: str, theirs: str) -> None:
    due = solar(event, lat, lon, app=app()).next_after(at(start))
    assert due is not None
    assert abs(due - at(theirs)) < timedelta(seconds=0.1)


@pytest.mark.parametrize("event", sorted(solar._all_events))
def test_each_event_comes_once_a_day_and_never_twice(event: str) -> None:
    found = upcoming(solar(event, 40.7, -74), datetime(2026, 1, 1, tzinfo=UTC), 400)
    hours = [(later - earlier).total_seconds() / 3600 for earlier, later in pairwise(found)]
    assert 23.9 < min(hours) <= max(hours) < 24.1


def test_where_the_sun_never_rises_there_is_no_next_time_and_beat_asks_again_in_a_year() -> None:
    made = solar("dawn_civil", 90, 0, app=app(now=datetime(2026, 1, 1, tzinfo=UTC)))
    assert made.next_after(datetime(2026, 1, 1, tzinfo=UTC)) is None
    assert made.is_due(datetime(2026, 1, 1, tzinfo=UTC)) == schedstate(False, 366 * 86_400)


def test_what_came_since_the_last_run_is_due() -> None:
    made = solar("solar_noon", 0, 0, app=app(now=datetime(2026, 1, 1, 13, tzinfo=UTC)))
    state = made.is_due(datetime(2026, 1, 1, 11, tzinfo=UTC))
    assert state.is_due
    assert 22 * 3600 < state.next < 24 * 3600


def test_it_is_compared_shown_and_pickled_as_celerys() -> None:
    made = solar("sunset", -37.81, 144.96)
    assert repr(made) == RECORDED["reprs"]["solar"]
    assert pickle.loads(pickle.dumps(made)) == made
    assert made != solar("sunset", -37.81, 145)
    assert made != 3


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        (("noon", 0, 0), ValueError, r"solar\('noon'\): the event must be one of dawn_astronomical, .*, sunset"),
        (("sunset", 91, 0), ValueError, "latitude 91 is invalid, must be between -90 and 90"),
        (("sunset", 0, -181), ValueError, "longitude -181 is invalid, must be between -180 and 180"),
        (("sunset", "52", 0), TypeError, "latitude '52' must be a number of degrees, not str"),
    ],
)
def test_what_is_wrong_is_refused(arguments: tuple[str, float, float], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        solar(*arguments)


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ephem", None)
    with pytest.raises(ImproperlyConfigured, match=r"pip install 'celeriac\[solar\]'"):
        solar("sunset", 0, 0)


@pytest.mark.parametrize("event", sorted(solar._all_events))
def test_an_event_is_not_due_again_if_its_moment_lost_a_digit_when_it_was_stored(event: str) -> None:
    made = solar(event, 52.52, 13.405)
    when = datetime(2026, 1, 1, tzinfo=UTC)
    for _ in range(20):
        due = made.next_after(when)
        assert due is not None
        again = made.next_after(due - timedelta(microseconds=1))
        assert again is not None
        assert again - due > timedelta(hours=23)
        when = due
