"""celery.app.amqp: app.amqp with kombu's classes at hand."""

from typing import Any

from celeriac.app.amqp import AMQP as _AMQP
from celeriac.contrib import kombu


class AMQP(_AMQP):
    """`app.amqp.Producer(connection)` and its like."""

    Connection = BrokerConnection = kombu.Connection
    Consumer = kombu.Consumer
    Producer = kombu.Producer
    argsrepr_maxsize = kwargsrepr_maxsize = 1024

    def Queues(self, queues: Any, create_missing: bool | None = None, **kwargs: Any) -> Any:  # noqa: N802
        """Queues from the setting task_queues."""
        return self.make_queues(queues, create_missing)

    def TaskConsumer(self, channel: Any, queues: Any = None, accept: Any = None, **kwargs: Any) -> Any:  # noqa: N802
        """A consumer of the queues that workers consume."""
        found = queues or list(self.queues.consume_from.values())
        return self.Consumer(channel, found, accept=accept or self.app.conf.accept_content, **kwargs)

    @property
    def producer_pool(self) -> Any:
        """A pool of producers."""
        return self.app.producer_pool

    publisher_pool = producer_pool

    @property
    def utc(self) -> Any:
        """True if the times in messages are in UTC."""
        return self.app.conf.enable_utc
