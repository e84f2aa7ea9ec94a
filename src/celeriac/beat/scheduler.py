"""Scheduler: keeps periodic tasks in memory and sends what is due; what third-party schedulers subclass."""

import copy
import heapq
import logging
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar, Final, NamedTuple

from celeriac.core.errors import OperationalError

from .calls import send
from .defaults import default_entries
from .entry import ScheduleEntry, SchedulingError

logger = logging.getLogger("celeriac.beat")

DEFAULT_MAX_INTERVAL: Final = 300  # seconds
_AWAY: Final = 1.0  # how long after a failed send the broker is tried again


class event_t(NamedTuple):  # noqa: N801 - Celery's name
    """A place in the heap: when (Unix time), how urgent among equals, what."""

    time: float
    priority: int
    entry: Any


class Scheduler:
    """Sends periodic tasks when they are due.

    Subclasses keep the entries elsewhere: they define `Entry`, `setup_schedule`, the property `schedule`, `sync`,
    `close` or `info`, and may change any other step. One process runs one scheduler, in one thread.
    """

    Entry: ClassVar[Any] = ScheduleEntry
    max_interval: float = DEFAULT_MAX_INTERVAL
    sync_every: float = 3 * 60
    sync_every_tasks: int | None = None
    logger = logger
    _last_sync: float | None = None
    _tasks_since_sync = 0

    def __init__(
        self,
        app: Any,
        schedule: Any = None,
        max_interval: float | None = None,
        Producer: Any = None,  # noqa: N803 - Celery's name
        lazy: bool = False,
        sync_every_tasks: int | None = None,
        **kwargs: Any,
    ) -> None:
        self.app = app
        self.data: Any = {} if schedule is None else schedule
        self.max_interval = max_interval or app.conf.beat_max_loop_interval or self.max_interval
        self.Producer = Producer
        self._heap: list[Any] | None = None
        self.old_schedulers: Any = None
        self._away = False
        self.sync_every_tasks = (app.conf.beat_sync_every if sync_every_tasks is None else sync_every_tasks) or None
        if not lazy:
            self.setup_schedule()

    # -- the entries

    def setup_schedule(self) -> None:
        """Bring the program's entries and the default ones in; once, at the start."""
        self.install_default_entries(self.data)
        self.merge_inplace(self.app.conf.beat_schedule)

    def install_default_entries(self, data: Any) -> None:
        """Entries that every program needs: old results are deleted, where the store does not do so itself."""
        self.update_from_dict({name: entry for name, entry in default_entries(self.app).items() if name not in data})

    def get_schedule(self) -> Any:
        return self.data

    def set_schedule(self, schedule: Any) -> None:
        self.data = schedule

    schedule = property(lambda self: self.get_schedule(), lambda self, value: self.set_schedule(value))

    def add(self, **kwargs: Any) -> Any:
        """One more entry."""
        entry = self.Entry(app=self.app, **kwargs)
        self.schedule[entry.name] = entry
        return entry

    def _maybe_entry(self, name: str, entry: Any) -> Any:
        if isinstance(entry, self.Entry):
            entry.app = self.app
            return entry
        return self.Entry(**{**entry, "name": name, "app": self.app})

    def _good_entry(self, name: str, entry: Any) -> Any:
        """The entry; None, and a line in the log that names it, if it can't be one."""
        try:
            made = self._maybe_entry(name, entry)
        except Exception as error:  # noqa: BLE001 - named, and the others go on
            self.logger.error("Cannot add entry %r to the schedule: %s. It was: %r", name, error, entry)
            return None
        if getattr(made, "policy", None) is not None:
            self.logger.warning(
                "%r: %s does not know the options missed and overlap; the shared scheduler does (-S shared)",
                name,
                type(self).__name__,
            )
        return made

    def update_from_dict(self, dict_: Mapping[str, Any]) -> None:
        """Add or replace entries."""
        found = {name: self._good_entry(name, entry) for name, entry in dict_.items()}
        self.schedule.update({name: entry for name, entry in found.items() if entry is not None})

    def merge_inplace(self, b: Mapping[str, Any]) -> None:
        """Make the schedule these entries (and the default ones); what is there already keeps how far it has come."""
        schedule = self.schedule
        for name in [name for name in schedule if name not in b and name not in default_entries(self.app)]:
            schedule.pop(name, None)
        for name, given in b.items():
            entry = self._good_entry(name, given)
            if entry is None:
                continue
            if schedule.get(name):
                schedule[name].update(entry)
            else:
                schedule[name] = entry

    def schedules_equal(self, old_schedules: Any, new_schedules: Any) -> bool:
        """True if nothing was added, removed or edited."""
        if old_schedules is None or new_schedules is None:
            return old_schedules is new_schedules
        if set(old_schedules) != set(new_schedules):
            return False
        return all(
            new_schedules[name] is entry or new_schedules[name] == entry for name, entry in old_schedules.items()
        )

    # -- what is due

    def adjust(self, n: float | None, drift: float = -0.010) -> float | None:
        """A little earlier than asked: for subclasses that sleep on their own."""
        return n + drift if n and n > 0 else n

    def is_due(self, entry: Any) -> Any:
        return entry.is_due()

    def _when(self, entry: Any, next_time_to_run: float, mktime: Any = None) -> float:
        """The Unix time at which to look at the entry again."""
        as_now = entry.default_now() if hasattr(entry, "default_now") else self.app.now()
        return float((as_now + timedelta(seconds=next_time_to_run)).timestamp())

    def populate_heap(
        self, event_t: Callable[..., Any] = event_t, heapify: Callable[[Any], Any] = heapq.heapify
    ) -> None:
        """All entries, ordered by when to look at them."""
        heap = []
        for entry in list(self.schedule.values()):
            try:
                due, after = self.is_due(entry)
            except Exception:
                self.logger.exception("%r is left out: nobody can tell when it is due", entry.name)
                continue
            heap.append(event_t(self._when(entry, 0 if due else after or 0), 5, entry))
        self._heap = heap
        heapify(self._heap)

    def tick(
        self,
        event_t: Callable[..., Any] = event_t,
        min: Callable[..., Any] = min,
        heappop: Callable[..., Any] = heapq.heappop,
        heappush: Callable[..., Any] = heapq.heappush,
    ) -> float:
        """Send one task if one is due; returns how many seconds there are until the next tick."""
        if self._heap is None or not self.schedules_equal(self.old_schedulers, self.schedule):
            self.old_schedulers = copy.copy(self.schedule)
            self.populate_heap()
        heap = self._heap
        if not heap:
            return self.max_interval
        event = heap[0]
        entry = event[2]
        due, after = self.is_due(entry)
        if not due:
            when = self._when(entry, after or 0)
            if heap[0] is event and event[0] < when - 0.001:  # it changed its mind since it was put there
                heappop(heap)
                heappush(heap, event_t(when, event[1], entry))
            return self._until(heap[0])
        return self._run_due(event, entry, after, (event_t, heappop, heappush))

    def _run_due(self, event: Any, entry: Any, after: float, tools: tuple[Callable[..., Any], ...]) -> float:
        event_t, heappop, heappush = tools
        heap = self._heap
        assert heap is not None
        verify = heappop(heap)
        if verify is not event:  # somebody else has been at the heap
            heappush(heap, verify)
            return self._until(verify)
        try:
            self.apply_entry(entry, producer=self.producer)
        except OperationalError as error:
            # The tick is not lost: it stays at the head, before all that is due later.
            heappush(heap, event)
            return self._broker_away(error)
        if self._away:
            self._away = False
            self.logger.info("beat: The broker is back.")
        following = self.reserve(entry)
        heappush(heap, event_t(self._when(following, after or 0), event[1], following))
        return 0.0

    def _until(self, event: Any) -> float:
        return float(min(max(event[0] - time.time(), 0.0), self.max_interval))

    def _broker_away(self, error: OperationalError) -> float:
        if not self._away:
            self._away = True
            self.logger.error("beat: What is due can't be sent, and is tried again until it can: %s", error)
        return _AWAY

    def reserve(self, entry: Any) -> Any:
        """The entry after this run, put in its place."""
        following = next(entry)
        self.schedule[entry.name] = following
        if isinstance(self.old_schedulers, dict) and entry.name in self.old_schedulers:
            self.old_schedulers[entry.name] = following  # so that the next comparison finds the same object
        return following

    # -- sending

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Send the task, and tell the log. Raises OperationalError if the broker is away; all else is only logged."""
        self.logger.info("Scheduler: Sending due task %s (%s)", entry.name, entry.task)
        try:
            result = self.apply_async(entry, producer=producer, advance=False)
        except Exception as error:
            if isinstance(error.__cause__, OperationalError):
                raise error.__cause__ from None
            self.logger.exception("Message Error: %s", error)
            return
        if result is not None and hasattr(result, "id"):
            self.logger.debug("%s sent. id->%s", entry.task, result.id)
        else:
            self.logger.debug("%s sent.", entry.task)

    def apply_async(self, entry: Any, producer: Any = None, advance: bool = True, **kwargs: Any) -> Any:
        """Send the task of an entry; with `advance`, it has then run."""
        if advance:
            entry = self.reserve(entry)
        try:
            return send(self.app, entry, self.send_task)
        except Exception as error:
            raise SchedulingError(f"Couldn't apply scheduled task {entry.name}: {error}") from error
        finally:
            self._tasks_since_sync += 1
            if self.should_sync():
                self._do_sync()

    def send_task(self, *args: Any, **kwargs: Any) -> Any:
        return self.app.send_task(*args, **kwargs)

    # -- what is to be kept

    def should_sync(self) -> bool:
        """True if it is time to write down how far the entries have come."""
        if self._last_sync is None or time.monotonic() - self._last_sync > self.sync_every:
            return True
        return bool(self.sync_every_tasks and self._tasks_since_sync >= self.sync_every_tasks)

    def _do_sync(self) -> None:
        try:
            self.logger.debug("beat: Synchronizing schedule...")
            self.sync()
        finally:
            self._last_sync = time.monotonic()
            self._tasks_since_sync = 0

    def sync(self) -> None:
        """Write down how far the entries have come: for subclasses that keep it."""

    def close(self) -> None:
        self.sync()

    # -- what subclasses may use

    def _ensure_connected(self) -> Any:
        """The connection that tasks are sent on; raises OperationalError if the broker can't be reached."""
        return self.connection.ensure_connection()

    @cached_property
    def connection(self) -> Any:
        return self.app.connection_for_write()

    @cached_property
    def producer(self) -> Any:
        """What tasks are sent with. The app has its own way; this is for subclasses that pass it on."""
        return self.Producer(self.connection) if self.Producer is not None else None

    @property
    def info(self) -> str:
        """Lines for the banner."""
        return ""
