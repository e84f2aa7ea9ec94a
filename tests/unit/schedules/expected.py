"""An oracle for crontabs that shares nothing with the product: it looks at the wall clock every minute, one by one."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


@cache
def zone(name: str) -> ZoneInfo:
    """From the pinned tzdata, whatever the machine's own is."""
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def zone_names() -> list[str]:
    """One name of each zone."""
    folder = files("tzdata").joinpath("zoneinfo")
    names = files("tzdata").joinpath("zones").read_text().split()
    return list({folder.joinpath(*name.split("/")).read_bytes(): name for name in reversed(names)}.values())


@dataclass(frozen=True)
class Expression:
    """A crontab as text, and as the numbers that the text was made from."""

    texts: tuple[str, str, str, str, str]  # minute, hour, day of week, day of month, month
    numbers: tuple[frozenset[int], ...]

    def shows(self, clock: datetime) -> bool:
        """Whether the wall clock shows a matching minute."""
        minutes, hours, weekdays, days, months = self.numbers
        return (
            clock.minute in minutes
            and clock.hour in hours
            and clock.isoweekday() % 7 in weekdays
            and clock.day in days
            and clock.month in months
        )


class Clock:
    """What a wall clock shows in each minute of a span of time, and which times it skips just before."""

    def __init__(self, zone: tzinfo, start: int, end: int) -> None:
        self.start, self.end = start, end
        self._minutes: list[tuple[int, datetime, bool, list[datetime]]] = []
        shown: set[datetime] = set()
        before: datetime | None = None
        for moment in range(start, end, 60):
            clock = datetime.fromtimestamp(moment, zone).replace(tzinfo=None, fold=0)
            skipped: list[datetime] = []
            while before is not None and before + MINUTE * (len(skipped) + 1) < clock:
                skipped.append(before + MINUTE * (len(skipped) + 1))
            self._minutes.append((moment, clock, clock in shown, skipped))
            shown.add(clock)
            before = clock

    def due(self, expression: Expression) -> list[int]:
        """The moments at which the expression is due, by the policy as docs/schedules.md states it."""
        every_minute = len(expression.numbers[0]) == 60
        every_hour = len(expression.numbers[1]) == 24
        found = []
        for moment, clock, again, skipped in self._minutes:
            now = expression.shows(clock) and (not again or every_minute or every_hour)
            late = any(map(expression.shows, skipped)) and not (every_hour and len(skipped) % 60 == 0)
            if now or late:
                found.append(moment)
        return found


def changes(zone: tzinfo, first: int, last: int) -> list[int]:
    """The moments at which the zone's offset from UTC changes, to the minute."""

    def offset(moment: int) -> timedelta | None:
        return datetime.fromtimestamp(moment, zone).utcoffset()

    found = []
    before = offset(first)
    for day in range(first, last, 4 * 86_400):
        after = offset(day + 4 * 86_400)
        if after != before:
            hour = next(at for at in range(day, last + 5 * 86_400, 3600) if offset(at + 3600) != before)
            found.append(next(at for at in range(hour + 60, hour + 3601, 60) if offset(at) != before))
        before = after
    return found


_RANGES = ((0, 60), (0, 24), (0, 7), (1, 32), (1, 13))


def _field(chance: random.Random, first: int, end: int) -> tuple[str, frozenset[int]]:
    everything = range(first, end)
    form = chance.choice(("list", "list", "step", "range", "range step", "round"))
    if form == "list":
        chosen = chance.sample(everything, chance.choice((1, 1, 2, 4)))
        return ",".join(map(str, chosen)), frozenset(chosen)
    if form == "step":
        step = chance.randint(1, (end - first) // 2)
        return f"*/{step}", frozenset(range(first, end, step))
    low, high = sorted(chance.sample(everything, 2))
    if form == "range":
        return f"{low}-{high}", frozenset(range(low, high + 1))
    if form == "range step":
        step = chance.randint(1, 5)
        return f"{low}-{high}/{step}", frozenset(range(low, high + 1, step))
    return f"{high}-{low}", frozenset(range(high, end)) | frozenset(range(first, low + 1))


def _drawn(chance: random.Random) -> Expression:
    # Days and months are mostly open: what never matches near a change shows nothing.
    open_fields = (
        chance.random() < 0.15,
        chance.random() < 0.25,
        *(chance.random() < share for share in (0.7, 0.8, 0.9)),
    )
    fields = [
        ("*", frozenset(range(*numbers))) if is_open else _field(chance, *numbers)
        for is_open, numbers in zip(open_fields, _RANGES, strict=True)
    ]
    if chance.random() < 0.5 and fields[1][0] != "*":  # most clocks change at night
        hours = frozenset(chance.sample(range(5), 2))
        fields[1] = ",".join(map(str, hours)), hours
    texts, numbers = zip(*fields, strict=True)
    return Expression(texts, numbers)


def _every(first: int, end: int) -> frozenset[int]:
    return frozenset(range(first, end))


def _plain(minutes: str, hours: str) -> Expression:
    """By hand, for what people write most; only `*`, `*/n` and single numbers."""

    def numbers(text: str, end: int) -> frozenset[int]:
        if text == "*":
            return _every(0, end)
        return frozenset(range(0, end, int(text[2:]))) if text.startswith("*/") else frozenset({int(text)})

    rest = (_every(0, 7), _every(1, 32), _every(1, 13))
    return Expression((minutes, hours, "*", "*", "*"), (numbers(minutes, 60), numbers(hours, 24), *rest))


COMMON = [
    _plain(minutes, hours)
    for minutes in ("*", "*/5", "*/30", "0", "30", "59")
    for hours in ("*", "*/2", "0", "1", "2", "3", "23")
]


def expressions(count: int) -> list[Expression]:
    """The same ones each time: the common ones first, then drawn ones."""
    chance = random.Random(20201231)
    found = list(COMMON)
    while len(found) < count:
        drawn = _drawn(chance)
        if any(day <= 28 for day in drawn.numbers[3]):  # the others may never occur, which is another test's matter
            found.append(drawn)
    return found[:count]
