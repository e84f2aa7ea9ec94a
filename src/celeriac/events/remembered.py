"""What a monitor remembers of one worker and of one task."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Final

from celeriac.core import states

HEARTBEAT_EXPIRE_WINDOW: Final = 200  # percent of the interval between two heartbeats

_SWEEP_AT: Final = 1000  # children of one task, before it is looked which of them are remembered

# the last word of a task event's type -> the state it tells of
STATE_OF: Final = {
    "sent": states.PENDING,
    "received": states.RECEIVED,
    "started": states.STARTED,
    "failed": states.FAILURE,
    "retried": states.RETRY,
    "succeeded": states.SUCCESS,
    "revoked": states.REVOKED,
    "rejected": states.REJECTED,
}


def heartbeat_expires(
    timestamp: float, freq: float = 60, expire_window: float = HEARTBEAT_EXPIRE_WINDOW, **_: Any
) -> float:
    """When a worker whose last heartbeat came then is taken for dead."""
    return timestamp + freq * expire_window / 100.0


class Worker:
    """One worker, as its events describe it."""

    heartbeat_max = 4
    expire_window: float = HEARTBEAT_EXPIRE_WINDOW
    _fields = (
        *("hostname", "pid", "freq", "heartbeats", "clock", "active", "processed"),
        *("loadavg", "sw_ident", "sw_ver", "sw_sys"),
    )
    pid: int | None = None
    freq: float = 60
    heartbeats: list[float]
    clock: int = 0
    active: int | None = None
    processed: int | None = None
    loadavg: Any = None
    sw_ident: str | None = None
    sw_ver: str | None = None
    sw_sys: str | None = None

    def __init__(self, hostname: str | None = None, **fields: Any) -> None:
        self.hostname = hostname
        self.heartbeats = []
        self.update(fields)

    def update(self, fields: Mapping[str, Any], **more: Any) -> None:
        """Take over these fields."""
        self.__dict__.update(fields, **more)  # not setattr: events may say what is a property here, such as id

    def event(
        self,
        type_: str | None = None,
        timestamp: float | None = None,
        local_received: float | None = None,
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        """One event; `offline` forgets the heartbeats."""
        self.update({name: value for name, value in (fields or {}).items() if name != "hostname"})
        if type_ == "offline":
            self.heartbeats.clear()
        elif timestamp is not None:
            self.heartbeats.append(local_received or timestamp)
            self.heartbeats.sort()
            del self.heartbeats[: -self.heartbeat_max]

    @property
    def heartbeat_expires(self) -> float:
        """When it will be taken for dead."""
        return heartbeat_expires(self.heartbeats[-1], self.freq, self.expire_window)

    @property
    def alive(self) -> bool:
        """True if its last heartbeat is young enough."""
        return bool(self.heartbeats) and time.time() < self.heartbeat_expires

    @property
    def status_string(self) -> str:
        """For people."""
        return "ONLINE" if self.alive else "OFFLINE"

    @property
    def id(self) -> str:
        """Its name and its process."""
        return f"{self.hostname}.{self.pid}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Worker) and self.hostname == other.hostname

    def __hash__(self) -> int:
        return hash(self.hostname)

    def __repr__(self) -> str:
        return f"<Worker: {self.hostname} ({self.status_string})>"


class Task:
    """One task, as events describe it; they may come in any order."""

    _fields: ClassVar[tuple[str, ...]] = (
        *("uuid", "name", "state", "received", "sent", "started", "rejected", "succeeded", "failed", "retried"),
        *("revoked", "args", "kwargs", "eta", "expires", "retries", "worker", "result", "exception", "timestamp"),
        *("runtime", "traceback", "exchange", "routing_key", "clock", "client", "root", "root_id", "parent"),
        *("parent_id", "children"),
    )
    _info_fields: ClassVar[tuple[str, ...]] = (
        *("args", "kwargs", "retries", "result", "eta", "runtime", "expires", "exception", "exchange", "routing_key"),
        *("root_id", "parent_id"),
    )
    # what an event says that is told late, after one of a later state, is taken over as far as this goes
    merge_rules: ClassVar[dict[str, tuple[str, ...]]] = {
        states.PENDING: ("client", "queue", "exchange", "routing_key"),
        states.RECEIVED: ("name", "args", "kwargs", "parent_id", "root_id", "retries", "eta", "expires"),
    }
    name = received = sent = started = succeeded = failed = retried = revoked = rejected = None
    args = kwargs = eta = expires = retries = worker = result = exception = timestamp = runtime = None
    traceback = exchange = routing_key = root_id = parent_id = client = None
    clock: int = 0
    state: str = states.PENDING
    _sweep_at = _SWEEP_AT

    def __init__(
        self, uuid: str | None = None, cluster_state: Any = None, children: Iterable[str] | None = None, **fields: Any
    ) -> None:
        self.uuid = uuid
        self.cluster_state = cluster_state
        self._children = set(children or ())
        self.__dict__.update(fields)

    def event(
        self,
        type_: str,
        timestamp: float | None = None,
        local_received: float | None = None,
        fields: Mapping[str, Any] | None = None,
        precedence: Callable[[str], int] = states.precedence,
    ) -> None:
        """One event, by the last word of its type."""
        fields = dict(fields or {})
        state = STATE_OF.get(type_)
        if state is not None:
            setattr(self, type_, timestamp)
        else:
            state = type_.upper()
        late = states.RETRY not in (state, self.state) and precedence(state) > precedence(self.state)
        if late:
            kept = self.merge_rules.get(state, ())
            self.__dict__.update((name, value) for name, value in fields.items() if name in kept)
        else:
            self.__dict__.update(fields, state=state, timestamp=timestamp)

    def info(self, fields: Iterable[str] | None = None, extra: Iterable[str] = ()) -> dict[str, Any]:
        """What is known of it, without what nobody said."""
        names = [*(self._info_fields if fields is None else fields), *extra]
        return {name: value for name in names if (value := getattr(self, name, None)) is not None}

    def as_dict(self) -> dict[str, Any]:
        """All fields; other tasks by their ids."""
        found = {name: getattr(self, name, None) for name in self._fields}
        return {**found, "root": self.root_id, "parent": self.parent_id, "children": [one.id for one in self.children]}

    @property
    def id(self) -> str | None:
        """Its id."""
        return self.uuid

    @property
    def ready(self) -> bool:
        """It has come to an end."""
        return self.state in states.READY_STATES

    @property
    def origin(self) -> Any:
        """Who sent it, else who runs it."""
        return self.client if self.worker is None else getattr(self.worker, "id", None)

    @property
    def parent(self) -> "Task | None":
        """The task that sent it, if it is remembered."""
        return self._other(self.parent_id)

    @property
    def root(self) -> "Task | None":
        """The first task of its workflow, if it is remembered."""
        return self._other(self.root_id)

    @property
    def children(self) -> "list[Task]":
        """The tasks that it sent, as far as they are remembered."""
        found = [self._other(one) for one in self._children]
        return [one for one in found if one is not None]

    def add_child(self, uuid: str) -> None:
        """It has sent this one. Of very many, those that are forgotten anyway are forgotten here, too."""
        children = self._children
        children.add(uuid)
        if len(children) >= self._sweep_at and self.cluster_state is not None:
            children.intersection_update(self.cluster_state.tasks)
            self._sweep_at = max(_SWEEP_AT, 2 * len(children))

    def _other(self, uuid: str | None) -> "Task | None":
        found: Task | None = self.cluster_state.tasks.get(uuid) if uuid and self.cluster_state is not None else None
        return found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Task) and self.uuid == other.uuid

    def __hash__(self) -> int:
        return hash(self.uuid)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "cluster_state"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, cluster_state=None)

    def __repr__(self) -> str:
        return f"<Task: {self.name}({self.uuid}) {self.state} clock:{self.clock}>"
