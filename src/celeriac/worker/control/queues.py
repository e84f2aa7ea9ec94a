"""Commands about the queues a worker consumes."""

from typing import Any

from celeriac.core.message import Exchange, Queue

from .panel import control_command, inspect_command, ok


@inspect_command()
def active_queues(state: Any) -> list[dict[str, Any]]:
    """List the task queues a worker is currently consuming from."""
    return [as_dict(queue) for queue in state.consumer.claimer.queues]


@control_command(
    args=[("queue", str), ("exchange", str), ("exchange_type", str), ("routing_key", str)],
    signature="<queue> [exchange [type [routing_key]]]",
)
async def add_consumer(
    state: Any,
    queue: str,
    exchange: str | None = None,
    exchange_type: str | None = None,
    routing_key: str | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Tell worker(s) to consume from task queue by name."""
    await state.consumer.add_queue(_queue(state.app, queue, exchange, exchange_type, routing_key, options))
    return ok(f"add consumer {queue}")


@control_command(args=[("queue", str)], signature="<queue>")
def cancel_consumer(state: Any, queue: str, **kwargs: Any) -> dict[str, Any]:
    """Tell worker(s) to stop consuming from task queue by name."""
    state.consumer.cancel_queue(queue)
    return ok(f"no longer consuming from {queue}")


def _queue(app: Any, name: str, exchange: Any, kind: Any, routing_key: Any, options: dict[str, Any]) -> Queue:
    """One of the app's own queues, unless the command describes another."""
    queues = app.amqp.queues
    if name in queues and not (exchange or routing_key or options):
        return queues[name]  # type: ignore[no-any-return]
    options.setdefault("durable", True)
    made: Queue = queues.select_add(
        name, exchange=Exchange(exchange or name, kind or "direct"), routing_key=routing_key or name, **options
    )
    return made


def as_dict(queue: Queue) -> dict[str, Any]:
    """As kombu's queues describe themselves."""
    return {
        "name": queue.name,
        "exchange": _exchange(queue.exchange),
        "routing_key": queue.routing_key,
        "queue_arguments": queue.queue_arguments,
        "binding_arguments": queue.binding_arguments,
        "consumer_arguments": queue.consumer_arguments,
        "durable": queue.durable,
        "exclusive": queue.exclusive,
        "auto_delete": queue.auto_delete,
        "no_ack": queue.no_ack,
        "alias": queue.alias,
        "bindings": [
            {"exchange": _exchange(exchange), "routing_key": key, "arguments": None, "unbind_arguments": None}
            for exchange, key in queue.bindings
        ],
        "no_declare": None,
        "expires": queue.expires,
        "message_ttl": queue.message_ttl,
        "max_length": queue.max_length,
        "max_length_bytes": None,
        "max_priority": queue.max_priority,
    }


def _exchange(exchange: Exchange) -> dict[str, Any]:
    return {
        "name": exchange.name,
        "type": exchange.type,
        "arguments": exchange.arguments,
        "durable": exchange.durable,
        "passive": False,
        "auto_delete": exchange.auto_delete,
        "delivery_mode": exchange.delivery_mode,
        "no_declare": False,
    }
