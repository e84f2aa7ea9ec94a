"""What leading by a lease and leading by a seat have in common: who asks, when it asks again, its tenure."""

import os
import socket

from celeriac.core.clock import Clock
from celeriac.core.ids import incarnation
from celeriac.core.ports.plans import Tenure


class Candidacy:
    """One beat that leads a book (then it has a tenure), or stands by."""

    def __init__(self, name: str, ttl: float, clock: Clock) -> None:
        self._ttl = ttl
        self._clock = clock
        self._again = 0.0  # when to ask the next time
        self.name = name
        self.holder = f"{socket.gethostname()}/{os.getpid()}/{incarnation()}"
        self.tenure: Tenure | None = None

    @property
    def wait(self) -> float:
        """Seconds until it wants to be asked again."""
        return max(0.0, self._again - self._clock.monotonic())

    def _ask_in(self, seconds: float) -> None:
        self._again = self._clock.monotonic() + seconds

    def _lead(self, term: int) -> None:
        self.tenure = Tenure(self.name, self.holder, term)
        self._ask_in(self._ttl / 3)

    def lose(self) -> None:
        """Another leads, or may: nothing is sent from here until it is this beat's turn again."""
        self.tenure = None
        self._ask_in(0.0)
