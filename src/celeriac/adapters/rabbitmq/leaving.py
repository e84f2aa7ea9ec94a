"""What goes out with settlements: nothing is dropped, and nothing keeps the others back; what can't go is buried."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from ...core.delivery import Action, Settlement
from ...core.errors import Conflict, EncodeError, ImproperlyConfigured, OperationalError
from ...core.flow import Flow
from ...core.message import Message, Post
from ...wire import envelope
from . import delays, requests
from .channel import NO_ROUTE
from .contents import Parcel, parcel, raw_of
from .dead import DECLARATION as DEAD_QUEUE
from .dead import apart, letter
from .declaring import Declaring
from .refusals import Returned
from .sending import TOO_LARGE, Sending, name_of

_LARGE: Final = 1 << 20  # bytes; the server refuses no message below this for its size


class Moved(msgspec.Struct, frozen=True):
    """What leaves; `message` is None for a dead letter."""

    parcel: Parcel
    message: Message | None = None
    delayed_to: str = ""


class Leaving:
    """Flows of requests; no I/O."""

    def __init__(self, declaring: Declaring, sending: Sending, now: Callable[[], float]) -> None:
        self._declaring = declaring
        self._sending = sending
        self._now = now

    def moved(self, settlement: Settlement) -> Moved | None:
        """Where the message itself goes, if it does not simply end here."""
        delivery, action = settlement.delivery, settlement.action
        raw = delivery.raw if settlement.raw is None else settlement.raw
        if action is Action.DEAD:
            return Moved(letter(delivery.queue, raw, settlement.reason, self._now()))
        if action is Action.ACK or (action is Action.REQUEUE and settlement.raw is None):
            return None
        message = envelope.decode(raw)
        seconds = int((settlement.due or 0.0) - self._now()) if action is Action.DEFER else 0
        if seconds < 1:
            return Moved(parcel(message, "", delivery.queue), message)
        waiting = parcel(message, delays.ENTRY, delays.key(seconds, delivery.queue), expires=False)
        return Moved(waiting, message, delivery.queue)

    def send(self, posts: Sequence[Post], moving: Sequence[Moved] = ()) -> Flow[list[tuple[int, str]]]:
        """What no queue takes is a dead letter. Returns the posts that are too large for that too, and why."""
        letters = [one.parcel for one in moving if one.message is None]
        if letters:
            # First: while they can't be kept all of this is tried again, and nothing shall go out each time.
            yield from self._keep(letters)
            moving = [one for one in moving if one.message is not None]
        delayed = [one.delayed_to for one in moving if one.delayed_to]
        try:
            yield from self._declaring.delayed_to([*delayed, *self._sending.delayed_to(posts)])
        except Returned:
            posts = [_at_once(post) for post in posts]
        leaving = [*(self._outgoing(post) for post in posts), *moving]
        failures = yield from self._send(leaving, posts)
        if not failures:
            return []
        failures = yield from self._send_once_more(leaving, posts, failures)
        too_large = [(place, why) for place, why in failures.items() if place < len(posts) and TOO_LARGE in why]
        hopeless = {place for place, _ in too_large}
        buried = [(leaving[place], why) for place, why in failures.items() if place not in hopeless]
        if buried:
            yield from self._bury(buried)
        return too_large

    def _send_once_more(
        self, leaving: Sequence[Moved], posts: Sequence[Post], failures: dict[int, str]
    ) -> Flow[dict[int, str]]:
        """Where the queue that a post is to reach is known."""
        again = {
            place: why
            for place, why in failures.items()
            if NO_ROUTE in why and place < len(posts) and leaving[place].message is not None
        }
        try:
            still = yield from self._sending.send_once_more(posts, again)
        except (Conflict, ImproperlyConfigured):
            return failures
        return {place: why for place, why in failures.items() if place not in again} | still

    def _send(self, leaving: Sequence[Moved], posts: Sequence[Post]) -> Flow[dict[int, str]]:
        """A refusal for its size breaks off what is sent beside it: so what is large goes alone."""
        parcels = [one.parcel for one in leaving]
        large = [place for place, one in enumerate(parcels) if len(one.body) >= _LARGE]
        if not large or len(parcels) == 1:
            return (yield from self._sending.send(parcels, posts))
        small = [place for place, one in enumerate(parcels) if len(one.body) < _LARGE]
        failures: dict[int, str] = {}
        for places in (small, *([place] for place in large)):
            some = yield from self._sending.send([parcels[place] for place in places], posts)
            failures.update({places[place]: why for place, why in some.items()})
        return failures

    def _outgoing(self, post: Post) -> Moved:
        """The post, or a dead letter of it if AMQP has no form for it."""
        try:
            return Moved(self._sending.parcel(post), post.message)
        except EncodeError as error:
            return Moved(letter(post.route.routing_key, raw_of(post.message), str(error), self._now()))

    def _bury(self, failed: Sequence[tuple[Moved, str]]) -> Flow[None]:
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
        yield from self._post(letters)

    def _keep(self, letters: Sequence[Parcel]) -> Flow[None]:
        refused = yield from self._sending.send(letters, ())
        if refused:
            yield requests.Ask(DEAD_QUEUE)
            yield from self._post([letters[place] for place in refused])

    def _post(self, letters: Sequence[Parcel]) -> Flow[None]:
        refused = yield from self._sending.send(letters, ())
        large = [place for place, why in refused.items() if TOO_LARGE in why]
        if large:
            more = yield from self._sending.send([apart(letters[place]) for place in large], ())
            refused = {place: why for place, why in refused.items() if place not in large} | {
                large[place]: why for place, why in more.items()
            }
        if refused:
            raise OperationalError(f"The dead letters take nothing: {next(iter(refused.values()))}")

    def bury_origins(self, unsent: Sequence[tuple[Settlement, Post, str]]) -> Flow[None]:
        """A message too large for the server can't be kept as a dead letter either; the one it follows can: who
        replays it when the server takes more has it sent again."""
        letters, buried = [], set()
        for settlement, post, why in unsent:
            delivery = settlement.delivery
            if settlement.action is not Action.ACK or delivery.tag in buried:
                continue  # it is kept anyhow
            buried.add(delivery.tag)
            reason = f"{name_of(post)}, which follows it, was not sent: {why}"
            letters.append(letter(delivery.queue, envelope.forgiven(delivery.raw), reason, self._now()))
        if letters:
            yield requests.Ask(DEAD_QUEUE)
            yield from self._post(letters)


def _at_once(post: Post) -> Post:
    return Post(post.message, post.route, post.priority)
