"""SimpleQueue: put and get, with the interface of the standard library's queues."""

import time
from queue import Empty
from typing import Any, Final, Self

from .entities import Exchange, Queue

_PAUSE: Final = 0.02


class SimpleQueue:
    """`queue = connection.SimpleQueue("name"); queue.put({"a": 1}); queue.get(timeout=1).payload`."""

    Empty = Empty

    def __init__(self, connection: Any, name: Any, no_ack: bool = False, **options: Any) -> None:
        self.connection = connection
        self.no_ack = no_ack
        self.queue = Queue(name, Exchange(name), name, **options) if isinstance(name, str) else name
        self.producer = connection.Producer(exchange=self.queue.exchange, routing_key=self.queue.routing_key)
        connection.declare(self.queue)

    def put(self, message: Any, serializer: str | None = None, headers: Any = None, **options: Any) -> None:
        """Publish."""
        self.producer.publish(message, serializer=serializer, headers=headers, declare=[self.queue], **options)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """The next message, to be acknowledged; raises Empty."""
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            found = self.connection.next_of(self.queue, self.no_ack)
            if found is not None:
                return found
            if not block or (end is not None and time.monotonic() >= end):
                raise Empty
            time.sleep(_PAUSE)

    def get_nowait(self) -> Any:
        """The next message if there is one; raises Empty."""
        return self.get(block=False)

    def put_nowait(self, *args: Any, **kwargs: Any) -> None:
        """put, which does not block."""
        self.put(*args, **kwargs)

    def qsize(self) -> int:
        """How many wait."""
        name = self.queue.name
        found: dict[str, int] = self.connection.run(self.connection.transport.broker.count([name]))
        return found[name]

    def clear(self) -> int:
        """Drop what waits."""
        dropped: int = self.connection.purge(self.queue.name)
        return dropped

    def close(self) -> None:
        """The connection stays open."""

    def __len__(self) -> int:
        return self.qsize()

    def __bool__(self) -> bool:
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
