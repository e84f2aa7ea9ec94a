"""The runs that have been asked to end: repeats a soft ask until it is felt, insists on a hard one."""

import asyncio
import logging
import signal
from typing import Final

from celeriac.process.slots import Slots

from .brood import Brood, Child
from .reins import IsOut, Reins, end_process

logger = logging.getLogger("celeriac.pool")

# A soft ask is felt only in a task's body. It may come while the arguments are still being decoded, or while
# handlers of the program run before the body; asked again, a run that has felt it feels nothing.
SOFT_AGAIN: Final = (0.05, 0.2, 0.5, 1.0, 2.0, 5.0)
_RETRY: Final = 0.1
# What shares its process with other runs has this long to feel the gentle way, then the process is ended.
SHARED_GRACE: Final = 0.9


class Endings:
    """One per pool; what it asks of a run that is over is nothing to any other."""

    def __init__(self, memory: Slots, brood: Brood, reins: Reins, is_out: IsOut, grace: float) -> None:
        self._memory = memory
        self._brood = brood
        self._reins = reins
        self._is_out = is_out
        self._grace = grace
        self.asked: dict[int, int] = {}  # run -> signal

    def settled(self, run: int) -> int:
        """The run is over; the signal by which it was asked to end, or 0."""
        return self.asked.pop(run, 0)

    def soft(self, run: int) -> bool:
        found = self._brood.find(run)
        return found is not None and self._soft(*found, run, 0)

    def _soft(self, child: Child, slot: int, run: int, turn: int) -> bool:
        if self._memory.look(slot)[0] != run or not self._reins.soft(child, slot, run):
            return False
        if turn < len(SOFT_AGAIN):
            asyncio.get_running_loop().call_later(SOFT_AGAIN[turn], self._soft, child, slot, run, turn + 1)
        return True

    def hard(self, run: int, number: int) -> bool:
        if run in self.asked:
            return True
        found = self._brood.find(run)
        if found is None or not self._reins.end(*found, run, number):
            return False
        self.asked[run] = number
        asyncio.get_running_loop().call_later(self._grace, self._insist, run)
        return True

    def _insist(self, run: int) -> None:
        """Nothing gentler has helped."""
        if run not in self.asked:
            return
        found = self._brood.find(run)
        if found is None:
            return
        child, slot = found
        if end_process(self._memory, child, slot, run, self._is_out):
            logger.warning("Process %s did not end its run when asked, and was killed", child.pid)
        else:
            asyncio.get_running_loop().call_later(_RETRY, self._insist, run)


def is_soft(number: int) -> bool:
    """Programs written for Celery raise the soft limit by "terminating" with this signal."""
    return number == getattr(signal, "SIGUSR1", None)
