"""maybe_schedule: a number or a timedelta is an interval."""

from datetime import timedelta
from typing import Any, overload

from .kind import BaseSchedule
from .periods import schedule


@overload
def maybe_schedule(s: None, relative: bool = False, app: Any = None) -> None: ...
@overload
def maybe_schedule(s: object, relative: bool = False, app: Any = None) -> BaseSchedule: ...
def maybe_schedule(s: Any, relative: bool = False, app: Any = None) -> BaseSchedule | None:
    """The schedule that is meant, for this app; None is none."""
    if s is None:
        return None
    if isinstance(s, (int, float, timedelta)) and not isinstance(s, bool):
        return schedule(s, relative, app=app)
    if not isinstance(s, BaseSchedule) and not callable(getattr(s, "is_due", None)):
        raise TypeError(
            f"{s!r} is no schedule: give seconds, a timedelta, crontab(...) or solar(...), not {type(s).__name__}"
        )
    if app is not None:
        s.app = app
    found: BaseSchedule = s
    return found
