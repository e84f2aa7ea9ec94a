"""ConsumerMixin: a program of its own that consumes until it is told to stop."""

import logging
from collections.abc import Iterator
from typing import Any

from celeriac.core.errors import OperationalError

logger = logging.getLogger("celeriac.contrib.kombu")


class ConsumerMixin:
    """Sub-classes set `connection` and define `get_consumers(Consumer, channel)`; `run()` works until should_stop."""

    connection: Any
    should_stop = False
    connect_max_retries: int | None = None

    def get_consumers(self, Consumer: Any, channel: Any) -> list[Any]:  # noqa: N803 - kombu's name
        """The consumers."""
        raise NotImplementedError("Subclass responsibility")

    def on_connection_revived(self) -> None:
        """Called when the broker is reached again."""

    def on_consume_ready(self, connection: Any, channel: Any, consumers: Any, **kwargs: Any) -> None:
        """Called when the consumers are ready."""

    def on_consume_end(self, connection: Any, channel: Any) -> None:
        """Called when they have ended."""

    def on_iteration(self) -> None:
        """Called before each wait."""

    def on_connection_error(self, exc: BaseException, interval: float) -> None:
        """Called when the broker can't be reached."""
        logger.warning("Broker connection error, trying again in %s seconds: %r.", interval, exc)

    def run(self, **kwargs: Any) -> None:
        """Consume until should_stop, through lost connections."""
        while not self.should_stop:
            try:
                for _ in self.consume(limit=None, **kwargs):
                    pass
            except OperationalError as exc:
                self.on_connection_error(exc, 0)
                self.connection.ensure_connection(self.on_connection_error, self.connect_max_retries)
                self.on_connection_revived()

    def consume(
        self, limit: int | None, timeout: float | None = None, safety_interval: float = 1, **kwargs: Any
    ) -> Iterator[None]:
        """One step for each message, at most `limit`; raises TimeoutError after `timeout` quiet seconds."""
        connection = self.connection.clone()
        consumers = self.get_consumers(connection.Consumer, connection)
        quiet = 0.0
        taken = 0
        try:
            for consumer in consumers:
                consumer.consume()
            self.on_consume_ready(connection, connection, consumers, **kwargs)
            while not self.should_stop and (limit is None or taken < limit):
                self.on_iteration()
                try:
                    connection.drain_events(timeout=safety_interval)
                except TimeoutError:
                    quiet += safety_interval
                    if timeout and quiet >= timeout:
                        raise
                else:
                    quiet = 0.0
                    taken += 1
                    yield
        finally:
            connection.release()
            self.on_consume_end(connection, connection)


class ConsumerProducerMixin(ConsumerMixin):
    """The same with a producer."""

    _producer: Any = None

    @property
    def producer_connection(self) -> Any:
        """Where it publishes."""
        return self.connection

    @property
    def producer(self) -> Any:
        """A producer."""
        if self._producer is None:
            self._producer = self.producer_connection.Producer()
        return self._producer
