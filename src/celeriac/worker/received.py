"""Says that a task was received: steps of the intake that are there only where somebody wants to know."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from celeriac.core import signals
from celeriac.core.delivery import Delivery
from celeriac.core.errors import DecodeError
from celeriac.execution import texts
from celeriac.execution.opening import REFUSALS, Opener
from celeriac.wire import envelope
from celeriac.wire.envelope import Head

from .plans import TaskPlan
from .request import Request

logger = logging.getLogger("celeriac.worker.strategy")


Announce = Callable[[Delivery, Head, TaskPlan], None]


def wanted(consumer: Any, opener: Opener) -> list[Announce]:
    """Asked once, when the consumer is put together: by then the program's modules are imported."""
    steps: list[Announce] = []
    if signals.task_received.has_listeners:
        steps.append(partial(_signal, consumer, opener))
    if logger.isEnabledFor(logging.INFO):
        steps.append(announce)
    return steps


def _signal(consumer: Any, opener: Opener, delivery: Delivery, head: Head, plan: TaskPlan) -> None:
    try:
        request = opener.whole(delivery.raw, delivery.redelivered)
    except REFUSALS:
        return  # it will be refused where it is to run
    made = Request.adopt(request.__dict__)
    made.app = consumer.app
    signals.task_received.send(sender=consumer, request=made)


def announce(delivery: Delivery, head: Head, plan: TaskPlan) -> None:
    """One line of the log; programs may have replaced its format."""
    logger.info(texts.LOG_RECEIVED, Facts(delivery, head))


class Facts(dict[str, Any]):
    """What the line may name. Arguments are looked up in the message only if the format asks for them."""

    def __init__(self, delivery: Delivery, head: Head) -> None:
        super().__init__(id=head.id, name=head.task, eta=head.eta, queue=delivery.queue)
        self._raw = delivery.raw

    def __missing__(self, key: str) -> Any:
        if key not in ("args", "kwargs", "origin", "shadow"):
            raise KeyError(key)
        try:
            headers = envelope.decode(self._raw).headers
        except DecodeError:
            return None
        return headers.get(f"{key}repr" if key.endswith("args") else key)
