"""Sitting: leadership by a seat, where the broker knows no leases but its connections; asked as Leadership is."""

import logging
import random
from typing import Final

from celeriac.core.clock import Clock
from celeriac.core.ports.seat import Seat

from .candidacy import Candidacy

logger = logging.getLogger("celeriac.beat")

_ASK: Final = 1.0  # how often those who stand by ask for the seat


class Sitting(Candidacy):
    """Keeps the seat of one book, or tries to get it. While it is held there is nothing to do for that."""

    def __init__(self, seat: Seat, name: str, ttl: float, clock: Clock) -> None:
        super().__init__(name, ttl, clock)
        self._seat = seat
        self._stands_by = False
        self._term = 0

    def keep(self) -> bool:
        """True while this beat leads. Raises OperationalError if the broker does not answer."""
        if self.tenure is not None and not self._seat.held:
            self.lose()
        if self.wait > 0:
            return self.tenure is not None
        if self.tenure is None:
            return self._take()
        self._ask_in(self._ttl / 3)
        return True

    def _take(self) -> bool:
        self._ask_in(0.0)  # should it raise, nobody is to believe that there is an answer
        taken = self._seat.take()
        # Those who stand by ask at different moments.
        self._ask_in(_ASK * random.uniform(0.8, 1.2))
        if not taken:
            if not self._stands_by:
                logger.info("beat: Standing by: another beat leads (%s).", self.name)
            self._stands_by = True
            return False
        self._stands_by = False
        self._term += 1
        self._lead(self._term)
        logger.info("beat: This beat leads (%s).", self.name)
        return True

    def lose(self) -> None:
        if self.tenure is not None:
            logger.warning("beat: This beat no longer leads: its connection to the broker was lost.")
        super().lose()

    def resign(self) -> None:
        """Leave the seat, so that another takes over at once."""
        self.tenure = None
        self._seat.leave()
