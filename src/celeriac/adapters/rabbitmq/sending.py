"""Publishing to RabbitMQ: where messages go, what is declared on their way, and what becomes of those it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from ...core.errors import EncodeError, ImproperlyConfigured, OperationalError
from ...core.flow import Flow
from ...core.message import Post
from . import delays, requests
from .channel import NO_ROUTE
from .contents import Parcel, parcel
from .declaring import Declaring
from .refusals import Halted, Refused, is_too_large

TOO_LARGE: Final = "it is too large for this RabbitMQ"
_LIMIT: Final = re.compile(r"larger than\D*(\d+)")
_MOST_HEADERS: Final = 130_000  # bytes; a content header is one frame, and servers agree to 128 KB


class Sending:
    """Flows of requests; no I/O."""

    def __init__(self, declaring: Declaring, now: Callable[[], float]) -> None:
        self._declaring = declaring
        self._now = now

    def seconds(self, post: Post) -> int:
        """How long it is to wait in the delay queues. What goes to an exchange is sent on at once: whoever
        receives it puts it there, since only then its queues are known.
        """
        if post.due is None or post.route.exchange:
            return 0
        return max(int(post.due - self._now()), 0)

    def parcel(self, post: Post) -> Parcel:
        """Raises EncodeError, naming the message, for what AMQP has no form for."""
        route, seconds = post.route, self.seconds(post)
        try:
            if seconds:
                waiting = delays.key(seconds, route.routing_key)
                made = parcel(post.message, delays.ENTRY, waiting, post.priority, expires=False)
            else:
                mandatory = route.exchange_type != "fanout"
                made = parcel(post.message, route.exchange, route.routing_key, post.priority, mandatory=mandatory)
        except EncodeError as error:
            raise EncodeError(f"{name_of(post)}: {error}") from error
        if len(made.header) > _MOST_HEADERS:
            raise EncodeError(
                f"{name_of(post)}: its headers are {len(made.header)} bytes long, more than AMQP carries "
                f"({_MOST_HEADERS}): send what is in them as arguments"
            )
        return made

    def delayed_to(self, posts: Iterable[Post]) -> list[str]:
        """The queues that delayed ones among these come out into."""
        return [post.route.routing_key for post in posts if post.due is not None and self.seconds(post)]

    def send(self, parcels: Sequence[Parcel], posts: Sequence[Post]) -> Flow[dict[int, str]]:
        """Publish; returns which were not taken, by place, and why. What was confirmed is sent once.

        An exchange that nobody has declared yet is declared by what the routes say of it.
        """
        failures: dict[int, str] = {}
        left: list[int] | range = range(len(parcels))
        declared = False
        while left:
            some = parcels if len(left) == len(parcels) else [parcels[place] for place in left]
            try:
                more: dict[int, str] = yield requests.Send(some)
                failures.update({left[place]: why for place, why in more.items()})
                break
            except Refused as refused:
                if refused.code == 404:
                    self._declaring.forget_delays()
                if isinstance(refused, Halted):
                    failures.update({left[place]: why for place, why in refused.failures.items()})
                    left = [left[place] for place in refused.undone]
                if is_too_large(refused):
                    hopeless = _too_large(parcels, left, refused)
                elif refused.code == 404 and not declared:
                    hopeless = yield from self._declare_exchanges(parcels, left, posts, refused)
                    declared = True
                else:
                    raise
                failures.update(hopeless)
                left = [place for place in left if place not in hopeless]
        return failures

    def _declare_exchanges(
        self, parcels: Sequence[Parcel], left: Sequence[int], posts: Sequence[Post], refused: Refused
    ) -> Flow[dict[int, str]]:
        """Returns those whose exchange can't be had at all."""
        wanted = [post for post in posts if post.route.exchange]
        if not wanted:
            raise refused
        without = self._declaring.unknown_types(wanted)
        try:
            yield from self._declaring.exchanges(post for post in wanted if post.route.exchange not in without)
        except ImproperlyConfigured as error:
            # The server has closed the connection for it; the next time this is known before.
            raise OperationalError(str(error)) from error
        return {place: without[parcels[place].exchange] for place in left if parcels[place].exchange in without}

    def send_once_more(self, posts: Sequence[Post], failures: dict[int, str]) -> Flow[dict[int, str]]:
        """Queues that were there once may be gone (expired, deleted, lost with their node): the senders know them."""
        places = [place for place, why in failures.items() if NO_ROUTE in why]
        queues = {queue.name: queue for place in places if (queue := posts[place].route.queue) is not None}
        if not queues:
            return failures
        yield from self._declaring.queues(list(queues.values()))
        again = [posts[place] for place in places]
        still = yield from self.send([self.parcel(post) for post in again], again)
        refused = {place: why for place, why in failures.items() if NO_ROUTE not in why}
        return {**refused, **{places[place]: why for place, why in still.items()}}


def name_of(post: Post) -> str:
    """For people."""
    headers = post.message.headers
    return f"The message of task {headers.get('task')}[{headers.get('id')}]"


def _too_large(parcels: Sequence[Parcel], left: Sequence[int], refused: Refused) -> dict[int, str]:
    """All that are larger than the server says it takes; the largest, if it does not say it."""
    said = _LIMIT.search(refused.text)
    sizes = {place: len(parcels[place].body) for place in left}
    largest = max(sizes.values())
    most = min(int(said[1]), largest - 1) if said is not None else largest - 1
    return {
        place: f"{TOO_LARGE} ({size} bytes): raise max_message_size there, or send a reference instead ({refused.text})"
        for place, size in sizes.items()
        if size > most
    }
