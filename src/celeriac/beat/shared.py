"""SharedScheduler: any number of beats; one leads, and what it sends is noted beside the queues in the same step."""

import logging
import random
import threading
from typing import Any, Final

from celeriac.core.clock import SYSTEM_CLOCK, Clock
from celeriac.core.errors import LeaseLost, OperationalError

from .alarm import Alarm
from .hearing import Hearing
from .judging import check_entry
from .lead import Lead
from .places import register_of
from .scheduler import Scheduler

logger = logging.getLogger("celeriac.beat")

_AWAY: Final = 1.0


class SharedScheduler(Scheduler):
    """The default where there is a place for the book (`places.py`): SQLite, Redis, RabbitMQ.

    Every beat and every worker with -B may run one. How far each entry has come is kept there, under the leader's
    lease or by who has the seat: who takes over goes on where the one before stopped. Where that is the broker, a
    tick's note and its message are one atomic step. None is lost while the broker is away.
    """

    def __init__(self, app: Any, *args: Any, clock: Clock = SYSTEM_CLOCK, **kwargs: Any) -> None:
        kwargs.pop("schedule_filename", None)
        self.clock = clock
        self.alarm = Alarm()
        self._register = register_of(app)
        self._leadership = self._register.leadership(app.conf.beat_lease_ttl, clock)
        self._told = threading.Event()
        self._hearing: Hearing | None = None
        self._lead: Lead | None = None
        super().__init__(app, *args, **kwargs)

    def _good_entry(self, name: str, entry: Any) -> Any:
        try:
            made = self._maybe_entry(name, entry)
            check_entry(self.app, name, made)
        except Exception as error:  # noqa: BLE001 - named, and the others go on
            self.logger.error("Cannot add entry %r to the schedule: %s. It was: %r", name, error, entry)
            return None
        return made

    @property
    def leads(self) -> bool:
        """True while this beat is the one that sends."""
        return self._leadership.tenure is not None

    # -- the loop

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Keep or seek the lease; as leader, send what is due. Returns how long there is nothing to do."""
        self._listen()
        try:
            pause = self._ticked()
        except LeaseLost:
            self._step_down()
            return random.uniform(0.0, 0.1)
        except OperationalError as error:
            return self._broker_away(error)
        if self._away:
            self._away = False
            logger.info("beat: The broker is back.")
        return min(pause, self.max_interval)

    def _ticked(self) -> float:
        asked = self._leadership.wait <= 0
        if not self._leadership.keep():
            self._lead = None
            return max(self._leadership.wait, 0.01)
        tenure = self._leadership.tenure
        assert tenure is not None
        if self._lead is None or self._lead.tenure != tenure:
            lead = Lead(self.app, self._register, tenure, self.clock)
            lead.begin(self.data)
            self._lead = lead
        elif asked or self._told.is_set() or self._lead.stale:
            self._told.clear()
            self._lead.catch_up()
        more = self._lead.send()
        return 0.0 if more else min(self._lead.wait(), max(self._leadership.wait, 0.001))

    def _step_down(self) -> None:
        self._leadership.lose()
        self._lead = None

    def _listen(self) -> None:
        """From the first tick on, for by then this process has forked if it ever does."""
        if self._hearing is None:
            self._hearing = Hearing(self._register.link, self._register.channel, self._changed)
            self._hearing.start()

    def _changed(self) -> None:
        self._told.set()
        self.alarm.set()

    # -- what Celery's schedulers have

    def get_schedule(self) -> Any:
        """The entries: of the program alone, or as leader all, each as far as it has come."""
        return self.data if self._lead is None else {**self.data, **self._lead.entries()}

    schedule = property(lambda self: self.get_schedule(), lambda self, value: self.set_schedule(value))

    def should_sync(self) -> bool:
        return False

    def close(self) -> None:
        """Give up the lease, so that another takes over at once."""
        if self._hearing is not None:
            self._hearing.close()
            self._hearing = None
        led = self.leads
        try:
            self._leadership.resign()
            if led:
                self._register.tell()
        except OperationalError as error:
            logger.info("beat: The lease was not given up (%s): it runs out by itself", error)

    @property
    def info(self) -> str:
        return f"    . schedule -> {self._register.book} in {self._register.transport.describe()}"
