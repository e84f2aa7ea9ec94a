"""Queues: the mapping of queue names to queues that an app sends to and its workers consume."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from celeriac.core.errors import ImproperlyConfigured
from celeriac.core.message import Exchange, Queue

from .entities import exchange_of, is_queue, queue_of

DEFAULT_EXCHANGE = Exchange()
_WORKERS = Exchange("C.dq2")
_QUEUE_FIELDS = frozenset(Queue.__struct_fields__)


def queue_from(options: Mapping[str, Any], name: str) -> Queue:
    """A queue from the options of an entry of the old dict form of task_queues."""
    given = dict(options)
    exchange = given.pop("exchange", None)
    exchange_type = given.pop("exchange_type", None) or "direct"
    routing_key = given.pop("routing_key", None) or given.pop("binding_key", None) or ""
    if exchange is None or isinstance(exchange, str):
        exchange = Exchange(exchange or "", exchange_type, durable=given.get("durable", True))
    unknown = given.keys() - _QUEUE_FIELDS
    if unknown:
        names = ", ".join(sorted(unknown))
        raise ImproperlyConfigured(f"queue {name!r} in task_queues has unknown options: {names}")
    return Queue(name, exchange_of(exchange), routing_key, **given)


def worker_direct(node: str | Queue) -> Queue:
    """The queue of one worker alone, where `worker_direct` is on: `task.apply_async(queue=worker_direct("w@host"))`."""
    return Queue(f"{node}.dq2", _WORKERS, node) if isinstance(node, str) else queue_of(node)


class Queues(dict[str, Queue]):
    """Queues by name or alias; a name that is missing is made on first use where that is allowed."""

    def __init__(
        self,
        queues: Iterable[Queue] | Mapping[str, Any] | None = None,
        default_exchange: Exchange | None = None,
        create_missing: bool = True,
        create_missing_queue_type: str | None = None,
        create_missing_queue_exchange_type: str | None = None,
        autoexchange: Any = None,
        max_priority: int | None = None,
        default_routing_key: str | None = None,
    ) -> None:
        super().__init__()
        self.aliases: dict[str, Queue] = {}
        self.default_exchange = default_exchange or DEFAULT_EXCHANGE
        self.default_routing_key = default_routing_key or ""
        self.create_missing = create_missing
        self.missing_type = create_missing_queue_type
        self.missing_exchange_type = create_missing_queue_exchange_type or self.default_exchange.type
        self.autoexchange = autoexchange or Exchange
        self.max_priority = max_priority
        self._consume_from: dict[str, Queue] | None = None
        if isinstance(queues, Mapping):
            queues = [entry if is_queue(entry) else queue_from(entry, name) for name, entry in queues.items()]
        for queue in queues or ():
            self.add(queue)

    def __getitem__(self, name: str) -> Queue:
        found = self.get(name) or self.aliases.get(name)
        return found if found is not None else self.__missing__(name)

    def __missing__(self, name: str) -> Queue:
        if not self.create_missing:
            raise KeyError(name)
        return self._keep(self.new_missing(name))

    def new_missing(self, name: str) -> Queue:
        """The queue that a name stands for when nobody described it."""
        arguments = {"x-queue-type": "quorum"} if self.missing_type == "quorum" else None
        exchange = self.autoexchange(name, self.missing_exchange_type)
        return Queue(name, exchange, name, max_priority=self.max_priority, queue_arguments=arguments)

    def add(self, queue: Queue | str, **options: Any) -> Queue:
        """Add a queue (or a name with the options of one), completed by the defaults."""
        if isinstance(queue, str):
            queue = queue_from(options, queue)
        return self._keep(self._completed(queue_of(queue)))

    def add_compat(self, name: str, **options: Any) -> Queue:
        """Add a queue described by the options of the old dict form."""
        return self.add(queue_from(options, name))

    def _completed(self, queue: Queue) -> Queue:
        changes: dict[str, Any] = {}
        if isinstance(queue.exchange, str):
            changes["exchange"] = Exchange(queue.exchange, self.default_exchange.type)
        elif not queue.exchange.name:
            changes["exchange"] = self.default_exchange
        if not queue.routing_key:
            changes["routing_key"] = self.default_routing_key or queue.name
        if queue.max_priority is None and self.max_priority is not None:
            changes["max_priority"] = self.max_priority
        return msgspec.structs.replace(queue, **changes) if changes else queue

    def _keep(self, queue: Queue) -> Queue:
        self[queue.name] = queue
        if queue.alias:
            self.aliases[queue.alias] = queue
        return queue

    def select(self, include: str | Iterable[str]) -> None:
        """Consume from these queues only (worker -Q)."""
        if include:
            self._consume_from = {name: self[name] for name in _names(include)}

    def select_add(self, queue: Queue | str, **options: Any) -> Queue:
        """Add a queue and, where a selection was made, consume from it too."""
        added = self[queue] if isinstance(queue, str) and not options else self.add(queue, **options)
        if self._consume_from is not None:
            self._consume_from[added.name] = added
        return added

    def deselect(self, exclude: str | Iterable[str]) -> None:
        """Do not consume from these queues (worker -X)."""
        without = set(_names(exclude))
        if without:
            self._consume_from = {name: queue for name, queue in self.consume_from.items() if name not in without}

    @property
    def consume_from(self) -> dict[str, Queue]:
        """The queues a worker of this process consumes."""
        return self if self._consume_from is None else self._consume_from

    def format(self, indent: int = 0, indent_first: bool = True) -> str:
        """The queues as lines for people, as a worker's banner shows them."""
        lines = [
            f".> {queue.name:16} exchange={queue.exchange.name}({queue.exchange.type}) key={queue.routing_key}"
            for _, queue in sorted(self.consume_from.items())
        ]
        if not lines:
            return ""
        pad = " " * indent
        first = pad if indent_first else ""
        return first + lines[0] + "".join(f"\n{pad}{line}" for line in lines[1:])


def _names(names: str | Iterable[str]) -> list[str]:
    if isinstance(names, str):
        return [name.strip() for name in names.split(",") if name.strip()]
    return list(names)
