"""A journal on RabbitMQ: a durable queue whose messages are its entries; what belongs together is one transaction."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

from pamqp import commands

from ...core.errors import OperationalError
from ...core.message import Message, Post
from ...core.ports import Link
from . import methods
from .broker import RabbitBroker
from .channel import Answer
from .contents import Arrival, Parcel, parcel
from .line import ASKING, Line
from .refusals import Blocked, Refused

_IO: Final = 5.0
_WRITING: Final = 3
_READING: Final = 4
_EVERY: Final = 1 << 62  # no tag is higher
_SLICE: Final = 0.25
_REFUSED: Final = 403
_QUICKER: Final = "in exclusive use"  # as the server says that another reads; else this user may not read at all
_MISSING: Final = 404

Use = Callable[[], AbstractContextManager[Line]]


class RabbitJournal:
    """`use` lends a connection. Who reads is the queue's exclusive consumer: others wait, and see it whole."""

    def __init__(self, name: str, use: Use, link: Link, broker: RabbitBroker) -> None:
        self._name = name
        self._use = use
        self._link = link
        self._broker = broker
        self.patience = _IO  # how long to wait for those who read

    def read(self) -> list[bytes]:
        return self.rewrite(lambda entries: [])

    def rewrite(self, make: Callable[[list[bytes]], list[bytes]]) -> list[bytes]:
        with self._use() as line:
            arrived = self._arrived(line, time.monotonic() + self.patience)
            try:
                entries = [arrival.body for arrival in arrived]
                made = make(entries)
                if made:
                    self._replace(line, arrived, made, time.monotonic() + _IO)
            finally:
                if _READING in line.talk.channels:
                    line.shut(_READING, time.monotonic() + _IO)  # what was not acknowledged is back in its place
            return entries

    def append(self, entries: Sequence[bytes], posts: Sequence[Post] = ()) -> None:
        deadline = time.monotonic() + _IO
        parcels = self._link.run(self._broker.parcels(posts), _IO) if posts else []
        own = [self._parcel(entry) for entry in entries]
        queues = {queue.name: queue for post in posts if (queue := post.route.queue) is not None}
        with self._use() as line:
            try:
                failures = self._commit(line, _WRITING, [*parcels, *own], deadline, there=queues)
            except Refused as refused:
                if refused.code != _MISSING:
                    raise
                # An exchange that nobody has declared yet, or a queue that is gone; nothing of all this was done.
                self._link.run(self._broker.declare(list(queues.values())), _IO)
                self._link.run(self._broker.declare_exchanges(posts), _IO)
                failures = self._commit(line, _WRITING, [*parcels, *own], deadline)
            if any(place >= len(parcels) for place in failures):
                self._declare(line, deadline)
                self._check(self._commit(line, _WRITING, own, deadline))
        lost = [posts[place] for place in sorted(failures) if place < len(posts)]
        if lost:
            self._link.run(self._broker.publish_or_bury(lost), _IO)

    def length(self) -> int | None:
        with self._use() as line:
            found = self._look(line, time.monotonic() + _IO)
            if found is None:
                return 0
            return None if found.consumer_count else int(found.message_count)

    # -- reading

    def _look(self, line: Line, deadline: float) -> Any:
        """What the server says of the queue; None if there is none."""
        try:
            return line.ask(methods.Declare(queue=self._name, passive=True), deadline)
        except Refused as refused:
            if refused.code != _MISSING:
                raise
            return None

    def _arrived(self, line: Line, deadline: float) -> list[Arrival]:
        """All messages, unacknowledged on a channel of their own."""
        while True:
            found = self._look(line, deadline)
            if found is None or not (found.message_count or found.consumer_count):
                return []
            if not found.consumer_count:  # to ask in vain would be an error, which the server writes into its log
                try:
                    return self._consume(line, found.message_count, deadline)
                except Refused as refused:
                    if refused.code != _REFUSED or _QUICKER not in refused.text:
                        raise
            if time.monotonic() + 0.1 > deadline:
                raise OperationalError(
                    f"The queue {self._name!r} was read by others for {self.patience:g} s: is one hanging?"
                )
            time.sleep(random.uniform(0.005, 0.03))

    def _consume(self, line: Line, count: int, deadline: float) -> list[Arrival]:
        arrived: list[Arrival] = []
        enough = Answer()

        def on_delivery(consumer: str, arrival: Arrival) -> None:
            arrived.append(arrival)
            if len(arrived) >= count:
                enough.succeed(None)

        channel = self._transacting(line, _READING)
        channel.on_delivery, channel.on_closed = on_delivery, enough.fail
        line.ask(methods.Consume(queue=self._name, exclusive=True, consumer_tag="journal"), deadline, _READING)
        _wait(line, enough, deadline)
        return arrived

    # -- writing

    def _replace(self, line: Line, arrived: Sequence[Arrival], entries: Sequence[bytes], deadline: float) -> None:
        if _READING not in line.talk.channels:  # there was nothing to read
            self._transacting(line, _READING)
            self._declare(line, deadline)
        last = arrived[-1].tag if arrived else 0
        self._check(
            self._commit(line, _READING, [self._parcel(entry) for entry in entries], deadline, acknowledged=last)
        )

    def _commit(
        self,
        line: Line,
        number: int,
        parcels: Sequence[Parcel],
        deadline: float,
        *,
        acknowledged: int = 0,
        there: Collection[str] = (),
    ) -> dict[int, str]:
        """Publish, and acknowledge up to a tag; returns why not by place. What the server has not heard the end of
        (this process died, its connection broke) has not happened. Nor has anything if one of the queues that must
        be `there` is gone: the server says so in the same round trip.
        """
        talk = line.talk
        if talk.blocked:
            raise Blocked(talk.blocked)
        channel = talk.channels.get(number) or self._transacting(line, number)
        for queue in there:
            talk.ask(channel, methods.Declare(queue=queue, passive=True))
        answer = talk.publish(channel, parcels)
        if acknowledged:
            talk.say(methods.ack(number, acknowledged, multiple=True))
        try:
            _wait(line, talk.ask(channel, commands.Tx.Commit()), deadline)
        except TimeoutError:
            if talk.blocked:
                raise Blocked(talk.blocked) from None
            raise
        channel.confirm(_EVERY, multiple=True)
        failures: dict[int, str] = line.wait(answer, deadline)
        return failures

    @staticmethod
    def _transacting(line: Line, number: int) -> Any:
        channel = line.channel(number)
        line.talk.ask(channel, commands.Tx.Select())
        return channel

    def _declare(self, line: Line, deadline: float) -> None:
        # Of the kind that gives messages back to where they were, whatever the virtual host's default is.
        arguments: dict[str, Any] = {"x-queue-type": "classic"}
        line.ask(methods.Declare(queue=self._name, durable=True, arguments=arguments), deadline, ASKING)

    def _parcel(self, entry: bytes) -> Parcel:
        message = Message({}, {"delivery_mode": 2}, entry, "application/x-msgpack", "binary")
        return parcel(message, "", self._name)

    def _check(self, failures: dict[int, str]) -> None:
        if failures:
            why = next(iter(failures.values()))
            raise OperationalError(f"The queue {self._name!r} took not all that is to be kept in it: {why}")


def _wait(line: Line, answer: Answer, deadline: float) -> None:
    """With heartbeats meanwhile: a server that writes to a slow disk must not think that nobody is here any more."""
    while not answer.done:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("no time was left")
        if not line.hear(min(left, _SLICE)):
            line.talk.say(methods.HEARTBEAT)
        if line.talk.ended is not None:
            raise line.talk.ended
    answer.result()
