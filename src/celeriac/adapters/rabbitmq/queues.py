"""What a queue is to RabbitMQ: the methods that declare it as Celery does, and the arguments it has."""

from collections.abc import Iterator, Sequence
from typing import Any

from pamqp import base

from ...core.errors import ImproperlyConfigured
from ...core.message import Exchange, Queue
from . import methods


def arguments(queue: Queue) -> dict[str, Any]:
    """The x-arguments, as kombu makes them from a queue's attributes."""
    found = dict(queue.queue_arguments or {})
    for name, value, factor in (
        ("x-expires", queue.expires, 1000),
        ("x-message-ttl", queue.message_ttl, 1000),
        ("x-max-length", queue.max_length, 1),
        ("x-max-priority", queue.max_priority, 1),
    ):
        if value is not None:
            found[name] = int(value * factor)
    return found


def is_quorum(queue: Queue) -> bool:
    return (queue.queue_arguments or {}).get("x-queue-type") == "quorum"


def declarations(queues: Sequence[Queue]) -> Iterator[tuple[str, base.Frame]]:
    """What is declared, for error messages, and how."""
    for queue in queues:
        if queue.exclusive:
            raise ImproperlyConfigured(
                f"Queue {queue.name!r} is exclusive: only the connection that declared it could use it, and a worker "
                "has several. Leave `exclusive` out; auto_delete=True makes it go with its last consumer."
            )
        pairs = ((queue.exchange, queue.routing_key or queue.name), *queue.bindings)
        for exchange, _ in pairs:
            yield from exchange_declaration(exchange)
        yield (
            f"queue {queue.name!r}",
            methods.Declare(
                queue=queue.name, durable=queue.durable, auto_delete=queue.auto_delete, arguments=arguments(queue)
            ),
        )
        for exchange, key in pairs:
            if exchange.name:
                yield (
                    f"queue {queue.name!r}",
                    methods.Bind(
                        queue=queue.name,
                        exchange=exchange.name,
                        routing_key=key,
                        arguments=dict(queue.binding_arguments or {}),
                    ),
                )


def exchange_declaration(exchange: Exchange) -> Iterator[tuple[str, base.Frame]]:
    """Nothing for the default exchange and those the server has of itself."""
    if exchange.name and not exchange.name.startswith("amq."):
        yield (
            f"exchange {exchange.name!r}",
            methods.DeclareExchange(
                exchange=exchange.name,
                exchange_type=exchange.type,
                durable=exchange.durable,
                auto_delete=exchange.auto_delete,
                arguments=dict(exchange.arguments or {}),
            ),
        )
