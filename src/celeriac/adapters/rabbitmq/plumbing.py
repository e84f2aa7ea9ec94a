"""The plumbing port on RabbitMQ: AMQP's own methods, one by one."""

from ...core.flow import Flow
from ...core.message import Exchange, Queue
from ...core.ports.plumbing import QueueState
from . import methods, requests
from .queues import arguments


class RabbitPlumbing:
    """Flows of requests; no I/O."""

    def declare_exchange(self, exchange: Exchange, passive: bool = False) -> Flow[None]:
        yield requests.Ask(
            methods.DeclareExchange(
                exchange=exchange.name,
                exchange_type=exchange.type,
                passive=passive,
                durable=exchange.durable,
                auto_delete=exchange.auto_delete,
                arguments=dict(exchange.arguments or {}),
            )
        )

    def delete_exchange(self, name: str, if_unused: bool = False) -> Flow[None]:
        yield requests.Ask(methods.DeleteExchange(exchange=name, if_unused=if_unused))

    def declare_queue(self, queue: Queue, passive: bool = False) -> Flow[QueueState]:
        reply = yield requests.Ask(
            methods.Declare(
                queue=queue.name,
                passive=passive,
                durable=queue.durable,
                auto_delete=queue.auto_delete,
                arguments=arguments(queue),
            )
        )
        return QueueState(str(reply.queue), int(reply.message_count), int(reply.consumer_count))

    def delete_queue(self, name: str, if_unused: bool = False, if_empty: bool = False) -> Flow[int]:
        reply = yield requests.Ask(methods.Delete(queue=name, if_unused=if_unused, if_empty=if_empty))
        return int(reply.message_count)

    def bind(self, queue: str, exchange: str, routing_key: str) -> Flow[None]:
        yield requests.Ask(methods.Bind(queue=queue, exchange=exchange, routing_key=routing_key))
