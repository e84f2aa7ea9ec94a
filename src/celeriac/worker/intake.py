"""What a delivery passes between its claim and its dispatch: a list of steps, any of which may end it."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Literal

from celeriac.core.clock import Clock
from celeriac.core.delivery import Action, Delivery, Settlement
from celeriac.core.errors import DecodeError
from celeriac.wire import envelope
from celeriac.wire.envelope import Head

from .ends import Ends
from .hands import Hand, Hands
from .plans import Plans, TaskPlan

logger = logging.getLogger("celeriac.worker.consumer")

# None: on to the next step. True: the step keeps the delivery and hands it in again when its time has come.
Step = Callable[[Delivery, Head, TaskPlan], Settlement | Literal[True] | None]


class Intake:
    """Peeks at the headers, runs the steps, and takes in hand what passed them all."""

    def __init__(self, plans: Plans, hands: Hands, ends: Ends, clock: Clock, naive: tzinfo = UTC) -> None:
        self._plans = plans
        self._hands = hands
        self._ends = ends
        self._clock = clock
        self._naive = naive  # the zone of stamps without one
        self.steps: list[Step] = []  # what every delivery passes
        self.unusual_steps: list[Step] = [self._poisonous, self._expired, self._early]
        self.settle: Callable[[Settlement], None] = lambda settlement: None
        self.dispatch: Callable[[Hand], None] = lambda hand: None

    def __call__(self, delivery: Delivery, at: float) -> None:
        try:
            head = envelope.peek(delivery.raw)
        except DecodeError as exc:
            self._end(self._ends.unreadable(delivery, exc))
            return
        plan = self._plans.get(head.task)
        if plan is None:
            self._end(self._ends.unknown(delivery, head))
            return
        unusual = head.eta or head.expires or head.deliveries or delivery.deliveries
        try:
            for step in (*self.unusual_steps, *self.steps) if unusual else self.steps:
                settlement = step(delivery, head, plan)
                if settlement is not None:
                    if settlement is not True:
                        self._end(settlement)
                    return
        except Exception as exc:
            # Whatever one message does to a step: it must not end this worker, and the next, and the next.
            logger.critical(
                "Task %s[%s] can't be taken in: it is in the dead letters", head.task, head.id, exc_info=True
            )
            self._end(Settlement(delivery, Action.DEAD, reason=f"the worker can't take it in: {exc!r}"))
            return
        self.dispatch(self._hands.take(delivery, head, plan, at))

    def _end(self, settlement: Settlement) -> None:
        self._hands.passed()
        self.settle(settlement)

    def _poisonous(self, delivery: Delivery, head: Head, plan: TaskPlan) -> Settlement | None:
        """It has been in the hands of too many workers that died."""
        return self._ends.too_often(delivery, head, plan)

    def _expired(self, delivery: Delivery, head: Head, plan: TaskPlan) -> Settlement | None:
        if head.expires is None:
            return None
        expires = self._timestamp(head.expires)
        if expires is None or expires > self._clock.now():
            return None
        return self._ends.expired(delivery, head, plan)

    def _early(self, delivery: Delivery, head: Head, plan: TaskPlan) -> Settlement | None:
        """Not due yet: into the broker's delayed store, so that waiting costs a worker nothing."""
        if head.eta is None:
            return None
        due = self._timestamp(head.eta)
        if due is None:
            return Settlement(delivery, Action.DEAD, reason=f"its eta is no date: {head.eta!r}")
        if due <= self._clock.now():
            return None
        return Settlement(delivery, Action.DEFER, due=due)

    def _timestamp(self, stamp: str) -> float | None:
        try:
            when = datetime.fromisoformat(stamp)
        except ValueError:
            return None
        return (when if when.tzinfo else when.replace(tzinfo=self._naive)).timestamp()
