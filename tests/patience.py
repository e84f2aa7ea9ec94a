"""How slow this machine is just now: limits are said for a quick one, and stretched by what is measured where they are
looked at. All waiting of the tests goes by this, and every promise that is made in seconds.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, Final

# A fixed piece of work, of the kind that tests wait for: a process starts, imports, and computes.
_PIECE: Final = "import asyncio, json, logging, sqlite3; sum(number * number for number in range(400_000))"
_USUAL: Final = 0.12  # seconds that it takes where the limits are right as they stand
_MOST: Final = 12.0  # a machine that is slower than this runs no tests
_FRESH: Final = 3.0  # seconds that a measurement is good for
# Conditions that only have to come true some time are waited for at least so long: a hang is found soon enough.
_LEAST: Final = 20.0


class Pace:
    """Measures at most every few seconds, and only while somebody has waited for half of what was said."""

    def __init__(self, measure: Callable[[], float], clock: Callable[[], float] = time.monotonic) -> None:
        self._measure = measure
        self._clock = clock
        self._worst = 1.0
        self._at: float | None = None

    def slowness(self) -> float:
        """How many times slower than usual this machine is: the worst of the run, for trouble comes in spells."""
        now = self._clock()
        if self._at is None or now - self._at > _FRESH:
            self._worst = max(self._worst, min(self._measure() / _USUAL, _MOST))
            self._at = self._clock()
        return self._worst

    def over(self, begin: float, seconds: float) -> bool:
        """Has so much time passed since, even on a machine like this?"""
        passed = self._clock() - begin
        return passed > seconds / 2 and passed > seconds * self.slowness()


def took() -> float:
    """Seconds for the piece of work."""
    begin = time.monotonic()
    subprocess.run([sys.executable, "-I", "-c", _PIECE], check=True, timeout=120)
    return time.monotonic() - begin


PACE: Final = Pace(took)


def stretched(seconds: float) -> float:
    """A promise of so many seconds, for this machine as it is now."""
    return seconds * PACE.slowness()


def in_time(took: float, seconds: float) -> bool:
    """Was it done in so many seconds of a machine that is not slow?"""
    return took < seconds or took < stretched(seconds)


def until(
    true: Callable[[], Any], seconds: float = _LEAST, told: Callable[[], Any] = lambda: "", every: float = 0.01
) -> Any:
    """Look until it is so, and return what was found; fail when even a slow machine would have come to it."""
    return _look(true, max(seconds, _LEAST), told, every)


def soon(true: Callable[[], Any], seconds: float, told: Callable[[], Any] = lambda: "") -> Any:
    """The same for what is promised within so many seconds."""
    return _look(true, seconds, told, 0.01)


def _look(true: Callable[[], Any], seconds: float, told: Callable[[], Any], every: float) -> Any:
    begin = time.monotonic()
    while not (found := true()):
        if PACE.over(begin, seconds):
            if found := true():  # since this process was held up itself
                break
            waited, slow = time.monotonic() - begin, PACE.slowness()
            raise AssertionError(f"not within {waited:.1f} s (this machine is {slow:.1f} times too slow): {told()}")
        time.sleep(every)
    return found
