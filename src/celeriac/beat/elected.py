"""ElectedScheduler: any number of beats on a broker that keeps no schedules (RabbitMQ); who has the seat, sends."""

import random
from typing import Any, Final

from celeriac.core.errors import ImproperlyConfigured, OperationalError
from celeriac.core.ports import Link, Transport
from celeriac.core.ports.seat import Seat, Seats, seats_of

from .file import Progress
from .progress import decoded, encoded, progress_of, resume
from .register import book_name
from .scheduler import Scheduler

_IO: Final = 5.0
_ASK: Final = 1.0  # how often those who stand by ask for the seat
_SHORT: Final = 500  # entries: what is noted of so many is written in no time
_LOOK: Final = 5.0  # how often the leader looks whether it still leads, while nothing is due


def can_elect(app: Any) -> bool:
    """True if beats of this app can elect a leader by a seat."""
    return seats_of(app.transports.write) is not None


class ElectedScheduler(Scheduler):
    """The default on RabbitMQ. The leader's note says how far the entries have come: who takes over goes on there.

    The note is written after each tick that was sent, and not in one step with it: a leader that dies between the
    two leaves one that is sent again. Where the schedule is long, the note is written once a second.
    """

    sync_every: float = 1.0

    def __init__(self, app: Any, *args: Any, **kwargs: Any) -> None:
        kwargs.pop("schedule_filename", None)
        transport: Transport = app.transports.write
        seats = seats_of(transport)
        if seats is None:
            raise ImproperlyConfigured(
                f"{transport.describe()} has no seats to elect a leader by: -S elected is for RabbitMQ, -S shared for "
                "SQLite and Redis, -S persistent for exactly one beat on any broker."
            )
        self._seats: Seats = seats
        self._link: Link = transport.link()
        self._where = transport.describe()
        self._name = f"celeriac.beat.{book_name(app)}"
        self._seat: Seat = seats.seat(self._name, app.conf.beat_lease_ttl)
        self._stands_by = False
        self._written: dict[str, Progress] | None = None
        self.leads = False
        super().__init__(app, *args, **kwargs)

    # -- the loop

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Keep or seek the seat; as leader, send what is due. Returns how long there is nothing to do."""
        try:
            if not self._keep():
                return _ASK * random.uniform(0.8, 1.2)
        except OperationalError as error:
            return self._broker_away(error)
        return min(super().tick(*args, **kwargs), _LOOK)

    def _keep(self) -> bool:
        if self.leads and self._seat.held:
            return True
        if self.leads:
            self.leads = False
            self.logger.warning("beat: This beat no longer leads: its connection to the broker was lost.")
        taken = self._seat.take()
        if self._away:
            self._away = False
            self.logger.info("beat: The broker is back.")
        if not taken:
            if not self._stands_by:
                self._stands_by = True
                self.logger.info("beat: Standing by: another beat leads (%s).", self._name)
            return False
        self._begin()
        return True

    def _begin(self) -> None:
        """Go on where the leader before was."""
        note = self._link.run(self._seats.read(self._name), _IO)
        if note is not None:
            try:
                resume(self.schedule, decoded(note))
            except ValueError as error:
                self.logger.error(
                    "beat: What is noted in the queue %s.note can't be read (%s): every entry counts from now.",
                    self._name,
                    error,
                )
        self._heap = None
        self._written = None
        self.leads = True
        self._stands_by = False
        self.logger.info("beat: This beat leads (%s).", self._name)
        self._do_sync()

    # -- what is to be kept

    def should_sync(self) -> bool:
        return len(self.schedule) <= _SHORT or super().should_sync()

    def sync(self) -> None:
        """Note how far the entries have come, if this beat leads and anything has changed."""
        progress = progress_of(self.schedule)
        if progress == self._written or not (self.leads and self._seat.held):
            return
        try:
            self._link.run(self._seats.write(self._name, encoded(progress)), _IO)
        except OperationalError as error:
            self._broker_away(error)
            return
        self._written = progress

    def close(self) -> None:
        """Leave the seat, so that another takes over at once."""
        self.sync()
        self.leads = False
        self._seat.leave()

    @property
    def info(self) -> str:
        return f"    . schedule -> {self._name} in {self._where}"
