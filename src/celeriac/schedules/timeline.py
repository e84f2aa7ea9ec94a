"""The offsets of a time zone as spans of UTC, found by asking the zone and remembered."""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final, NamedTuple

_CHUNK_BITS: Final = 24  # a chunk of 194 days: most questions are about today and need one or two
_STEP: Final = 6 * 3600  # no zone has two changes within six hours
_MARGIN: Final = 2 * 86_400  # a change this close before a chunk matters to its first hours
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST: Final = -62_135_510_400  # a day after the first moment and a day before the last that a datetime can say
LATEST: Final = 253_402_214_400


class Span(NamedTuple):
    """From `start` up to `end` (seconds of UTC) the local time is `offset` seconds ahead; before it was `before`."""

    start: int
    end: int
    before: int
    offset: int


class Timeline:
    """The spans of one zone. Two neighbours may have the same offset: where chunks meet."""

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone
        self._chunks: dict[int, tuple[list[int], list[Span]]] = {}
        self._fixed: Span | None = None
        if isinstance(zone, timezone):
            offset = self._offset(0)
            self._fixed = Span(EARLIEST, LATEST, offset, offset)

    def span(self, when: int) -> Span:
        """The span that contains this moment."""
        if self._fixed is not None:
            return self._fixed
        number = when >> _CHUNK_BITS
        found = self._chunks.get(number)
        if found is None:
            spans = self._spans(number << _CHUNK_BITS, (number + 1) << _CHUNK_BITS)
            found = self._chunks[number] = ([span.start for span in spans], spans)
        starts, spans = found
        return spans[bisect_right(starts, when) - 1]

    def instant(self, local: int) -> int:
        """The moment of a local time: the first if it comes twice, the end of the gap if it does not exist."""
        when = local - self.span(local - 86_400).offset - 86_400
        while True:
            span = self.span(when)
            if local < span.start + span.offset:
                return span.start
            if local - span.offset < span.end:
                return local - span.offset
            when = span.end

    def _spans(self, start: int, end: int) -> list[Span]:
        start = max(start - _MARGIN, EARLIEST)
        end = min(end, LATEST)
        spans: list[Span] = []
        opened, before = start, self._offset(start)
        offset = before
        for probe in (*range(start + _STEP, end, _STEP), end - 1):
            if self._offset(probe) != offset:
                change = self._change(max(probe - _STEP, opened), probe)
                spans.append(Span(opened, change, before, offset))
                opened, before, offset = change, offset, self._offset(probe)
        spans.append(Span(opened, end, before, offset))
        return spans

    def _change(self, low: int, high: int) -> int:
        """The first moment after `low` at which the offset is another; it is so at `high`."""
        offset = self._offset(low)
        while high - low > 1:
            middle = (low + high) // 2
            if self._offset(middle) == offset:
                low = middle
            else:
                high = middle
        return high

    def _offset(self, when: int) -> int:
        offset = (_EPOCH + timedelta(seconds=when)).astimezone(self.zone).utcoffset()
        if offset is None:
            raise ValueError(f"The time zone {self.zone!r} does not say how far it is from UTC")
        return round(offset.total_seconds())


_TIMELINES: dict[int, Timeline] = {}
_MOST_TIMELINES: Final = 1024  # there are some 600 zones


def timeline(zone: tzinfo) -> Timeline:
    """The zone's timeline. By identity, for not every tzinfo can be hashed; it holds its zone, so ids stay true."""
    found = _TIMELINES.get(id(zone))
    if found is None:
        if len(_TIMELINES) >= _MOST_TIMELINES:
            _TIMELINES.clear()
        found = _TIMELINES[id(zone)] = Timeline(zone)
    return found
