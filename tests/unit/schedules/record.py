"""Writes celery57.json by asking real Celery; run by hand with a Python that has celery 5.7 and ephem.

/path/to/python tests/unit/schedules/record.py
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import cases
from celery import Celery
from celery.schedules import crontab, crontab_parser, schedule, solar


def answer(ask, *args):
    try:
        return ask(*args)
    except Exception as exc:
        return {"error": type(exc).__name__}


def parsed(text, most, least):
    return sorted(crontab_parser(most, least).parse(text))


def built(text):
    return fields(crontab(**eval(text)))


def line(text):
    return fields(crontab.from_string(text))


def app(zone="UTC", deadline=None):
    made = Celery(set_as_current=False)
    made.conf.timezone = zone
    made.conf.beat_cron_starting_deadline = deadline
    return made


def at(text):
    return datetime.fromisoformat(text)


def fields(made):
    sets = (made.minute, made.hour, made.day_of_week, made.day_of_month, made.month_of_year)
    return [sorted(map(int, numbers)) for numbers in sets]


def following(made, start, end, count):
    """The times at which beat would run it: it asks at least every five minutes, in the app's zone."""
    found, last, now = [], start, start
    clock = [now]
    made.nowfun = lambda: clock[-1]
    while len(found) < count and now.astimezone(UTC) < end:
        is_due, seconds = made.is_due(last)
        if is_due:
            found.append(now.astimezone(UTC).isoformat())
            last = now
        seconds = max(min(seconds, 300), 1e-6)
        now = (now.astimezone(UTC) + timedelta(seconds=seconds)).astimezone(start.tzinfo)
        clock.append(now)
    return found


def due(texts, start):
    """Of sparse ones the next times are asked for one after the other, without waiting for them."""
    made, last, found = crontab(*texts, app=app()), at(start), []
    for _ in range(8):
        made.nowfun = lambda last=last: last
        last += made.remaining_estimate(last)
        found.append(last.isoformat())
    return found


def interval(every, relative, last, now):
    made = schedule(every, relative, app=app(), nowfun=lambda: at(now))
    return [made.remaining_estimate(at(last)).total_seconds(), *made.is_due(at(last))]


def deadline(seconds, last, now):
    return list(crontab(0, 12, app=app(deadline=seconds), nowfun=lambda: at(now)).is_due(at(last)))


def sun(event, place, day):
    made = solar(event, *place, app=app(), nowfun=lambda: at(day))
    return (at(day) + made.remaining_estimate(at(day))).isoformat()


def change(zone, start, end, texts):
    local = at(start).astimezone(app(zone).timezone)
    return following(crontab(*texts, app=app(zone)), local, at(end), 400)


document = {
    "texts": [
        [text, *field, answer(parsed, text, *field)]
        for text in cases.TEXTS
        for field in sorted(set(cases.FIELDS.values()))
    ],
    "crontabs": [[text, answer(built, text)] for text in cases.CRONTABS],
    "lines": [[text, answer(line, text)] for text in cases.LINES],
    "due": [[texts, start, answer(due, texts, start)] for texts in cases.DUE for start in cases.STARTS],
    "changes": [
        [*where, texts, answer(change, *where, texts)] for where in cases.CHANGES for texts in cases.AT_CHANGES
    ],
    "intervals": [[*case, answer(interval, *case)] for case in cases.INTERVALS],
    "deadlines": [[*case, answer(deadline, *case)] for case in cases.DEADLINES],
    "sun": [
        [event, *place, day, answer(sun, event, place, day)]
        for event in cases.EVENTS
        for place in cases.PLACES
        for day in cases.DAYS
    ],
    "reprs": {
        "crontab": repr(crontab(0, [1, 2], "mon", "1-7", "*/2")),
        "interval": {
            str(seconds): repr(schedule(timedelta(seconds=seconds)))
            for seconds in (0, 0.5, 1, 1.5, 60, 90, 3600, 86400, 172803)
        },
        "solar": repr(solar("sunset", -37.81, 144.96)),
    },
}
Path(__file__).with_name("celery57.json").write_text(json.dumps(document) + "\n")
print({name: len(part) for name, part in document.items()})
