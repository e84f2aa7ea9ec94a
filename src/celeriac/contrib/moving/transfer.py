"""Transfer: messages from the queues of one broker into those of another, and what is done with them there."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from celeriac.core.delivery import Action, Delivery
from celeriac.core.errors import DecodeError, OperationalError
from celeriac.core.message import Message, Post, Queue, Route
from celeriac.core.ports import Transport
from celeriac.wire import envelope

from .hold import Hold

_FIRST: Final = 10  # messages in the first batch, when nothing is known of their size
_MOST: Final = 500
_BYTES: Final = 4 << 20  # of one batch
_KEPT: Final = 256 << 20  # bytes of messages that may be held back at a time
_PAUSE: Final = 0.5  # between two looks into empty queues
_DEADLINE: Final = 60.0


class Moved(msgspec.Struct, frozen=True):
    """One message that has arrived."""

    task: str
    id: str
    source: str
    target: str


class _InHand(NamedTuple):
    moved: Moved
    delivery: Delivery
    message: Message | None  # None: it can't be read, and stays where it is


class Transfer:
    """Takes a message from the source only after the target has confirmed it; so one that breaks off loses nothing.

    What was on its way just then (one batch at most) may be in both brokers.
    """

    def __init__(self, source: Transport, target: Transport, queues: Mapping[str, Queue]) -> None:
        """`queues`: the name of each queue at the source, and the queue it goes to."""
        if target.broker is None:
            raise OperationalError(f"{target.describe()} holds no queues")
        self._source = source
        self._target = target
        self._broker = target.broker
        self._from = [Queue(name) for name in queues]
        self._to = dict(queues)
        self._kept = 0
        self.unreadable = 0
        # what may be set before it runs
        self.copies = False  # leave the messages at the source
        self.tasks: Collection[str] = ()  # only these; none: all
        self.limit: int | None = None
        self.wait: float | None = 1.0  # so long for further messages; None: without end

    def waiting(self) -> int:
        """How many messages are ready at the source."""
        assert self._source.broker is not None
        counts = self._source.link().run(self._source.broker.count([queue.name for queue in self._from]), _DEADLINE)
        return sum(counts.values())

    def run(self, tell: Callable[[Moved], None] = lambda moved: None) -> int:
        """How many were moved (or copied); `tell` is called for each when it has arrived."""
        self._target.link().run(self._broker.declare(list(self._to.values())), _DEADLINE)
        done = 0
        with Hold(self._source) as hold:
            for batch in self._batches(hold):
                wanted = [one for one in batch if one.message is not None and self._wants(one.moved)]
                if self.limit is not None:
                    wanted = wanted[: self.limit - done]
                self._send(wanted)
                if not self.copies:
                    hold.end([one.delivery for one in wanted], Action.ACK)
                done += len(wanted)
                for one in wanted:
                    tell(one.moved)
                self._hold_back(batch if self.copies else self._rest(batch, wanted))
                if self.limit is not None and done >= self.limit:
                    break
        return done

    def _batches(self, hold: Hold) -> Iterator[list[_InHand]]:
        size, idle_since = _FIRST, time.monotonic()
        while True:
            deliveries = hold.take(self._from, size)
            if deliveries:
                yield [self._read(delivery) for delivery in deliveries]
                total = sum(len(one.raw) for one in deliveries)
                size = max(1, min(_MOST, _BYTES * len(deliveries) // max(total, 1)))
                idle_since = time.monotonic()
                continue
            if self.wait is not None and time.monotonic() - idle_since >= self.wait:
                return
            time.sleep(_PAUSE if self.wait is None else min(_PAUSE, self.wait))

    def _read(self, delivery: Delivery) -> _InHand:
        target = self._to[delivery.queue].name
        try:
            head = envelope.peek(delivery.raw)
            message = envelope.decode(delivery.raw)
        except DecodeError:
            self.unreadable += 1
            return _InHand(Moved("?", "?", delivery.queue, target), delivery, None)
        return _InHand(Moved(head.task or "?", head.id or "?", delivery.queue, target), delivery, message)

    def _wants(self, moved: Moved) -> bool:
        return not self.tasks or moved.task in self.tasks

    def _send(self, batch: Sequence[_InHand]) -> None:
        posts = [
            Post(one.message, Route(one.moved.target), one.message.properties.get("priority"))
            for one in batch
            if one.message is not None
        ]
        if posts:
            self._target.link().run(self._broker.publish(posts), _DEADLINE)

    def _rest(self, batch: Sequence[_InHand], gone: Sequence[_InHand]) -> list[_InHand]:
        tags = {one.delivery.tag for one in gone}
        return [one for one in batch if one.delivery.tag not in tags]

    def _hold_back(self, left: Sequence[_InHand]) -> None:
        """What stays at the source must not be claimed again and again, so it is held until the end."""
        self._kept += sum(len(one.delivery.raw) for one in left)
        if self._kept > _KEPT:
            raise OperationalError(
                "More than 256 MB of messages that stay at the source would have to be held: "
                "move messages instead of copying them (--ack-messages), or say --limit."
            )
