"""What a schedule will do: whether it can say so beforehand, and the next times."""

from datetime import UTC, datetime

from .kind import BaseSchedule


def foresees(schedule: BaseSchedule) -> bool:
    """True if `next_after` is the whole truth: no subclass has put an is_due of its own in front of it."""
    for kind in type(schedule).__mro__:
        own = vars(kind)
        if "next_after" in own:
            return kind is not BaseSchedule
        if "is_due" in own or "remaining_estimate" in own:
            return False
    return False


def upcoming(schedule: BaseSchedule, start: datetime | None = None, count: int = 10) -> list[datetime]:
    """The next `count` times after `start` (now, if not given), in the schedule's zone; fewer if there are no more.

    Intervals are counted from `start`.
    """
    if not foresees(schedule):
        raise TypeError(
            f"{type(schedule).__name__} decides in is_due what is due, so nobody can say beforehand; "
            "define next_after for that"
        )
    when = datetime.now(UTC) if start is None else schedule.maybe_make_aware(start, naive_as_utc=False)
    found: list[datetime] = []
    while len(found) < count:
        following = schedule.next_after(when)
        if following is None:
            break
        found.append(following.astimezone(schedule.tz))
        when = following
    return found
