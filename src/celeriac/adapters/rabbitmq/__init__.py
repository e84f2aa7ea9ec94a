"""RabbitMQ as broker: queues and exchanges as Celery 5.7 declares them, kombu's delay queues, our own beside them.

What is declared:

    <queue>, exchange <queue>       as task_queues says; published to through the default exchange where it is direct
    celery_delayed_0 ... _27, celery_delayed_delivery   delayed messages, as kombu declares them
    celeriac.dead                   durable queue: dead letters
    celeriac.bus                    direct exchange: the bus; ears have exclusive queues bound to it
    celeriac.beat.<name>, ...note   who has it leads the beats; how far their entries have come
    <x>.pidbox, reply.<x>.pidbox    exchanges of remote control, as kombu declares them
    celeryev                        exchange of events, as Celery declares it

The layers, from the bottom: tables and contents (bytes of messages), methods (what is said), talk and channel (one
conversation, without I/O), line and pipe (its two drivers, blocking and asyncio), sessions (what one owner holds),
the links (which perform requests), and the ports (flows of requests).
"""

from .rpc import RpcTransport
from .transport import RabbitTransport

__all__ = ["RabbitTransport", "RpcTransport"]
