"""Keeps as many children as are wanted: asks for new ones, slower if they fail, and lets old ones go."""

import asyncio
import logging
import signal
from collections.abc import Callable
from typing import Final

from celeriac.process import ending
from celeriac.process.forking import Born, Died
from celeriac.process.zygote import Zygote

from .brood import Brood, Child
from .reins import Reins

logger = logging.getLogger("celeriac.pool")

_LONGEST_DELAY: Final = 5.0
_PROVEN: Final = 5.0  # seconds of life after which a child's death says nothing about the next one's chances
_WAKE_AGAIN: Final = 0.5


class Population:
    """Counts, asks for children, and decides when to ask for the next."""

    def __init__(self, zygote: Zygote, brood: Brood, wanted: int, alive_timeout: float) -> None:
        self._zygote = zygote
        self._brood = brood
        self._alive_timeout = alive_timeout
        self._promised = 0  # children that will be asked for after a delay
        self._failures = 0  # in a row
        self._waking = False
        self.wanted = wanted
        self.stopping = False
        self.killing = False
        self.last_exit = 0
        self.reins: Reins
        self.on_added: Callable[[Child], None] = lambda child: None

    # -- coming -------------------------------------------------------------------------------------

    def fill(self, delay: float = 0.0) -> None:
        """See to it that there are as many as wanted."""
        if self.stopping:
            return
        missing = self.wanted - len(self._brood.staying()) - self._promised
        for _ in range(missing):
            if delay:
                self._promised += 1
                asyncio.get_running_loop().call_later(delay, self._keep_promise)
            elif not self._add():
                return

    def _keep_promise(self) -> None:
        self._promised -= 1
        self.fill()

    def _add(self) -> bool:
        """Ask for one; if that fails it is tried again later."""
        index = self._brood.free_index()
        if index is None:
            return False  # the next death makes room
        loop = asyncio.get_running_loop()
        try:
            sock = self._zygote.fork(index)
        except OSError as exc:
            if not self.stopping and self._zygote.fileno() >= 0:
                logger.warning("No child process can be asked for now: %s", exc)
                self.fill(_LONGEST_DELAY / 5)
            return False
        child = Child(index, sock, loop.time())
        self._brood.add(child)
        self.on_added(child)
        return True

    def born(self, born: Born) -> None:
        child = self._brood.get(born.index)
        if child is not None:
            child.pid = born.pid
            if self.killing:
                ending.send(child.pid, signal.SIGKILL)
                return
            asyncio.get_running_loop().call_later(self._alive_timeout, self._check_up, child)

    def _check_up(self, child: Child) -> None:
        if not child.up and self._brood.get(child.index) is child and not self.stopping:
            logger.error("Process %s did not come up within %ss and is killed", child.pid, self._alive_timeout)
            ending.send(child.pid, signal.SIGKILL)

    # -- going --------------------------------------------------------------------------------------

    def died(self, child: Child, died: Died) -> None:
        """After its burial: replace it, at once if it was of use."""
        self.last_exit = died.exitcode
        lived = asyncio.get_running_loop().time() - child.asked_for_at
        useful = child.worked or child.leaving or child.guilty is not None or lived > _PROVEN
        self._failures = 0 if useful else self._failures + 1
        excess = self._failures - max(self.wanted, 1)
        if excess <= 0:
            self.fill()
            return
        delay = min(_LONGEST_DELAY, 0.1 * 2.0 ** min(excess, 10))
        logger.error(
            "Child processes end (exit code %s) before they have done anything, %s in a row; the next in %.1fs",
            died.exitcode,
            self._failures,
            delay,
        )
        self.fill(delay)

    def retire(self, children: list[Child]) -> None:
        """They leave when they are done; whether others come instead is a question of `wanted`."""
        for child in children:
            child.leaving = True
            self.reins.retire(child)
        self._watch_retired()

    def _watch_retired(self) -> None:
        """A wake may go to a child it was not meant for: see to it that the idle ones do leave."""
        if not self._waking and not self.stopping:
            self._waking = True
            asyncio.get_running_loop().call_later(_WAKE_AGAIN, self._wake_retired)

    def _wake_retired(self) -> None:
        self._waking = False
        if self.stopping:
            return
        leaving = [child for child in self._brood if child.leaving]
        for child in leaving:
            self.reins.retire(child)
        if leaving:
            self._watch_retired()

    def resize(self, difference: int) -> None:
        """More or fewer."""
        wanted = self.wanted + difference
        if not 1 <= wanted <= self._brood.capacity:
            raise ValueError(
                f"the pool has {self.wanted} child process(es) and can't have {wanted}: "
                f"between 1 and {self._brood.capacity} are possible"
            )
        self.wanted = wanted
        staying = self._brood.staying()
        excess = len(staying) - wanted
        if excess > 0:
            idle_first = sorted(staying, key=lambda child: not self._brood.is_idle(child))
            self.retire(idle_first[:excess])
        self.fill()

    def renew(self) -> None:
        """Everyone goes, others come."""
        self.retire(self._brood.staying())
        self.fill()
