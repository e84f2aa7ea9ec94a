"""What record.py wrote, and where Celery is not right: docs/schedules.md says so, and the tests expect otherwise."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

RECORDED: dict[str, Any] = json.loads(Path(__file__).with_name("celery57.json").read_text())

# Expressions that Celery takes for something that nobody can have meant.
REFUSED = {
    "1-2-3": "the rest of it is ignored: 1-2",
    "{'minute': b'1'}": "bytes are read as the numbers of their characters: minute 49",
    "{'minute': []}": "never due",
    "{'day_of_week': 'jan'}": "Monday",
    "{'minute': 'mon'}": "minute 1",
    "{'month_of_year': 'fri'}": "May",
    "{'day_of_month': 'tue'}": "the 2nd of the month",
}

# Lines of a crontab with more than one blank between fields, which Celery refuses.
TAKEN = {"  1   2 3 4 5 ": [[1], [2], [5], [3], [4]], "1\t2 * * *": [[1], [2]]}

# (zone, start of the case, expression): at which moments only we, and only they, are due.
# Celery forgets what every minute or hour does in the hour that comes twice, and runs what the gap swallowed
# as late as its length after the gap.
AT_CHANGES = {
    ("Europe/Berlin", "2026-03-28", "30 2"): (["03-29T01:00"], ["03-29T01:30"]),
    ("Europe/Berlin", "2026-10-24", "0 *"): (["10-25T01:00"], []),
    ("Europe/Berlin", "2026-10-24", "*/15 *"): (["10-25T01:00", "10-25T01:15", "10-25T01:30", "10-25T01:45"], []),
    ("America/New_York", "2026-03-07", "30 2"): (["03-08T07:00"], ["03-08T07:30"]),
    ("America/New_York", "2026-10-31", "0 *"): (["11-01T06:00"], []),
    ("America/New_York", "2026-10-31", "*/15 *"): (["11-01T06:00", "11-01T06:15", "11-01T06:30", "11-01T06:45"], []),
    ("Australia/Lord_Howe", "2026-04-04", "*/15 *"): (["04-04T15:00", "04-04T15:15"], []),
    ("America/Havana", "2026-03-07", "30 0"): (["03-08T05:00"], ["03-08T05:30"]),
    ("America/Havana", "2026-10-31", "0 *"): (["11-01T05:00"], []),
    ("America/Havana", "2026-10-31", "*/15 *"): (["11-01T05:00", "11-01T05:15", "11-01T05:30", "11-01T05:45"], []),
}


def app(zone: str = "UTC", now: datetime | None = None, deadline: float | None = None, enable_utc: bool = True) -> Any:
    """What a schedule asks of an app."""
    return SimpleNamespace(
        timezone=UTC if zone == "UTC" else ZoneInfo(zone),
        now=lambda: now or datetime.now(UTC),
        conf=SimpleNamespace(beat_cron_starting_deadline=deadline, enable_utc=enable_utc),
    )


def error_of(ask: Callable[[], object]) -> tuple[str, ...]:
    """The names of the classes of what is raised, most special first; nothing if it answers."""
    try:
        ask()
    except (ValueError, TypeError) as exc:
        return tuple(kind.__name__ for kind in type(exc).__mro__)
    return ()
