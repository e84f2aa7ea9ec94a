"""Patience: when a wait for a result ends, when it looks again, and how it bears a store that is away."""

from collections.abc import Callable
from typing import Final

from celeriac.core.clock import Clock
from celeriac.core.errors import OperationalError, TimeoutError

from .source import Wait

REREAD: Final = 2.0  # seconds after which a waiter looks for itself, should a message have been lost
OUTAGE: Final = 30.0  # seconds for which a store may be away before a wait without a timeout gives up
_SHORTEST_IO: Final = 0.25  # a look gets at least this long, also at the end of a timeout
_PAUSES: Final = (0.02, 0.05, 0.1, 0.25, 0.5, 1.0)


class Patience:
    """The times of one wait."""

    def __init__(
        self, missing: str | Callable[[], str], how: Wait, clock: Clock, look: float, reread: float = REREAD
    ) -> None:
        self._missing = missing  # the task's id, or what says who is missing: "task a was", "3 of 7 tasks were"
        self._longest_io = look
        self._how = how
        self._clock = clock
        self._reread = reread
        now = clock.monotonic()
        self._end = None if how.timeout is None else now + how.timeout
        self._look_at = now + reread
        self._trouble: OperationalError | None = None  # since the last time the store answered
        self._trouble_since: float | None = None
        self._troubles = 0

    @property
    def io_timeout(self) -> float:
        """The deadline of a look that starts now."""
        if self._end is None:
            return self._longest_io
        return min(self._longest_io, max(_SHORTEST_IO, self._end - self._clock.monotonic()))

    def looked(self) -> None:
        """The store answered: the next look is due a while from now."""
        self._trouble = self._trouble_since = None
        self._troubles = 0
        self._look_at = self._clock.monotonic() + self._reread

    def slice(self) -> float:
        """How long to listen before something else is to be done; 0 when it is time to look."""
        now = self._clock.monotonic()
        wait = self._look_at - now
        if self._end is not None:
            wait = min(wait, self._end - now)
        if self._how.on_interval is not None:
            wait = min(wait, self._how.interval)
        return max(wait, 0.0)

    def check(self) -> None:
        """Raises TimeoutError when the caller's time is over; if the store is away, it says that instead."""
        if self._end is not None and self._clock.monotonic() >= self._end:
            if self._trouble is not None:
                raise self._trouble
            who = f"task {self._missing} was" if isinstance(self._missing, str) else self._missing()
            raise TimeoutError(f"The operation timed out: {who} not ready within {self._how.timeout} seconds.")

    def pause(self, trouble: OperationalError) -> float:
        """How long to wait before the next try; raises the trouble when it has lasted too long."""
        now = self._clock.monotonic()
        self._trouble = trouble
        if self._trouble_since is None:
            self._trouble_since = now
        if self._end is None and now - self._trouble_since >= OUTAGE:
            raise trouble
        self.check()
        pause = _PAUSES[min(self._troubles, len(_PAUSES) - 1)]
        self._troubles += 1
        return pause if self._end is None else min(pause, max(0.0, self._end - now))


def trouble_of(error: Exception) -> OperationalError:
    """What patience is told of a store that refused, or did not answer within the time of one look."""
    if isinstance(error, OperationalError):
        return error
    return OperationalError("The result store does not answer: is it overloaded, or the network down?")
