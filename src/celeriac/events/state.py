"""State: what a monitor knows of all workers and tasks, from the events it was given."""

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final
from weakref import WeakSet

from .remembered import Task as OneTask
from .remembered import Worker as OneWorker

Event = dict[str, Any]

_SWEEP_AT: Final = 1000  # names in a group, before it is looked which of them have tasks


class Newest(OrderedDict[str, Any]):
    """A dict that forgets what was not heard of for longest when it has too many entries."""

    def __init__(self, limit: int | None) -> None:
        super().__init__()
        self.limit = limit

    def keep(self, key: str, value: Any) -> Any:
        """Put in, as the newest; returns what had to go, if anything."""
        self[key] = value
        self.move_to_end(key)
        if self.limit is not None and len(self) > self.limit:
            return self.popitem(last=False)[1]
        return None

    def __reduce__(self) -> Any:
        return _newest, (self.limit, list(self.items()))


def _newest(limit: int | None, items: list[tuple[str, Any]]) -> Newest:
    made = Newest(limit)
    made.update(items)
    return made


class Grouped(defaultdict[str, "WeakSet[OneTask]"]):
    """Tasks by a name; called, those of one name as (id, task), newest first."""

    def __init__(self, mutex: threading.RLock) -> None:
        super().__init__(WeakSet)
        self._mutex = mutex
        self._sweep_at = _SWEEP_AT

    def __call__(self, name: str, limit: int | None = None, reverse: bool = True) -> Iterator[tuple[str, OneTask]]:
        with self._mutex:  # it must not grow while it is gone through
            found = list(self.get(name, ()))
        return _by_time(found, limit, reverse)

    def put(self, name: str, task: OneTask) -> None:
        """One more. Names come and go for ever, with the machines workers run on: those without tasks are forgotten."""
        self[name].add(task)
        if len(self) >= self._sweep_at:
            for empty in [name for name, tasks in self.items() if not tasks]:
                del self[empty]
            self._sweep_at = max(_SWEEP_AT, 2 * len(self))


