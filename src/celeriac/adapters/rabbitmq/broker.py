"""The broker port on RabbitMQ: queues and exchanges as Celery declares them; what is claimed is a connection's own."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from pamqp import base

from ...core.delivery import Action, Claim, Delivery, Settlement
from ...core.errors import DecodeError, NotAllSent, OperationalError, Unsent
from ...core.flow import Flow
from ...core.message import Message, Post, Queue
from ...core.ports.broker import Mark
from . import delays, methods, requests
from .contents import Parcel, Parcels, counted, deliveries_in, message_of, parcel, raw_of
from .declaring import Declaring
from .leaving import Leaving, Moved
from .refusals import Refused
from .sending import Sending

# RabbitMQ 4 drops what has come back 20 times into a quorum queue: it is sent anew before that.
_RENEW_AFTER: Final = 12
_MOST_WAITING: Final = 2000  # so many may wait here for a moment of less than a second
_AT_ONCE: Final = 500  # posts
_ID: Final = 60  # characters, of four bytes at most: AMQP's short texts have 255


class RabbitBroker:
    """Flows of requests; no I/O."""

    # Claims end with the connection that holds them: nobody has to look for those of the dead.
    recovers_itself = True
    # What one flow publishes is sent again, all of it, when the connection breaks meanwhile.
    publish_at_once = 2_000

    def __init__(self, queue_type_of_delays: str, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._declaring = Declaring(queue_type_of_delays, now)
        self._sending = Sending(self._declaring, now)
        self._leaving = Leaving(self._declaring, self._sending, now)
        self.declare = self._declaring.queues
        self.declare_again = self._declaring.again

    # -- publishing ---------------------------------------------------------------------------------

    def publish(self, posts: Sequence[Post]) -> Flow[None]:
        if not posts:
            return
        sending = self._sending
        yield from self._declaring.delayed_to(sending.delayed_to(posts))
        # Many are written while those before them are on their way, but for those that AMQP may have no form for.
        late = len(posts) > _AT_ONCE and all(_is_sure(post.message) for post in posts)
        if late:
            sending.parcel(posts[0])  # most are of one call, and have its names and sizes
        parcels = Parcels(posts, sending.parcel) if late else [sending.parcel(post) for post in posts]
        failures = yield from sending.send(parcels, posts)
        if failures:
            failures = yield from sending.send_once_more(posts, failures)
        if failures:
            reasons = dict.fromkeys(failures.values())
            text = f"{len(failures)} of {len(posts)} message(s) were not taken: {'; '.join(reasons)}"
            raise OperationalError(text) if len(posts) == 1 else NotAllSent(text, sorted(failures))

    def parcels(self, posts: Sequence[Post]) -> Flow[list[Parcel]]:
        """For who publishes in a way of its own: this is what goes out, and what it needs on its way is there."""
        yield from self._declaring.delayed_to(self._sending.delayed_to(posts))
        return [self._sending.parcel(post) for post in posts]

    def declare_exchanges(self, posts: Sequence[Post]) -> Flow[None]:
        """Those that nobody has declared yet, by what the routes say of them."""
        yield from self._declaring.exchanges(posts)

    def publish_or_bury(self, posts: Sequence[Post]) -> Flow[None]:
        """For what can't be sent by anybody else: what no queue takes, declared anew or not, is a dead letter.
        Raises Unsent, when all else is done, for what is too large for that too."""
        too_large = yield from self._leaving.send(posts)
        if too_large:
            raise _unsent((), [(posts[place], why) for place, why in too_large])

    # -- claiming -----------------------------------------------------------------------------------

    def claim(self, owner: str, queues: Sequence[Queue], limit: int) -> Flow[Claim]:
        deliveries: list[Delivery] = []
        while True:
            taken: list[requests.Taken] = yield requests.Pull(owner, queues, limit - len(deliveries))
            again: list[tuple[str, Parcel]] = []
            for one in taken:
                delivery, copy = _received(one)
                if copy is None:
                    deliveries.append(delivery)
                else:
                    again.append((one.tag, copy))
            if again:
                yield from self._renew(owner, again)
            if not again or len(deliveries) >= limit:
                break
        next_due: float | None = yield requests.NextDue(owner)
        return Claim(tuple(deliveries), next_due)

    def _renew(self, owner: str, copies: Sequence[tuple[str, Parcel]]) -> Flow[None]:
        """Send these messages anew, with their count, and drop the old ones: what can't be sent stays as it is."""
        failures = yield from self._sending.send([copy for _, copy in copies], ())
        yield requests.End(owner, tuple((tag, place in failures) for place, (tag, _) in enumerate(copies)))

    def held(self, owner: str) -> Flow[tuple[Delivery, ...]]:
        taken: dict[str, requests.Taken] = yield requests.Held(owner)
        return tuple(_delivery(one, *message_of(one.arrival)) for one in taken.values())

    def recover(self, mark: Mark) -> Flow[int]:
        """The broker does it, as soon as a connection is gone. Only leases of this very process can run out here."""
        back: int = yield requests.Sweep()
        return back

    # -- settling -----------------------------------------------------------------------------------

    def settle(self, owner: str, settlements: Sequence[Settlement]) -> Flow[tuple[bool, ...]]:
        if not settlements:
            return ()
        held: dict[str, Any] = yield requests.Held(owner)
        ours = [settlement for settlement in settlements if settlement.delivery.tag in held]
        soon = [s for s in ours if self._is_soon(s)][:_MOST_WAITING]
        unsent = yield from self._leave(ours, soon)
        if soon:
            yield requests.Wait(owner, tuple((s.delivery.tag, s.due or 0.0) for s in soon))
        waiting = {settlement.delivery.tag for settlement in soon}
        endings = tuple(
            (s.delivery.tag, s.action is Action.REQUEUE and s.raw is None)
            for s in settlements
            if s.delivery.tag not in waiting
        )
        done = iter((yield requests.End(owner, endings)) if endings else ())
        ended = tuple(True if s.delivery.tag in waiting else next(done) for s in settlements)
        if unsent:
            raise _unsent(ended, unsent)
        return ended

    def _is_soon(self, settlement: Settlement) -> bool:
        if settlement.action is not Action.DEFER or settlement.raw is not None:
            return False
        return (settlement.due or 0.0) - self._now() < 1.0

    def _leave(self, settlements: Sequence[Settlement], soon: Sequence[Settlement]) -> Flow[list[tuple[Post, str]]]:
        """What goes out with them. Returns the posts that are too large: what they follow is a dead letter then."""
        staying = {id(settlement) for settlement in soon}
        origins = [(settlement, post) for settlement in settlements for post in settlement.posts]
        moved = (self._leaving.moved(settlement) for settlement in settlements if id(settlement) not in staying)
        moving: list[Moved] = [one for one in moved if one is not None]
        if not origins and not moving:
            return []
        too_large = yield from self._leaving.send([post for _, post in origins], moving)
        if too_large:
            yield from self._leaving.bury_origins([(*origins[place], why) for place, why in too_large])
        return [(origins[place][1], why) for place, why in too_large]

    # -- looking ------------------------------------------------------------------------------------

    def count(self, queues: Sequence[str]) -> Flow[dict[str, int]]:
        found = {}
        for queue in queues:
            reply = yield from unless_missing(methods.Declare(queue=queue, passive=True))
            found[queue] = 0 if reply is None else int(reply.message_count)
        return found

    def purge(self, queues: Sequence[str]) -> Flow[int]:
        """Ready messages; delayed ones are in queues that all share, and are dropped by nobody."""
        gone = 0
        for queue in queues:
            reply = yield from unless_missing(methods.Purge(queue=queue))
            gone += 0 if reply is None else int(reply.message_count)
        return gone


