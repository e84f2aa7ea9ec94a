"""When a schedule is due next, in seconds or microseconds of UTC: the pure functions under all schedules.

The policy for local times that the clock skips or shows twice:

- a time that does not exist runs once, at the end of the gap; several such times run once together,
- a time that comes twice runs once, the first time,
- but what names every minute or every hour follows the real clock: it runs in the repeated time too, and
  what names every hour has nothing to make up for after a gap of whole hours.
"""

from typing import Final

from .pattern import Pattern
from .timeline import EARLIEST, LATEST, Timeline

_SAFE: Final = 2 * 86_400  # more than two offsets from UTC can differ by


def next_match(pattern: Pattern, timeline: Timeline, after: int) -> int | None:
    """The first moment later than `after` at which the pattern is due; None if there is none before the year 10000."""
    when = max(after + 1, EARLIEST)
    while when < LATEST:
        start, end, before, offset = timeline.span(when)
        local = when + offset
        if before > offset and not pattern.flowing:
            local = max(local, start + before)  # what the clock shows a second time has run
        elif before < offset and when == start and not (pattern.every_hour and (offset - before) % 3600 == 0):
            missed = pattern.next_local(start + before)
            if missed is not None and missed < start + offset:
                return start
        found = pattern.next_local(local)
        if found is None:
            return None
        if found - offset < end:
            return found - offset
        # Nothing matches for long: skip years at once, but not a repetition of times that are before `local`.
        when = end if end - when < _SAFE else max(end, found - offset - _SAFE)
    return None


def next_tick(every: int, after: int, anchor: int | None = None) -> int:
    """The first tick later than `after` of those at anchor + n * every; without an anchor, `after` was one."""
    if anchor is None:
        return after + every
    return anchor + ((after - anchor) // every + 1) * every


def next_round(every: int, after: int, timeline: Timeline) -> int:
    """`every` seconds later, rounded down to the local day, hour or minute, as the interval's size suggests."""
    if every >= 86_400:
        local = after + timeline.span(after).offset + every  # days are counted on the calendar, not in hours
        while True:
            found = timeline.instant(local - local % 86_400)
            if found > after:
                return found
            local += 86_400
    when = after + every
    local = when + timeline.span(when).offset
    return when - local % (3600 if every >= 3600 else 60 if every >= 60 else 1)
