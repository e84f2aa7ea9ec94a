"""Which queue is served first: in turns (as Celery does unless told otherwise), by name, or always as listed."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from celeriac.core.delivery import Delivery
from celeriac.core.errors import ImproperlyConfigured
from celeriac.core.message import Queue
from celeriac.core.near import near

STRATEGIES: Final = ("round_robin", "sorted", "priority")


class Turns:
    """Says in which order the next claim looks into the queues; told what came of it."""

    def __init__(self, strategy: str = STRATEGIES[0]) -> None:
        self._strategy = strategy
        self._queues: tuple[Queue, ...] = ()
        self._order: tuple[Queue, ...] = ()
        self._first = 0

    def order(self, queues: tuple[Queue, ...]) -> tuple[Queue, ...]:
        """These queues, the one whose turn it is first."""
        if queues is not self._queues:
            self._queues, self._first = queues, 0
            self._order = tuple(sorted(queues, key=lambda queue: queue.name)) if self._strategy == "sorted" else queues
        return self._order[self._first :] + self._order[: self._first] if self._first else self._order

    def served(self, deliveries: Sequence[Delivery]) -> None:
        """In turns, it is the next one's turn after the last that gave something."""
        if self._strategy != "round_robin" or len(self._order) < 2 or not deliveries:
            return
        last = deliveries[-1].queue
        at = next((number for number, queue in enumerate(self._order) if queue.name == last), 0)
        self._first = (at + 1) % len(self._order)


def turns(options: Mapping[str, Any]) -> Turns:
    """As broker_transport_options say. Raises ImproperlyConfigured."""
    strategy = options.get("queue_order_strategy") or STRATEGIES[0]
    if strategy not in STRATEGIES:
        meant = near(str(strategy), STRATEGIES)
        hint = f"did you mean {meant!r}?" if meant else f"it is one of {', '.join(STRATEGIES)}."
        raise ImproperlyConfigured(f"queue_order_strategy (in broker_transport_options) is {strategy!r}: {hint}")
    return Turns(strategy)
