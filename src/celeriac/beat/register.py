"""The register: the book of one app, in its broker's store; what beats and `app.schedules` read and write."""

from collections.abc import Sequence
from typing import Any, Final

from celeriac.core.errors import ImproperlyConfigured, OperationalError
from celeriac.core.ports import Lease, Transport
from celeriac.core.ports.plans import Book, Change, Firing, Plans, Tenure, plans_of

_IO: Final = 5.0
_CHUNK: Final = 1000


def book_name(app: Any) -> str:
    """Apps of different names that share a broker have schedules of their own."""
    return str(app.conf.beat_name or app.main or "celeriac")


def can_share(app: Any) -> bool:
    """True if the app's broker can hold schedules and a leader's lease."""
    transport = app.transports.write
    return plans_of(transport) is not None and transport.lease is not None and transport.bus is not None


class Register:
    """Sync and thin: each call is one flow under one deadline."""

    def __init__(self, app: Any) -> None:
        transport: Transport = app.transports.write
        plans = plans_of(transport)
        if plans is None or transport.lease is None:
            raise ImproperlyConfigured(
                f"{transport.describe()} can't hold schedules and a leader's lease. Periodic tasks run there with "
                "-S elected (RabbitMQ) or -S persistent (any broker: from a file, by exactly one beat); see "
                "beat_scheduler. Changes while beat runs need SQLite or Redis as the broker."
            )
        self._app = app
        self._plans: Plans = plans
        self.transport = transport
        self.link = transport.link()
        self.lease: Lease = transport.lease
        self.book = book_name(app)
        self.channel = f"celeriac.beat.{self.book}"

    def load(self) -> Book:
        return self.link.run(self._plans.load(self.book), _IO)

    def revision(self) -> int:
        return self.link.run(self._plans.revision(self.book), _IO)

    def change(self, changes: Sequence[Change], tenure: Tenure | None = None) -> int:
        """Write, and tell the leader; that it hears is not essential, for it also looks. Returns the last revision."""
        revision = 0
        for start in range(0, len(changes), _CHUNK):
            some = changes[start : start + _CHUNK]
            revision = self.link.run(self._plans.change(self.book, some, tenure), _IO)
        self.tell()
        return revision

    def tell(self) -> None:
        """Wake all beats of this book, if they can be reached."""
        if self.transport.bus is None:
            return
        try:
            self.link.run(self.transport.bus.tell(self.channel, b"changed"), _IO)
        except OperationalError:
            return  # the leader looks by itself within seconds

    def fire(self, tenure: Tenure, firings: Sequence[Firing]) -> tuple[bool, ...]:
        """Send these ticks, with the queues they need declared before."""
        posts = [post for firing in firings for post in firing.posts]
        publisher = self._app.publisher
        new = publisher.undeclared(self.transport, posts)
        broker = self.transport.broker
        if new and broker is not None:
            self.link.run(broker.declare(new), _IO)
        fired = self.link.run(self._plans.fire(self.book, tenure, firings), _IO)
        publisher.declared(self.transport, posts)
        return fired
