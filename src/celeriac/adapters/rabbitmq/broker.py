"""The broker port on RabbitMQ: queues and exchanges as Celery declares them; what is claimed is a connection's own."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from pamqp import base

from ...core.delivery import Action, Claim, Delivery, Settlement
from ...core.errors import Conflict, DecodeError, EncodeError, NotAllSent, OperationalError
from ...core.flow import Flow
from ...core.message import Exchange, Message, Post, Queue
from ...core.ports.broker import Mark
from ...wire import envelope
from . import delays, methods, requests
from .channel import NO_ROUTE
from .contents import Parcel, Parcels, counted, deliveries_in, message_of, parcel, raw_of
from .dead import DECLARATION as DEAD_QUEUE
from .dead import letter
from .queues import declarations, exchange_declaration, is_quorum
from .refusals import Halted, Refused, Returned

# RabbitMQ 4 drops what has come back 20 times into a quorum queue: it is sent anew before that.
_RENEW_AFTER: Final = 12
_MOST_WAITING: Final = 2000  # so many may wait here for a moment of less than a second
_AT_ONCE: Final = 500  # posts


class RabbitBroker:
    """Flows of requests; no I/O."""

    # Claims end with the connection that holds them: nobody has to look for those of the dead.
    recovers_itself = True
    # What one flow publishes is sent again, all of it, when the connection breaks meanwhile.
    publish_at_once = 2_000

    def __init__(self, queue_type_of_delays: str, now: Callable[[], float] = time.time) -> None:
        self._type_of_delays = queue_type_of_delays
        self._now = now
        self._declared: dict[str, Queue] = {}
        self._bound: set[str] = set()  # queues that delayed messages can come out into
        self._delays_there = False

    # -- declaring ----------------------------------------------------------------------------------

    def declare(self, queues: Sequence[Queue]) -> Flow[None]:
        for what, method in declarations(queues):
            yield from _declare(what, method)
        self._declared.update((queue.name, queue) for queue in queues)
        mixed = [queue for queue in queues if is_quorum(queue) and queue.exchange.type == "topic"]
        if mixed:
            yield from self._delays()
            for queue in mixed:
                yield requests.AskAll(tuple(delays.celerys_bindings(queue)))

    def declare_again(self) -> Flow[None]:
        """After a restart: queues that did not survive it are made anew."""
        if self._declared:
            self._bound.clear()
            self._delays_there = False
            yield from self.declare(list(self._declared.values()))

    def _delays(self) -> Flow[None]:
        """The delay queues are there from now on."""
        if self._delays_there:
            return
        try:
            yield requests.Ask(delays.is_there())
        except Refused as refused:
            if refused.code != 404:
                raise
            yield requests.AskAll(tuple(delays.topology(self._type_of_delays)))
        self._delays_there = True

    def _delayed_to(self, queues: Sequence[str]) -> Flow[None]:
        """Delayed messages for these queues will come out into them."""
        unknown = delays.unknown(queues, self._bound)
        if unknown:
            yield from self._delays()
            for queue in unknown:
                try:
                    yield requests.Ask(delays.binding(queue))
                except Refused as refused:
                    if refused.code != 404:
                        raise
                    raise Returned(f"there is no queue {queue!r}: start a worker that consumes it") from None
                self._bound.add(queue)

    # -- publishing ---------------------------------------------------------------------------------

    def publish(self, posts: Sequence[Post]) -> Flow[None]:
        if not posts:
            return
        yield from self._delayed_to([post.route.routing_key for post in posts if self._seconds(post)])
        # Many are written while those before them are on their way, but for those that AMQP may have no form for.
        late = len(posts) > _AT_ONCE and all(post.message.plain for post in posts)
        parcels = Parcels(posts, self._parcel) if late else [self._parcel(post) for post in posts]
        failures = yield from self._send(parcels, posts)
        if failures:
            failures = yield from self._send_once_more(posts, failures)
        if failures:
            reasons = dict.fromkeys(failures.values())
            text = f"{len(failures)} of {len(posts)} message(s) were not taken: {'; '.join(reasons)}"
            raise OperationalError(text) if len(posts) == 1 else NotAllSent(text, sorted(failures))

    def _send_once_more(self, posts: Sequence[Post], failures: dict[int, str]) -> Flow[dict[int, str]]:
        """Queues that were there once may be gone (expired, deleted, lost with their node): the senders know them."""
        queues = {queue.name: queue for place in failures if (queue := posts[place].route.queue) is not None}
        if not queues or not any(NO_ROUTE in why for why in failures.values()):
            return failures
        yield from self.declare(list(queues.values()))
        places = [place for place, why in failures.items() if NO_ROUTE in why]
        again = [posts[place] for place in places]
        still = yield from self._send([self._parcel(post) for post in again], again)
        refused = {place: why for place, why in failures.items() if NO_ROUTE not in why}
        return {**refused, **{places[place]: why for place, why in still.items()}}

    def _send(self, parcels: Sequence[Parcel], posts: Sequence[Post]) -> Flow[dict[int, str]]:
        """Publish; an exchange that nobody has declared yet is declared by what the routes say of it."""
        try:
            failures: dict[int, str] = yield requests.Send(parcels)
        except Refused as refused:
            # The delay queues may be gone: they are looked for when something is sent next.
            self._delays_there = False
            self._bound.clear()
            exchanges = {post.route.exchange: post.route.exchange_type for post in posts if post.route.exchange}
            if refused.code != 404 or not exchanges:
                raise
            for name, kind in exchanges.items():
                for what, method in exchange_declaration(Exchange(name, kind)):
                    yield from _declare(what, method)
            # What was confirmed before the channel was closed is not sent twice.
            left = refused.undone if isinstance(refused, Halted) else range(len(parcels))
            failures = dict(refused.failures) if isinstance(refused, Halted) else {}
            more: dict[int, str] = yield requests.Send([parcels[place] for place in left])
            failures.update({left[place]: why for place, why in more.items()})
        return failures

    def parcels(self, posts: Sequence[Post]) -> Flow[list[Parcel]]:
        """For who publishes in a way of its own: this is what goes out, and what it needs on its way is there."""
        yield from self._delayed_to([post.route.routing_key for post in posts if self._seconds(post)])
        return [self._parcel(post) for post in posts]

    def declare_exchanges(self, posts: Sequence[Post]) -> Flow[None]:
        """Those that nobody has declared yet, by what the routes say of them."""
        for name, kind in {post.route.exchange: post.route.exchange_type for post in posts}.items():
            for what, method in exchange_declaration(Exchange(name, kind)) if name else ():
                yield from _declare(what, method)

    def publish_or_bury(self, posts: Sequence[Post]) -> Flow[None]:
        """What came back goes out once more, to queues declared anew; what no queue takes is a dead letter."""
        queues = {post.route.queue.name: post.route.queue for post in posts if post.route.queue is not None}
        yield from self.declare(list(queues.values()))
        yield from self._send_all(posts, ())

    def _seconds(self, post: Post) -> int:
        """How long it is to wait in the delay queues. What goes to an exchange is sent on at once: whoever
        receives it puts it there, since only then its queues are known.
        """
        if post.due is None or post.route.exchange:
            return 0
        return max(int(post.due - self._now()), 0)

    def _parcel(self, post: Post) -> Parcel:
        route, seconds = post.route, self._seconds(post)
        if seconds:
            waiting = delays.key(seconds, route.routing_key)
            return parcel(post.message, delays.ENTRY, waiting, post.priority, expires=False)
        mandatory = route.exchange_type != "fanout"
        return parcel(post.message, route.exchange, route.routing_key, post.priority, mandatory=mandatory)

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
        failures: dict[int, str] = yield requests.Send([copy for _, copy in copies])
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
        posts, moving = self._leaving(ours, soon)
        if moving or posts:
            yield from self._send_all(posts, moving)
        if soon:
            yield requests.Wait(owner, tuple((s.delivery.tag, s.due or 0.0) for s in soon))
        waiting = {settlement.delivery.tag for settlement in soon}
        endings = tuple(
            (s.delivery.tag, s.action is Action.REQUEUE and s.raw is None)
            for s in settlements
            if s.delivery.tag not in waiting
        )
        done = iter((yield requests.End(owner, endings)) if endings else ())
        return tuple(True if s.delivery.tag in waiting else next(done) for s in settlements)

    def _is_soon(self, settlement: Settlement) -> bool:
        if settlement.action is not Action.DEFER or settlement.raw is not None:
            return False
        return (settlement.due or 0.0) - self._now() < 1.0

    def _leaving(
        self, settlements: Sequence[Settlement], soon: Sequence[Settlement]
    ) -> tuple[list[Post], list[_Moved]]:
        """The posts, and the messages that do not simply end."""
        staying = {id(settlement) for settlement in soon}
        posts = [post for settlement in settlements for post in settlement.posts]
        moved = (self._moved(settlement) for settlement in settlements if id(settlement) not in staying)
        return posts, [one for one in moved if one is not None]

    def _moved(self, settlement: Settlement) -> _Moved | None:
        """Where the message itself goes, if it does not simply end here."""
        delivery, action = settlement.delivery, settlement.action
        raw = delivery.raw if settlement.raw is None else settlement.raw
        if action is Action.DEAD:
            return _Moved(letter(delivery.queue, raw, settlement.reason, self._now()))
        if action is Action.ACK or (action is Action.REQUEUE and settlement.raw is None):
            return None
        message = envelope.decode(raw)
        seconds = int((settlement.due or 0.0) - self._now()) if action is Action.DEFER else 0
        if seconds < 1:
            return _Moved(parcel(message, "", delivery.queue), message)
        waiting = parcel(message, delays.ENTRY, delays.key(seconds, delivery.queue), expires=False)
        return _Moved(waiting, message, delivery.queue)

    def _send_all(self, posts: Sequence[Post], moving: Sequence[_Moved]) -> Flow[None]:
        """A settlement goes on whatever becomes of its posts, and nothing is dropped: what no queue takes is dead."""
        delayed = [one.delayed_to for one in moving if one.delayed_to]
        delayed += [post.route.routing_key for post in posts if self._seconds(post)]
        try:
            yield from self._delayed_to(delayed)
        except Returned:
            posts = [_at_once(post) for post in posts]
        leaving = [*(self._outgoing(post) for post in posts), *moving]
        failures = yield from self._send([one.parcel for one in leaving], posts)
        if failures:
            yield from self._bury([(leaving[place], reason) for place, reason in failures.items()])

    def _outgoing(self, post: Post) -> _Moved:
        """The post, or a dead letter of it if AMQP has no form for it."""
        try:
            return _Moved(self._parcel(post), post.message)
        except EncodeError as error:
            return _Moved(letter(post.route.routing_key, raw_of(post.message), str(error), self._now()))

    def _bury(self, failed: Sequence[tuple[_Moved, str]]) -> Flow[None]:
        letters = []
        for one, reason in failed:
            message, key = one.message, delays.destination(one.parcel.key)
            if message is None:
                letters.append(one.parcel)  # it is a letter already
                continue
            made = {**message.properties, "delivery_info": {"exchange": "", "routing_key": key}}
            raw = raw_of(Message(message.headers, made, message.body, message.content_type, message.content_encoding))
            letters.append(letter(key, raw, reason, self._now()))
        yield requests.Ask(DEAD_QUEUE)  # somebody may have deleted it
        refused: dict[int, str] = yield requests.Send(letters)
        if refused:
            raise OperationalError(f"The dead letters take nothing: {next(iter(refused.values()))}")

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


class _Moved(msgspec.Struct, frozen=True):
    """What leaves with a settlement; `message` is None for a dead letter."""

    parcel: Parcel
    message: Message | None = None
    delayed_to: str = ""


def _declare(what: str, method: base.Frame) -> Flow[None]:
    try:
        yield requests.Ask(method)
    except Refused as refused:
        if refused.code == 406:
            raise Conflict(
                f"RabbitMQ has the {what} already, with other properties ({refused.text}): declare it in task_queues "
                "with the properties it has, or delete it there first (its messages go with it)"
            ) from refused
        raise


def unless_missing(method: base.Frame) -> Flow[Any]:
    """The reply; None if there is no such queue."""
    try:
        return (yield requests.Ask(method))
    except Refused as refused:
        if refused.code != 404:
            raise
        return None


def _at_once(post: Post) -> Post:
    return Post(post.message, post.route, post.priority)


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
