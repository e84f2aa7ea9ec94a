"""The register: the book of one app, in a store with leases; what beats and `app.schedules` read and write."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from celeriac.core.clock import Clock
from celeriac.core.errors import EncodeError, ImproperlyConfigured, LeaseLost, OperationalError
from celeriac.core.ports import Lease, Transport
from celeriac.core.ports.plans import Book, Change, Firing, Plans, Tenure, plans_of

from .leadership import Leadership

_IO: Final = 5.0
_CHUNK: Final = 1000


def book_name(app: Any) -> str:
    """Apps of different names that share a broker have schedules of their own."""
    return str(app.conf.beat_name or app.main or "celeriac")


def holds_books(transport: Transport | None) -> bool:
    """True if it can hold schedules and a leader's lease."""
    if transport is None or plans_of(transport) is None:
        return False
    return transport.lease is not None and transport.bus is not None


def tell(transport: Transport, channel: str) -> None:
    """Wake who listens, if they can be reached."""
    if transport.bus is None:
        return
    try:
        transport.link().run(transport.bus.tell(channel, b"changed"), _IO)
    except OperationalError:
        return  # the leader looks by itself within seconds


class Register:
    """Sync and thin: each call is one flow under one deadline.

    `store` holds the book: the broker, unless another is given. There a tick is one step; elsewhere its messages are
    published first, under ids that the same tick would have again, and its mark is moved when they are confirmed.
    """

    def __init__(self, app: Any, store: Transport | None = None) -> None:
        store = app.transports.write if store is None else store
        plans = plans_of(store)
        if plans is None or store.lease is None:
            raise ImproperlyConfigured(f"{store.describe()} can't hold schedules and a leader's lease.")
        self._app = app
        self._plans: Plans = plans
        self._broker: Transport = app.transports.write
        self._published: set[tuple[str, int, int]] = set()  # ticks whose marks could not be moved yet
        self._ttl = app.conf.beat_lease_ttl
        self.one_step = store is self._broker
        self.transport = store
        self.link = store.link()
        self.lease: Lease = store.lease
        self.book = book_name(app)
        self.channel = f"celeriac.beat.{self.book}"

    def leadership(self, ttl: float, clock: Clock) -> Leadership:
        return Leadership(self.lease, self.link, self.book, ttl, clock)

    def load(self, tenure: Tenure | None = None) -> Book:
        return self.link.run(self._plans.load(self.book), _IO)

    def revision(self, tenure: Tenure | None = None) -> int:
        return self.link.run(self._plans.revision(self.book), _IO)

    def change(self, changes: Sequence[Change], tenure: Tenure | None = None) -> None:
        """Write, and tell the leader; that it hears is not essential, for it also looks."""
        for start in range(0, len(changes), _CHUNK):
            some = changes[start : start + _CHUNK]
            self.link.run(self._plans.change(self.book, some, tenure), _IO)
        self.tell()

    def tell(self) -> None:
        """Wake all beats of this book, if they can be reached."""
        tell(self.transport, self.channel)

    def fire(self, tenure: Tenure, firings: Sequence[Firing]) -> tuple[bool, ...]:
        """Send these ticks, with the queues they need declared before."""
        if not self.one_step:
            return self._publish_and_note(tenure, firings)
        posts = [post for firing in firings for post in firing.posts]
        publisher = self._app.publisher
        new = publisher.undeclared(self.transport, posts)
        broker = self.transport.broker
        if new and broker is not None:
            self.link.run(broker.declare(new), _IO)
        fired = self.link.run(self._plans.fire(self.book, tenure, firings), _IO)
        publisher.declared(self.transport, posts)
        return fired

    def _publish_and_note(self, tenure: Tenure, firings: Sequence[Firing]) -> tuple[bool, ...]:
        try:
            # Who has lost the lease learns it here, and publishes nothing.
            if not self.link.run(self.lease.renew(tenure.lease, tenure.holder, self._ttl), _IO):
                raise LeaseLost(f"{tenure.holder} does not lead {tenure.lease} (any more).")
            self._publish([firing for firing in firings if _tick(firing) not in self._published])
            self._published.update(map(_tick, firings))
            marks = [msgspec.structs.replace(firing, posts=()) for firing in firings]
            fired = self.link.run(self._plans.fire(self.book, tenure, marks), _IO)
        except LeaseLost:
            self._published.clear()  # who leads now decides
            raise
        self._published.difference_update(map(_tick, firings))
        return fired

    def _publish(self, firings: Sequence[Firing]) -> None:
        posts = [post for firing in firings for post in firing.posts]
        if posts:
            publisher = self._app.publisher
            try:
                self._broker.link().run(publisher.flow(self._broker, posts), _IO)
            except (EncodeError, ImproperlyConfigured) as error:
                raise OperationalError(str(error)) from error  # the broker has no form for one of them
            publisher.declared(self._broker, posts)


def _tick(firing: Firing) -> tuple[str, int, int]:
    return firing.name, firing.after, firing.mark.last
