"""Schedulers of others: Celery's classes subclassed the ways django-celery-beat and redbeat do it."""

import json
import logging
from datetime import UTC, datetime

from celeriac.beat import ScheduleEntry, Scheduler
from celeriac.schedules import schedstate, schedule

from .test_scheduler import LONG_AGO, due, tick_all

# -- the way django-celery-beat does it


class Row:
    """A line of somebody's table."""

    def __init__(self, name: str, every: float, enabled: bool = True) -> None:
        self.name = name
        self.every = every
        self.enabled = enabled
        self.last_run_at = LONG_AGO
        self.total_run_count = 0


class RowEntry(ScheduleEntry):
    def __init__(self, model, app=None) -> None:
        self.app = app
        self.name = model.name
        self.task = "t.add"
        self.schedule = schedule(model.every, app=app)
        self.args, self.kwargs, self.options = [model.name], {}, {}
        self.total_run_count = model.total_run_count
        self.model = model
        self.last_run_at = model.last_run_at

    def is_due(self):
        if not self.model.enabled:
            return schedstate(False, 5.0)
        return self.schedule.is_due(self.last_run_at)

    def _default_now(self):
        return datetime.now(UTC)

    def __next__(self):
        self.model.last_run_at = self._default_now()
        self.model.total_run_count += 1
        return self.__class__(self.model, app=self.app)

    next = __next__


class RowScheduler(Scheduler):
    Entry = RowEntry
    rows: dict

    _schedule = None
    _heap_invalidated = False
    changed = False

    def __init__(self, *args, rows, **kwargs) -> None:
        self.rows = rows
        self.synced = 0
        Scheduler.__init__(self, *args, **kwargs)
        self.max_interval = kwargs.get("max_interval") or self.app.conf.beat_max_loop_interval or 5

    def setup_schedule(self) -> None:
        self.install_default_entries(self.schedule)
        self.update_from_dict(self.app.conf.beat_schedule)

    def update_from_dict(self, mapping) -> None:
        for name in mapping:
            self.rows[name] = Row(name, 3600)

    def reserve(self, entry):
        new_entry = next(entry)
        self.schedule[entry.name] = new_entry
        return new_entry

    def sync(self) -> None:
        self.synced += 1

    def schedules_equal(self, *args, **kwargs):
        if self._heap_invalidated:
            self._heap_invalidated = False
            return False
        return super().schedules_equal(*args, **kwargs)

    @property
    def schedule(self):
        if self._schedule is None or self.changed:
            initial = self._schedule is None
            self.changed = False
            self._schedule = {name: self.Entry(row, app=self.app) for name, row in self.rows.items()}
            if not initial:
                self._heap = []
                self._heap_invalidated = True
        return self._schedule


def test_a_scheduler_on_somebodys_table(make_desk) -> None:
    desk = make_desk()
    rows = {"a": Row("a", 3600), "off": Row("off", 3600, enabled=False)}
    scheduler = RowScheduler(desk.app, rows=rows)
    tick_all(scheduler)
    assert desk.sent() == ["a"]
    assert rows["a"].total_run_count == 1
    assert scheduler.tick() <= 5
    rows["b"] = Row("b", 3600)
    scheduler.changed = True
    tick_all(scheduler)
    assert desk.sent() == ["b"]
    scheduler.close()
    assert scheduler.synced >= 1


# -- the way redbeat does it


class StoredEntry(ScheduleEntry):
    """Keeps itself in a dict of JSON, as redbeat does in Redis."""

    store: dict

    def __init__(self, name=None, task=None, schedule=None, enabled=True, **clsargs) -> None:
        super().__init__(name=name, task=task, schedule=schedule, **clsargs)
        self.enabled = enabled

    def save(self):
        meta = {"last_run_at": self.last_run_at.timestamp(), "total_run_count": self.total_run_count}
        self.store[self.name] = json.dumps(meta)
        return self

    def _next_instance(self, last_run_at=None, only_update_last_run_at=False):
        entry = super()._next_instance(last_run_at=last_run_at)
        if only_update_last_run_at:
            entry.total_run_count = self.total_run_count
        return entry.save()

    __next__ = next = _next_instance

    def is_due(self):
        return self.schedule.is_due(self.last_run_at) if self.enabled else (False, 5.0)


class StoringScheduler(Scheduler):
    Entry = StoredEntry

    def __init__(self, app, lock_key=None, **kwargs) -> None:
        self.entries: dict = {}
        super().__init__(app, **kwargs)

    def setup_schedule(self) -> None:
        self.install_default_entries(self.app.conf.beat_schedule)
        self.update_from_dict(self.app.conf.beat_schedule)

    def update_from_dict(self, dict_) -> None:
        for name, given in dict_.items():
            self.entries[name] = self._maybe_entry(name, given).save()

    def reserve(self, entry):
        self.entries[entry.name] = following = next(entry)
        return following

    @property
    def schedule(self):
        return dict(self.entries)

    def maybe_due(self, entry, **kwargs):
        is_due, next_time_to_run = entry.is_due()
        if is_due:
            self.apply_async(entry, **kwargs)
        return next_time_to_run

    def tick(self, min=min, **kwargs):
        remaining = [self.maybe_due(entry, producer=self.producer) for entry in self.schedule.values()]
        return min([*filter(None, remaining), self.max_interval])


def test_a_scheduler_with_a_tick_of_its_own(make_desk, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    StoredEntry.store = {}
    desk = make_desk({"a": due("a"), "b": {"task": "t.add", "schedule": 3600}})
    scheduler = StoringScheduler(desk.app, lock_key="x", max_interval=9)
    assert scheduler.tick() <= 9
    assert desk.sent() == ["a"]
    assert json.loads(StoredEntry.store["a"])["total_run_count"] == 1
    assert scheduler.schedule["a"].enabled
    scheduler.tick()
    assert desk.sent() == []