class State:
    """`state.event(event)` for each event; then ask. Safe for several threads."""

    Worker: Any = OneWorker
    Task: Any = OneTask

    def __init__(
        self,
        callback: Callable[["State", Event], Any] | None = None,
        workers: Any = None,
        tasks: Any = None,
        taskheap: Any = None,
        max_workers_in_memory: int = 5000,
        max_tasks_in_memory: int = 10000,
        on_node_join: Callable[[OneWorker], Any] | None = None,
        on_node_leave: Callable[[OneWorker], Any] | None = None,
        tasks_by_type: Any = None,
        tasks_by_worker: Any = None,
    ) -> None:
        self.event_callback = callback
        self.max_workers_in_memory = max_workers_in_memory
        self.max_tasks_in_memory = max_tasks_in_memory
        self.on_node_join = on_node_join
        self.on_node_leave = on_node_leave
        self.workers: Newest = Newest(max_workers_in_memory) if workers is None else workers
        self.tasks: Newest = Newest(max_tasks_in_memory) if tasks is None else tasks
        self.event_count = 0
        self.task_count = 0
        self.handlers: dict[str, Callable[[str, Event], Any]] = {}
        self._seen_types: set[str] = set()
        self._mutex = threading.RLock()
        self._group()

    # -- being told ---------------------------------------------------------------------------------

    def event(self, event: Event) -> Any:
        """One event: ((worker or task, whether it is new), the last word of the type)."""
        with self._mutex:
            return self._event(event)

    def _event(self, event: Event) -> Any:
        self.event_count += 1
        if self.event_callback is not None:
            self.event_callback(self, event)
        group, _, subject = event["type"].partition("-")
        handler = self.handlers.get(group)
        if handler is not None:
            return handler(subject, event), subject
        if group == "worker":
            return self._worker_event(event, subject), subject
        if group == "task":
            return self._task_event(event, subject), subject
        return None

    def _worker_event(self, event: Event, subject: str) -> tuple[OneWorker, bool]:
        hostname = event["hostname"]
        if subject == "offline":
            worker = self.workers.pop(hostname, None)
            created = worker is None
            worker = self.Worker(hostname) if worker is None else worker
        else:
            worker, created = self.get_or_create_worker(hostname)
        worker.event(subject, event.get("timestamp"), event.get("local_received"), _told(event))
        if subject == "offline":
            if not created and self.on_node_leave is not None:
                self.on_node_leave(worker)
        elif self.on_node_join is not None and (created or subject == "online"):
            self.on_node_join(worker)
        return worker, created

    def _task_event(self, event: Event, subject: str) -> tuple[OneTask, bool]:
        hostname, name = event["hostname"], event.get("name")
        task, created = self.get_or_create_task(event["uuid"])
        told = _told(event)
        if subject == "sent":
            told["client"] = hostname
        else:
            worker, _ = self.get_or_create_worker(hostname)
            told["worker"] = worker
            self.tasks_by_worker.put(hostname, task)
        task.event(subject, event.get("timestamp"), event.get("local_received"), told)
        if subject == "received":
            self.task_count += 1
        if name:
            self._seen_types.add(name)
            self.tasks_by_type.put(name, task)
        parent = self.tasks.get(event.get("parent_id") or "")
        if parent is not None:
            parent.add_child(event["uuid"])
        return task, created

    def get_or_create_worker(self, hostname: str, **fields: Any) -> tuple[OneWorker, bool]:
        """The worker of that name, and whether it was made just now."""
        worker = self.workers.get(hostname)
        created = worker is None
        if worker is None:
            worker = self.Worker(hostname, **fields)
        elif fields:
            worker.update(fields)
        self.workers.keep(hostname, worker)
        return worker, created

    def get_or_create_task(self, uuid: str) -> tuple[OneTask, bool]:
        """The task of that id, and whether it was made just now."""
        task = self.tasks.get(uuid)
        created = task is None
        if task is None:
            task = self.Task(uuid, cluster_state=self)
        self.tasks.keep(uuid, task)
        return task, created

    # -- being asked --------------------------------------------------------------------------------

    def itertasks(self, limit: int | None = None) -> Iterator[tuple[str, OneTask]]:
        """Tasks as they were heard of, the oldest first."""
        with self._mutex:
            found = list(self.tasks.items())
        yield from found[:limit]

    def tasks_by_time(self, limit: int | None = None, reverse: bool = True) -> Iterator[tuple[str, OneTask]]:
        """Tasks by their time, newest first."""
        with self._mutex:
            found = list(self.tasks.values())
        return _by_time(found, limit, reverse)

    tasks_by_timestamp = tasks_by_time

    def task_types(self) -> list[str]:
        """Every name of a task that was heard of."""
        with self._mutex:
            return sorted(self._seen_types)

    def alive_workers(self) -> Iterator[OneWorker]:
        """The workers that have told of themselves lately."""
        with self._mutex:
            found = list(self.workers.values())
        return (worker for worker in found if worker.alive)

    # -- forgetting ---------------------------------------------------------------------------------

    def clear_tasks(self, ready: bool = True) -> None:
        """Forget tasks; with `ready` those that have ended, else all."""
        with self._mutex:
            for uuid, task in list(self.tasks.items()):
                if not ready or task.ready:
                    del self.tasks[uuid]
            self._group()

    def clear(self, ready: bool = True) -> None:
        """Forget workers and tasks, as clear_tasks."""
        with self._mutex:
            self.workers.clear()
            self.clear_tasks(ready)
            if not ready:
                self.event_count = self.task_count = 0

    def freeze_while(self, fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call it while nothing changes; with clear_after=True, forget what has ended then."""
        clear_after = kwargs.pop("clear_after", False)
        with self._mutex:
            try:
                return fun(*args, **kwargs)
            finally:
                if clear_after:
                    self.clear_tasks()

    def rebuild_taskheap(self, timetuple: Any = None) -> None:
        """Order is looked up when it is asked for: there is nothing to rebuild."""

    def _group(self) -> None:
        self.tasks_by_type = Grouped(self._mutex)
        self.tasks_by_worker = Grouped(self._mutex)
        for task in self.tasks.values():
            task.cluster_state = self
            if task.name:
                self._seen_types.add(task.name)
                self.tasks_by_type.put(task.name, task)
            if task.worker is not None:
                self.tasks_by_worker.put(task.worker.hostname, task)

    def __getstate__(self) -> dict[str, Any]:
        without = {"_mutex", "tasks_by_type", "tasks_by_worker", "event_callback", "on_node_join", "on_node_leave"}
        return {name: value for name, value in self.__dict__.items() if name not in without}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, event_callback=None, on_node_join=None, on_node_leave=None)
        self._mutex = threading.RLock()
        self._group()

    def __repr__(self) -> str:
        return f"<State: events={self.event_count} tasks={self.task_count}>"


_ABOUT = frozenset({"type", "hostname", "timestamp", "local_received", "utcoffset"})


def _told(event: Event) -> Event:
    return {name: value for name, value in event.items() if name not in _ABOUT}


def _by_time(tasks: Iterable[OneTask], limit: int | None, reverse: bool) -> Iterator[tuple[str, OneTask]]:
    found = sorted(tasks, key=lambda task: (task.timestamp or 0.0, task.clock or 0), reverse=reverse)
    return ((str(task.uuid), task) for task in found[:limit])
