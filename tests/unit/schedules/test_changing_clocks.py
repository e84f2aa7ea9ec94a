"""crontab against an oracle that looks at the wall clock each minute, around the changes of offset of all time zones.

By default a sample: every shape of change there is, with some of the expressions. CELERIAC_ALL_CHANGES=1 takes
every change of every zone from 2020 to 2040 with every expression; it needs some twenty minutes (--timeout 3600).
"""

import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache, partial

import pytest

from celeriac.schedules import crontab

from .celery57 import app
from .expected import Clock, Expression, changes, expressions, zone, zone_names

EVERYTHING = os.environ.get("CELERIAC_ALL_CHANGES") == "1"
AROUND = 14 * 3600
FIRST, LAST = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2020, 2041))


def _offset(place: tzinfo, moment: int) -> int:
    offset = datetime.fromtimestamp(moment, place).utcoffset()
    assert offset is not None
    return round(offset.total_seconds())


@cache
def all_changes() -> list[tuple[str, int]]:
    """A zone and a moment for each different change."""
    found: dict[tuple[int, int, int], str] = {}
    for name in zone_names():
        place = zone(name)
        for moment in changes(place, FIRST, LAST):
            found.setdefault((moment, _offset(place, moment - 60), _offset(place, moment)), name)
    return [(name, moment) for (moment, _, _), name in found.items()]


def _lot(*of: object) -> bytes:
    return hashlib.sha256(repr(of).encode()).digest()


def sampled_changes(each: int) -> list[tuple[str, int]]:
    """Some of each shape: from which offset to which, at what time of the day."""
    shapes: dict[tuple[int, int, int], list[tuple[str, int]]] = {}
    for name, moment in all_changes():
        before, after = _offset(zone(name), moment - 60), _offset(zone(name), moment)
        shapes.setdefault((before, after, (moment + before) % 86_400), []).append((name, moment))
    return [change for of_shape in shapes.values() for change in sorted(of_shape, key=_lot)[:each]]


def due(place: tzinfo, expression: Expression, start: int, end: int) -> Iterator[int]:
    schedule = crontab(*expression.texts, tz=place)
    when = schedule.next_after(datetime.fromtimestamp(start - 1, UTC))
    while when is not None and when.timestamp() < end:
        yield int(when.timestamp())
        when = schedule.next_after(when)


def check(name: str, moment: int, chosen: list[Expression], around: int = AROUND) -> None:
    clock = Clock(zone(name), moment - around, moment + around)
    for expression in chosen:
        found = list(due(zone(name), expression, clock.start, clock.end))
        assert found == clock.due(expression), f"{expression.texts} in {name} around {moment}"


def test_crontabs_are_due_as_the_wall_clock_says_wherever_clocks_change_from_2020_to_2040() -> None:
    pool = expressions(400)
    changes_taken = all_changes() if EVERYTHING else sampled_changes(2)
    assert len(changes_taken) > 60
    for name, moment in changes_taken:
        check(name, moment, pool if EVERYTHING else sorted(pool, key=lambda one: _lot(name, one.texts))[:20])


@pytest.mark.parametrize(
    ("name", "local"),
    [
        pytest.param("Pacific/Apia", datetime(2011, 12, 31), id="Samoa skips a whole day"),
        pytest.param("Pacific/Kwajalein", datetime(1993, 8, 22), id="Kwajalein skips a whole day"),
        pytest.param("America/Juneau", datetime(1983, 10, 30, 2), id="Alaska goes back by two hours"),
        pytest.param("Asia/Pyongyang", datetime(2018, 5, 5), id="Korea skips half an hour before midnight"),
    ],
)
def test_crontabs_are_due_as_the_wall_clock_says_at_odd_changes_of_the_past(name: str, local: datetime) -> None:
    about = int(local.replace(tzinfo=UTC).timestamp())
    moments = changes(zone(name), about - 86_400 * 2, about + 86_400 * 2)
    assert moments
    for moment in moments:
        check(name, moment, expressions(60), 40 * 3600)


@pytest.mark.parametrize("month_and_day", [(3, 29), (10, 25)], ids=["forward", "back"])
def test_a_scheduler_that_asks_is_due_every_few_minutes_runs_them_at_the_same_moments(
    month_and_day: tuple[int, int],
) -> None:
    middle = int(datetime(2026, *month_and_day, 1, tzinfo=UTC).timestamp())
    clock = Clock(zone("Europe/Berlin"), middle - AROUND, middle + AROUND)
    for expression in expressions(40):
        hands = [datetime.fromtimestamp(clock.start - 1, UTC)]
        made = crontab(*expression.texts, tz=zone("Europe/Berlin"), app=app(), nowfun=partial(hands.__getitem__, -1))
        last, ran = hands[-1], []
        while (now := hands[-1]).timestamp() < clock.end:
            due, seconds = made.is_due(last)
            if due:
                ran.append(int(now.timestamp()))
                last = now
            hands.append(now + timedelta(seconds=min(seconds, 290)))
        assert ran == clock.due(expression), expression.texts


def test_every_change_is_a_different_case_and_the_sample_has_both_directions() -> None:
    steps = {_offset(zone(name), moment) - _offset(zone(name), moment - 60) for name, moment in sampled_changes(1)}
    assert {-3600, 3600, -1800, 1800} <= steps
