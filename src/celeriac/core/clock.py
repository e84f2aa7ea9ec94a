"""Clocks are given, never fetched: the real one, and one that tests advance by hand."""

import time
from typing import Protocol


class Clock(Protocol):
    """Two readings: `now` for stamps that are stored or sent, `monotonic` for durations and deadlines."""

    def now(self) -> float: ...

    def monotonic(self) -> float: ...


class SystemClock:
    """The machine's clock."""

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)


class ManualClock:
    """Stands still until advanced."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self._now = now
        self._monotonic = 0.0

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        self._now += seconds
        self._monotonic += seconds


SYSTEM_CLOCK = SystemClock()
