"""The ledger: the book where the broker is RabbitMQ alone: a journal in a queue, which its leader keeps short."""

import logging
from collections.abc import Sequence
from typing import Any, Final

from celeriac.core.clock import Clock
from celeriac.core.errors import EncodeError, ImproperlyConfigured, LeaseLost, OperationalError
from celeriac.core.ports import Transport
from celeriac.core.ports.plans import Book, Change, Firing, Mark, Tenure
from celeriac.core.ports.seat import Journal, Seats

from . import folding
from .register import book_name, tell
from .sitting import Sitting

logger = logging.getLogger("celeriac.beat")

_IO: Final = 5.0
_CHUNK: Final = 1000
_LONGEST: Final = 2000  # entries of the journal, before its leader writes it anew


class Ledger:
    """What a Register is, over the journals and seats of a broker. Only the leader knows the marks before it reads."""

    one_step = False  # a broker that breaks down in the middle of a transaction may do a part of it

    def __init__(self, app: Any, transport: Transport, seats: Seats) -> None:
        self._app = app
        self._seats = seats
        self.transport = transport
        self.link = transport.link()
        self.book = book_name(app)
        self.channel = f"celeriac.beat.{self.book}"
        self._name = f"{self.channel}.book"
        self._public = seats.journal(self._name)
        self._leading: Journal | None = None
        self._marks: dict[str, Mark] = {}
        self._revision = -1
        self._length = 0  # of the journal, as far as the leader knows

    def leadership(self, ttl: float, clock: Clock) -> Sitting:
        """Its tenures write over the connection that holds the seat, so that the server itself refuses the others."""
        seat = self._seats.seat(self.channel, ttl)
        self._leading = seat.journal(self._name)
        return Sitting(seat, self.channel, ttl, clock)

    def load(self, tenure: Tenure | None = None) -> Book:
        """The leader keeps the journal short when it reads it."""
        book = folding.Folded()
        written = 0

        def fold(entries: list[bytes]) -> list[bytes]:
            nonlocal book, written
            book = folding.folded(entries)
            pages = folding.pages(book) if tenure is not None and len(entries) > _LONGEST else []
            written = len(pages)
            return pages

        journal = self._journal(tenure)
        read = journal.rewrite(fold)
        for why in book.unreadable:
            logger.error("beat: An entry of the queue %s can't be read and is passed over: %s", self._name, why)
        if tenure is not None:
            self._length = written or len(read)
            self._revision = book.revision
            self._marks = {plan.name: plan.mark for plan in book.plans.values() if plan.mark is not None}
        return Book(book.revision, tuple(book.plans[name] for name in sorted(book.plans)))

    def revision(self, tenure: Tenure | None = None) -> int:
        """For the leader: that of what it has read, unless the journal is longer than it was (or too long)."""
        if tenure is None:
            return self.load().revision
        length = self._journal(tenure).length()
        if length is None or (length == self._length and length <= _LONGEST):
            return self._revision
        return -1

    def change(self, changes: Sequence[Change], tenure: Tenure | None = None) -> None:
        """Write, and tell the leader; that it hears is not essential, for it also looks."""
        entries = [folding.changes(changes[start : start + _CHUNK]) for start in range(0, len(changes), _CHUNK)]
        self._journal(tenure).append(entries)
        self.tell()

    def tell(self) -> None:
        """Wake all beats of this book, if they can be reached."""
        tell(self.transport, self.channel)

    def fire(self, tenure: Tenure, firings: Sequence[Firing]) -> tuple[bool, ...]:
        """Send these ticks, with the queues they need declared before."""
        journal = self._journal(tenure)
        moved: dict[str, Mark] = {}
        done = []
        for firing in firings:
            mark = moved.get(firing.name) or self._marks.get(firing.name)
            follows = mark is not None and mark.last == firing.after
            if follows:
                moved[firing.name] = firing.mark
            done.append(follows)
        sent = [firing for firing, follows in zip(firings, done, strict=True) if follows]
        if sent:
            posts = [post for firing in sent for post in firing.posts]
            publisher, broker = self._app.publisher, self.transport.broker
            new = publisher.undeclared(self.transport, posts)
            if new and broker is not None:
                self.link.run(broker.declare(new), _IO)
            try:
                journal.append([folding.ticks(sent)], posts)
            except (EncodeError, ImproperlyConfigured) as error:
                raise OperationalError(str(error)) from error  # AMQP has no form for one of them
            publisher.declared(self.transport, posts)
            self._length += 1
            self._marks.update(moved)
        return tuple(done)

    def _journal(self, tenure: Tenure | None) -> Journal:
        if tenure is None:
            return self._public
        if self._leading is None:
            raise LeaseLost(f"{tenure.holder} does not lead {tenure.lease}.")
        return self._leading