def unless_missing(method: base.Frame) -> Flow[Any]:
    """The reply; None if there is no such queue."""
    try:
        return (yield requests.Ask(method))
    except Refused as refused:
        if refused.code != 404:
            raise
        return None


def _unsent(ended: tuple[bool, ...], posts: list[tuple[Post, str]]) -> Unsent:
    why = "; ".join(dict.fromkeys(why for _, why in posts))
    return Unsent(f"{len(posts)} message(s) can't be sent: {why}", ended, posts)


def _is_sure(message: Message) -> bool:
    """Nothing that only this one of its call has can be what AMQP has no form for."""
    return message.plain and len(message.properties.get("correlation_id") or "") <= _ID


def _received(taken: requests.Taken) -> tuple[Delivery, Parcel | None]:
    """The delivery, or a copy of the message that is to be sent instead of taking it.

    A classic queue does not count how often a message came back, so the message must carry the count itself, and
    only a new message can carry another one.
    """
    try:
        message, count = message_of(taken.arrival)
    except DecodeError:
        return Delivery(taken.tag, taken.queue, b"\x00" + taken.arrival.body, taken.arrival.redelivered), None
    said = deliveries_in(message)
    if count is None and taken.arrival.redelivered and not taken.innocent:
        return _delivery(taken, message, count), _copy(taken, message, said + 1)
    if count is not None and count >= _RENEW_AFTER and taken.innocent < _RENEW_AFTER:
        return _delivery(taken, message, count), _copy(taken, message, said + count - taken.innocent)
    return _delivery(taken, message, count), None


def _copy(taken: requests.Taken, message: Message, deliveries: int) -> Parcel:
    return parcel(counted(message, deliveries), "", taken.queue)


def _delivery(taken: requests.Taken, message: Message, count: int | None) -> Delivery:
    arrival = taken.arrival
    info = message.properties["delivery_info"]
    if arrival.exchange.startswith(delays.PREFIX):
        # A retry goes where the message came from: that is its queue, not the exchange behind the delay.
        info["exchange"], info["routing_key"] = "", taken.queue
    crashes = max((count or 0) - taken.innocent, 0)
    if crashes:
        message = counted(message, deliveries_in(message) + crashes)
    elif arrival.redelivered and not taken.innocent:
        info["redelivered"] = True
    return Delivery(taken.tag, taken.queue, raw_of(message), arrival.redelivered, deliveries_in(message))
