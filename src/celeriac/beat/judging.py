"""What an entry must have to be run at all; said before it is due, with its name."""

from datetime import timedelta
from typing import Any

from celeriac.core.errors import ImproperlyConfigured

from .overlap import check_results


def check_entry(app: Any, name: str, entry: Any) -> None:
    """Raises ImproperlyConfigured."""
    if not entry.task or not isinstance(entry.task, str):
        raise ImproperlyConfigured(f"The periodic task {name!r} names no task: 'task' is the name of one")
    if entry.schedule is None:
        raise ImproperlyConfigured(
            f"The periodic task {name!r} has no 'schedule': give seconds, a timedelta, crontab(...) or solar(...)"
        )
    every = getattr(entry.schedule, "run_every", None)
    if isinstance(every, timedelta) and every <= timedelta(0):
        raise ImproperlyConfigured(f"The periodic task {name!r}: its interval must be longer than nothing")
    check_results(app, name, entry)
