"""Delayed messages: kombu's own queues for them, so that Celery's clients and workers share them.

Twenty-eight queues, one for each bit of a delay in seconds. A message passes those whose bit is set (each holds it
for its time) and then comes out of the exchange `celery_delayed_delivery` with the routing key it was sent with:
28 bits, then the name of its queue. Every queue that is delayed to is bound there by its exact key, so that queues
of direct exchanges (which kombu leaves out) can be delayed to like any other.
"""

from collections.abc import Collection, Iterator
from typing import Any, Final

from pamqp import base

from ...core.message import Queue
from . import methods

LEVELS: Final = 28
LONGEST: Final = (1 << LEVELS) - 1  # seconds: eight and a half years
PREFIX: Final = "celery_delayed_"
DELIVERY: Final = f"{PREFIX}delivery"
ENTRY: Final = f"{PREFIX}{LEVELS - 1}"
_EXACT: Final = "*." * LEVELS


def key(seconds: int, queue: str) -> str:
    """The routing key of a message that is to wait so long and then go to this queue."""
    bits = format(min(seconds, LONGEST), f"0{LEVELS}b")
    return f"{'.'.join(bits)}.{queue}"


def destination(routing_key: str) -> str:
    """The key without its bits, if it has them."""
    parts = routing_key.split(".", LEVELS)
    if len(parts) > LEVELS and all(part in ("0", "1") for part in parts[:LEVELS]):
        return parts[LEVELS]
    return routing_key


def binding(queue: str) -> base.Frame:
    """Lets delayed messages for exactly this queue come out into it."""
    return methods.Bind(queue=queue, exchange=DELIVERY, routing_key=_EXACT + queue)


def celerys_bindings(queue: Queue) -> Iterator[base.Frame]:
    """What Celery's worker binds for its clients' delayed messages to a queue of a topic exchange."""
    routing_key = queue.routing_key or queue.name
    pattern = routing_key if routing_key.startswith("#") else f"#.{routing_key}"
    yield methods.BindExchange(destination=queue.exchange.name, source=DELIVERY, routing_key=pattern)
    yield methods.Bind(queue=queue.name, exchange=queue.exchange.name, routing_key=pattern)


def is_there() -> base.Frame:
    """Refused with 404 as long as the last piece of the topology is missing."""
    return methods.DeclareExchange(exchange=DELIVERY, exchange_type="topic", passive=True)


def topology(queue_type: str) -> Iterator[base.Frame]:
    """Everything, in kombu's order: what is made last tells that all is there."""
    for level in range(LEVELS - 1, -1, -1):
        name = f"celery_delayed_{level}"
        yield methods.DeclareExchange(exchange=name, exchange_type="topic", durable=True)
        yield methods.Declare(queue=name, durable=True, arguments=_arguments(level, queue_type))
        yield methods.Bind(queue=name, exchange=name, routing_key=_pattern(level, "1"))
    for level in range(LEVELS - 1, 0, -1):
        yield methods.BindExchange(
            destination=f"celery_delayed_{level - 1}",
            source=f"celery_delayed_{level}",
            routing_key=_pattern(level, "0"),
        )
    yield methods.DeclareExchange(exchange=DELIVERY, exchange_type="topic", durable=True)
    yield methods.BindExchange(destination=DELIVERY, source="celery_delayed_0", routing_key=_pattern(0, "0"))


def _pattern(level: int, bit: str) -> str:
    return f"{'*.' * (LEVELS - 1 - level)}{bit}.#"


def _arguments(level: int, queue_type: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "x-queue-type": queue_type,
        "x-overflow": "reject-publish",
        "x-message-ttl": (1 << level) * 1000,
        "x-dead-letter-exchange": f"celery_delayed_{level - 1}" if level else DELIVERY,
    }
    if queue_type == "quorum":
        found["x-dead-letter-strategy"] = "at-least-once"
    return found


def unknown(queues: Collection[str], bound: Collection[str]) -> list[str]:
    return [queue for queue in dict.fromkeys(queues) if queue not in bound]
