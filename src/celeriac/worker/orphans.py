"""Runs whose message is no longer this worker's: when it comes here again, it is theirs, and is not run twice at once.

When the connection to a broker breaks that takes back what an owner held (RabbitMQ), or a lease runs out, the runs
that have begun go on. Their messages are handed out again. What comes back to this worker is given to the run that
goes on, or, if that has ended meanwhile, settled as it ended. What goes to another worker is run there a second time.
"""

import logging
from typing import Final, Literal

import msgspec

from celeriac.core.delivery import Action, Delivery, Settlement
from celeriac.core.errors import DecodeError
from celeriac.wire import envelope
from celeriac.wire.envelope import Head

from .hands import Hands
from .plans import TaskPlan

logger = logging.getLogger("celeriac.worker.consumer")

_MOST: Final = 10_000
Attempt = tuple[str, int]  # a task's id and which of its tries it is


class Orphans:
    """A step of the intake for what was handed out before."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._running: dict[Attempt, int] = {}
        self._ended: dict[Attempt, Settlement] = {}

    def disowned(self) -> None:
        """Everything in hand belongs to others by now, but what was acknowledged before."""
        self._running = {(hand.head.id, hand.head.retries): hand.run for hand in self._hands if not hand.settled}

    def ended(self, settlement: Settlement) -> None:
        """This could not be told to the broker any more."""
        if settlement.action is Action.DEFER or (settlement.action is Action.REQUEUE and settlement.raw is None):
            return  # whatever comes back is where it was to go
        try:
            head = envelope.peek(settlement.delivery.raw)
        except DecodeError:
            return
        self._ended[head.id, head.retries] = settlement
        if len(self._ended) > _MOST:
            del self._ended[next(iter(self._ended))]

    def __call__(self, delivery: Delivery, head: Head, plan: TaskPlan) -> Settlement | Literal[True] | None:
        if not self._running and not self._ended:
            return None
        attempt = (head.id, head.retries)
        settlement = self._ended.pop(attempt, None)
        if settlement is not None:
            logger.info("Task %s[%s] has ended here already: settled as it ended", head.task, head.id)
            return msgspec.structs.replace(settlement, delivery=delivery)
        hand = self._hands.get(self._running.pop(attempt, 0))
        if hand is None:
            return None
        logger.info("Task %s[%s] still runs here: its message is given to that run", head.task, head.id)
        hand.delivery = delivery
        return True
