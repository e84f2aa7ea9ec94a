"""Consumer: takes messages out of queues for callbacks, which acknowledge or refuse them."""

import time
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Any, Final, Self

from celeriac.app.entities import queue_of
from celeriac.core.delivery import Action, Delivery, Settlement
from celeriac.core.errors import DecodeError, LeaseLost
from celeriac.core.ids import incarnation
from celeriac.core.message import Queue
from celeriac.wire import envelope, serializers
from celeriac.wire.body import body_of

# A process that ends without closing its connection gives its messages back after so long.
_LEASE: Final = 300.0


class MessageStateError(Exception):
    """A message is acknowledged or refused once."""


class Message:
    """One message in hand."""

    MessageStateError = MessageStateError

    def __init__(self, hearing: "Hearing", delivery: Delivery, accept: frozenset[str] | None) -> None:
        found = envelope.decode(delivery.raw)
        self._hearing = hearing
        self._found = found
        self.delivery = delivery
        self.delivery_tag = delivery.tag
        self.accept = accept
        self.body = found.body
        self.headers = found.headers
        self.properties = found.properties
        self.content_type = found.content_type
        self.content_encoding = found.content_encoding
        self.delivery_info = envelope.delivery_info(found)
        self.acknowledged = False
        self.channel = hearing.connection

    def decode(self) -> Any:
        """The body as a value; raises ContentDisallowed and DecodeError."""
        return body_of(self._found, self.accept)

    @property
    def payload(self) -> Any:
        """The body as a value."""
        return self.decode()

    def ack(self, multiple: bool = False) -> None:
        """It is done with."""
        self._end(Action.ACK)

    def reject(self, requeue: bool = False) -> None:
        """It is not wanted: dropped, or back to the queue."""
        self._end(Action.REQUEUE if requeue else Action.ACK)

    def requeue(self) -> None:
        """Back to the queue."""
        self._end(Action.REQUEUE)

    def ack_log_error(self, logger: Any, errors: Any, multiple: bool = False) -> None:
        """ack, and a line in the log if the broker is away."""
        try:
            self.ack(multiple)
        except errors as exc:
            logger.critical("Couldn't ack %r, reason:%r", self.delivery_tag, exc, exc_info=True)

    def reject_log_error(self, logger: Any, errors: Any, requeue: bool = False) -> None:
        """reject, and a line in the log if the broker is away."""
        try:
            self.reject(requeue)
        except errors as exc:
            logger.critical("Couldn't reject %r, reason: %r", self.delivery_tag, exc, exc_info=True)

    def _end(self, action: Action) -> None:
        if self.acknowledged:
            raise MessageStateError("this message was acknowledged or refused already")
        self._hearing.settle(self.delivery, action)
        self.acknowledged = True

    def __repr__(self) -> str:
        return f"<Message {self.delivery_tag} with details {self.delivery_info}>"


class Consumer:
    """`with Consumer(connection, [queue], callbacks=[on_message]): connection.drain_events(timeout=1)`."""

    def __init__(
        self,
        channel: Any,
        queues: Any = None,
        no_ack: bool | None = None,
        auto_declare: bool | None = None,
        callbacks: Iterable[Callable[..., Any]] | None = None,
        on_decode_error: Callable[[Any, Exception], Any] | None = None,
        on_message: Callable[[Any], Any] | None = None,
        accept: Iterable[str] | None = None,
        prefetch_count: int | None = None,
        tag_prefix: str | None = None,
    ) -> None:
        self.channel = channel
        given = queues if isinstance(queues, list | tuple | set) else [queues] if queues is not None else []
        self.queues = [queue_of(queue) for queue in given]
        self.no_ack = bool(no_ack)
        self.auto_declare = auto_declare is not False
        self.callbacks = list(callbacks or ())
        self.on_decode_error = on_decode_error
        self.on_message = on_message
        self.accept = serializers.accept_set(accept)

    @property
    def connection(self) -> Any:
        """Where it consumes."""
        return self.channel

    def register_callback(self, callback: Callable[[Any, Message], Any]) -> None:
        """Call this, too, with (body, message)."""
        self.callbacks.append(callback)

    def add_queue(self, queue: Any) -> Queue:
        """Consume from one more."""
        added = queue_of(queue)
        self.queues.append(added)
        return added

    def consume(self, no_ack: bool | None = None) -> None:
        """Begin: drain_events of the connection brings messages from now on."""
        self.no_ack = self.no_ack if no_ack is None else no_ack
        if self.auto_declare and self.queues:
            self.channel.declare(*self.queues)
        self.channel.heard.add(self)

    def cancel(self) -> None:
        """Stop."""
        self.channel.heard.discard(self)

    close = cancel

    def qos(self, prefetch_size: int = 0, prefetch_count: int = 0, apply_global: bool = False) -> None:
        """Messages are taken one at a time, whatever is asked for here."""

    def purge(self) -> int:
        """Drop what waits in its queues."""
        return sum(self.channel.purge(queue.name) for queue in self.queues)

    def receive(self, body: Any, message: Message) -> None:
        """What is done with each message."""
        if not self.callbacks:
            raise NotImplementedError("Consumer does not have any callbacks")
        for callback in self.callbacks:
            callback(body, message)

    def take(self, message: Message) -> None:
        """Decode one and hand it over."""
        if self.on_message is not None:
            self.on_message(message)
            return
        try:
            body = message.decode()
        except Exception as exc:
            if self.on_decode_error is None:
                raise
            self.on_decode_error(message, exc)
            return
        self.receive(body, message)

    def __enter__(self) -> Self:
        self.consume()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.cancel()


