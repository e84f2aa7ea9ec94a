"""Publishing: posts go out in one round trip, under one deadline, through the app's own connection."""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from celeriac.core.errors import NotAllSent, OperationalError
from celeriac.core.flow import Flow
from celeriac.core.join import OpenJoin
from celeriac.core.message import Post, Queue
from celeriac.core.ports import Link, Transport
from celeriac.core.ports.chains import chains_of
from celeriac.core.ports.proof import Proof, run_proven_of
from celeriac.core.record import Record

if TYPE_CHECKING:
    from celeriac.events.sent import SentEvents

# A batch is held in memory twice while it is sent; beyond this a round trip saves nothing any more.
_BATCH: Final = 10_000


class Publisher:
    """Publishes for one app. Queues are declared before the first message that needs them."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._declared: set[tuple[int, str]] = set()

    def publish(
        self,
        posts: Sequence[Post],
        options: Mapping[str, Any],
        until: float | None = None,
        proof: Proof | None = None,
    ) -> None:
        """Returns when the broker has them. Raises OperationalError within publish_timeout seconds, or at `until`."""
        transport: Transport = self._app.transports.write
        for batch in batches(transport, posts):
            attempts = Attempts(self._app.conf, options, until)
            until, rest = None, batch
            while True:
                try:
                    _run(transport.link(), self.flow(transport, rest), attempts.timeout, proof)
                    break
                except OperationalError as trouble:
                    time.sleep(attempts.pause(trouble))
                    rest = left_of(rest, trouble)
            self.declared(transport, batch)
            if self._app.conf.task_send_sent_event:
                self.sent_events.tell(batch)

    @cached_property
    def sent_events(self) -> "SentEvents":
        """Tells monitors what was sent."""
        # Imported when it is wanted: most programs only send.
        made: SentEvents = import_module("celeriac.events.sent").SentEvents(self._app)
        return made

    def open(self, joins: Sequence[OpenJoin], options: Mapping[str, Any], pieces: Sequence[Record] = ()) -> float:
        """Returns when the result store knows joins and pieces; until when what follows them is to be published."""
        transport = where_kept(self._app, joins)
        attempts = Attempts(self._app.conf, options)
        while True:
            try:
                transport.link().run(opened(transport, joins, pieces), attempts.timeout)
                return attempts.end
            except OperationalError as trouble:
                time.sleep(attempts.pause(trouble))

    def flow(self, transport: Transport, posts: Sequence[Post]) -> Flow[None]:
        """Declare what is new, then publish."""
        broker = transport.broker
        assert broker is not None
        new = self.undeclared(transport, posts)
        replies = self._app.transports.replies
        if replies is not None and (queue := replies.wanted(posts, self._app.oid)) is not None:
            new.append(queue)
        return _declare_and_publish(broker, new, posts) if new else broker.publish(posts)

    def undeclared(self, transport: Transport, posts: Sequence[Post]) -> list[Queue]:
        """The queues of these posts that the broker may not know yet."""
        mark = id(transport)
        return [queue for queue in _queues(posts) if (mark, queue.name) not in self._declared]

    def declared(self, transport: Transport, posts: Sequence[Post]) -> None:
        """These posts went out: their queues are known to the broker."""
        mark = id(transport)
        self._declared.update([(mark, queue.name) for queue in _queues(posts)])
        replies = self._app.transports.replies
        if replies is not None:
            replies.begin(posts, self._app.oid)


def _run(link: Link, flow: Flow[None], timeout: float, proof: Proof | None) -> None:
    if proof is not None and (run_proven := run_proven_of(link)) is not None:
        run_proven(flow, timeout, proof)
    else:
        link.run(flow, timeout)


def _queues(posts: Sequence[Post]) -> Collection[Queue]:
    """The queues that the senders know these posts to reach. Posts of one task share one route."""
    if len(posts) == 1:
        queue = posts[0].route.queue
        return () if queue is None else (queue,)
    routes = {id(post.route): post.route for post in posts}
    return {route.queue.name: route.queue for route in routes.values() if route.queue is not None}.values()


def where_kept(app: Any, joins: Sequence[OpenJoin]) -> Transport:
    """The transport of the result store. Raises NotImplementedError if it can't count parts and is to."""
    transport: Transport = app.backend.transport_of_joins() if joins else app.backend.transport
    return transport


def opened(transport: Transport, joins: Sequence[OpenJoin], pieces: Sequence[Record]) -> Flow[None]:
    """Pieces of chains first: a join's body may need them."""
    chains = chains_of(transport)
    if pieces:
        assert chains is not None
        yield from chains.keep(pieces)
    if joins:
        assert transport.joins is not None
        yield from transport.joins.open(joins)


def _declare_and_publish(broker: Any, queues: list[Queue], posts: Sequence[Post]) -> Flow[None]:
    yield from broker.declare(queues)
    yield from broker.publish(posts)


def batches(transport: Transport, posts: Sequence[Post]) -> Iterable[Sequence[Post]]:
    """The posts in parts of a size that one round trip should have; each has the deadline to itself."""
    size: int = getattr(transport.broker, "publish_at_once", _BATCH) if len(posts) > 1 else 1
    if len(posts) <= size:
        return (posts,)
    return [posts[start : start + size] for start in range(0, len(posts), size)]


def left_of(posts: Sequence[Post], trouble: OperationalError) -> Sequence[Post]:
    """Those to try again: what was taken is not sent twice."""
    return [posts[place] for place in trouble.left] if isinstance(trouble, NotAllSent) else posts


class Attempts:
    """How often and until when to try one publish."""

    __slots__ = ("_conf", "_failed", "_options", "end")

    def __init__(self, conf: Any, options: Mapping[str, Any], end: float | None = None) -> None:
        self._conf = conf
        self._options = options
        self.end = time.monotonic() + conf.publish_timeout if end is None else end
        self._failed = 0

    @property
    def timeout(self) -> float:
        """What is left of the deadline."""
        return float(max(0.001, self.end - time.monotonic()))

    def pause(self, trouble: OperationalError) -> float:
        """How long to wait before the next attempt; raises the trouble if there is to be none."""
        retry = self._options.get("retry")
        retry = self._conf.task_publish_retry if retry is None else retry
        policy = self._options.get("retry_policy") or self._conf.task_publish_retry_policy or {}
        most = policy.get("max_retries", 3)
        left = self.end - time.monotonic()
        if not retry or (most is not None and self._failed >= most) or left <= 0.01:
            raise trouble
        pause = policy.get("interval_start", 0) + self._failed * policy.get("interval_step", 0.2)
        self._failed += 1
        return float(min(pause, policy.get("interval_max", 1), left))
