"""Leadership: one of any number of beats holds the lease and sends; the others stand by."""

import logging
import random
from typing import Final

from celeriac.core.clock import Clock
from celeriac.core.ports import Lease, Link

from .candidacy import Candidacy

logger = logging.getLogger("celeriac.beat")

_IO: Final = 2.0  # the deadline of a question about the lease


class Leadership(Candidacy):
    """Keeps the lease of one book, or tries to get it. Asked at every tick, it does something when it is time to."""

    def __init__(self, lease: Lease, link: Link, book: str, ttl: float, clock: Clock) -> None:
        super().__init__(f"beat/{book}", ttl, clock)
        self._lease = lease
        self._link = link
        self._leader: str | None = None  # of whom we have told the log

    def keep(self) -> bool:
        """True while this beat leads. Raises OperationalError if the broker does not answer."""
        if self.wait > 0:
            return self.tenure is not None
        return self.renew() if self.tenure is not None else self._acquire()

    def renew(self) -> bool:
        """Renew now; False, and no longer the leader, if the lease is another's."""
        if self._link.run(self._lease.renew(self.name, self.holder, self._ttl), _IO):
            self._ask_in(self._ttl / 3)
            return True
        self.lose()
        return False

    def _acquire(self) -> bool:
        self._ask_in(0.0)  # should it raise, nobody is to believe that there is an answer
        term = self._link.run(self._lease.acquire(self.name, self.holder, self._ttl), _IO)
        # Those who stand by ask at different moments, often enough to be there soon after the lease has run out.
        self._ask_in(min(1.0, self._ttl / 6) * random.uniform(0.8, 1.2))
        if term is None:
            self._tell_who_leads()
            return False
        self._leader = None
        self._lead(term)
        logger.info("beat: This beat leads (%s, term %s).", self.name, term)
        return True

    def _tell_who_leads(self) -> None:
        leader = self._link.run(self._lease.holder(self.name), _IO)
        if leader is not None and leader != self._leader:
            self._leader = leader
            logger.info("beat: Standing by: %s leads.", leader)

    def lose(self) -> None:
        if self.tenure is not None:
            logger.warning("beat: This beat no longer leads: it was stopped or cut off for over %g s.", self._ttl)
        super().lose()

    def resign(self) -> None:
        """Give the lease up, so that another need not wait for its end. Raises OperationalError."""
        if self.tenure is not None:
            self.tenure = None
            self._link.run(self._lease.release(self.name, self.holder), _IO)