class Hearing:
    """The consumers of one connection, and the lease under which they hold their messages."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self._consumers: list[Consumer] = []
        self._held: dict[str, Delivery] = {}
        self._owner = ""
        self._until = 0.0

    def add(self, consumer: Consumer) -> None:
        if consumer not in self._consumers:
            self._consumers.append(consumer)

    def discard(self, consumer: Consumer) -> None:
        if consumer in self._consumers:
            self._consumers.remove(consumer)

    def once(self) -> bool:
        """One message to the consumer whose turn it is; False if none waits for any of them."""
        for consumer in list(self._consumers):
            delivery = self._claimed(consumer.queues)
            if delivery is not None:
                self._consumers.append(self._consumers.pop(self._consumers.index(consumer)))
                consumer.take(self._in_hand(delivery, consumer.no_ack, consumer.accept))
                return True
        return False

    def one(self, queue: Queue, no_ack: bool, accept: Iterable[str] | None) -> Message | None:
        """One message of a queue."""
        delivery = self._claimed([queue])
        return None if delivery is None else self._in_hand(delivery, no_ack, serializers.accept_set(accept))

    def _in_hand(self, delivery: Delivery, no_ack: bool, accept: frozenset[str] | None) -> Message:
        """Bytes that are no message can't be handed to anybody: they become a dead letter."""
        try:
            message = Message(self, delivery, accept)
        except DecodeError as exc:
            self._settle(Settlement(delivery, Action.DEAD, reason=str(exc)))
            raise
        if no_ack:
            message.ack()
        return message

    def _claimed(self, queues: Sequence[Queue]) -> Delivery | None:
        broker = self.connection.transport.broker
        self._hold()
        try:
            claim = self.connection.run(broker.claim(self._owner, list(queues), 1))
        except LeaseLost:
            self._until, self._owner = 0.0, ""
            return None
        for delivery in claim.deliveries:
            self._held[delivery.tag] = delivery
        return claim.deliveries[0] if claim.deliveries else None

    def _hold(self) -> None:
        """Have a lease that lasts for a while yet."""
        now = time.monotonic()
        if now < self._until:
            return
        lease = self.connection.transport.lease
        if not self._owner or not self.connection.run(lease.renew(f"worker/{self._owner}", self._owner, _LEASE)):
            self._owner = incarnation()
            self.connection.run(lease.acquire(f"worker/{self._owner}", self._owner, _LEASE))
        self._until = now + _LEASE / 3

    def settle(self, delivery: Delivery, action: Action) -> None:
        """The end of one message."""
        again = envelope.redelivered(delivery.raw) if action is Action.REQUEUE else None
        self._settle(Settlement(delivery, action, raw=again))

    def _settle(self, settlement: Settlement) -> None:
        self.connection.run(self.connection.transport.broker.settle(self._owner, [settlement]))
        self._held.pop(settlement.delivery.tag, None)

    def close(self) -> None:
        """What nobody acknowledged goes back, and the lease ends."""
        self._consumers.clear()
        if not self._owner:
            return
        settlements = [Settlement(delivery, Action.REQUEUE) for delivery in self._held.values()]
        if settlements:
            self.connection.run(self.connection.transport.broker.settle(self._owner, settlements))
        self._held.clear()
        self.connection.run(self.connection.transport.lease.release(f"worker/{self._owner}", self._owner))
        self._owner, self._until = "", 0.0
