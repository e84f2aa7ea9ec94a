"""The request of a run: every fact about the message and the attempt that `self.request` tells a task."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from celeriac.core.join import OpenJoin
    from celeriac.core.message import Post
    from celeriac.core.record import Record

Fields = dict[str, Any]


class Derived:
    """An attribute that is computed from the other fields at first use and then kept among them.

    Most runs read none of them, so none is paid for when the request is made. It has no __set__: an
    assigned value lies in the instance and is found first.
    """

    __slots__ = ("compute", "name")

    def __init__(self, compute: Callable[[Fields], Any]) -> None:
        self.compute = compute
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return None
        fields = instance.__dict__
        value = fields[self.name] = self.compute(fields)
        return value


def _property(name: str) -> Callable[[Fields], Any]:
    return lambda fields: (fields.get("properties") or {}).get(name)


def _limit(position: int) -> Callable[[Fields], Any]:
    return lambda fields: (fields.get("timelimit") or (None, None))[position]


def _delivery_info(fields: Fields) -> dict[str, Any] | None:
    properties = fields.get("properties")
    if properties is None:
        return None
    info = properties.get("delivery_info") or {}
    return {
        "exchange": info.get("exchange", ""),
        "routing_key": info.get("routing_key", ""),
        "priority": properties.get("priority"),
        "redelivered": bool(fields.get("redelivered") or info.get("redelivered")),
    }


def _custom_headers(fields: Fields) -> dict[str, Any] | None:
    """What the sender added to the protocol's own headers."""
    stamps = fields.get("stamps") or {}
    found = {
        name: value
        for name, value in fields.items()
        if name not in _KNOWN and name not in stamps and not name.startswith(_NOT_THE_SENDERS)
    }
    return found or (None if fields.get("called_directly", True) else {})


# Headers that brokers and workers add on the way: a retry must not carry them on.
_NOT_THE_SENDERS: Final = ("_", "x-death", "x-first-death", "x-last-death", "celeriac-")


class Context:
    """Attributes of the running attempt; those the message does not set have their defaults here."""

    task: str | None
    lang: str | None
    argsrepr: str | None
    kwargsrepr: str | None

    # The worker has acknowledged the message: this is its only run.
    acknowledged: bool = False
    # Parts that the run wants added to the join it is a part of (add_to_chord); their messages are in the outbox.
    adds: int = 0
    args: Any = None
    called_directly: bool = True
    callbacks: Any = None
    chain: Any = None
    chord: Any = None
    correlation_id: Any = Derived(_property("correlation_id"))
    delivery_info: Any = Derived(_delivery_info)
    errbacks: Any = None
    eta: Any = None
    expires: Any = None
    group: str | None = None
    group_index: int | None = None
    has_followers: bool = False  # one of callbacks, errbacks, chain and chord is there
    headers: Any = Derived(_custom_headers)
    hostname: str | None = None
    id: Any = None
    ignore_result: bool | None = False
    is_eager: bool = False
    kwargs: Any = None
    logfile: str | None = None
    loglevel: int | None = None
    origin: str | None = None
    # Joins that must be open before the messages in the outbox are published.
    opens: "list[OpenJoin] | None" = None
    # Pieces of long chains that must be kept before then.
    keeps: "list[Record] | None" = None
    # Messages that the run wants published together with its end (retries). None outside a worker's run:
    # then whoever has a message to send publishes it.
    outbox: "list[Post] | None" = None
    parent_id: str | None = None
    properties: Any = None
    replaced_task_nesting: int = 0
    reply_to: Any = Derived(_property("reply_to"))
    retries: int = 0
    root_id: str | None = None
    shadow: str | None = None
    soft_time_limit: Any = Derived(_limit(1))
    stamped_headers: list[str] | None = None
    stamps: dict[str, Any] | None = None
    taskset: Any = None  # the old name of group
    time_limit: Any = Derived(_limit(0))
    timelimit: Any = None
    utc: Any = None
    _children: list[Any] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.__dict__.update(*args, **kwargs)

    @classmethod
    def adopt(cls, fields: Fields) -> Self:
        """A request that takes over this dict as its own: nothing is copied."""
        made = cls.__new__(cls)
        made.__dict__ = fields
        return made

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"the request has no attribute {name!r}: neither the protocol nor the message sets it")

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set attributes, as dict.update does."""
        self.__dict__.update(*args, **kwargs)

    def clear(self) -> None:
        """Back to the defaults."""
        self.__dict__.clear()

    def get(self, key: str, default: Any = None) -> Any:
        """The attribute, or the default if there is none."""
        return getattr(self, key, default)

    def __repr__(self) -> str:
        return f"<Context: {self.__dict__!r}>"

    @property
    def children(self) -> list[Any]:
        """The results of the tasks that this run has sent."""
        found = self._children
        if found is None:
            found = self._children = []
        return found

    def __reduce__(self) -> Any:
        return Context, ({**self.__dict__, "called_directly": self.called_directly},)

    def as_execution_options(self) -> dict[str, Any]:
        """The options a new message for the same work (a retry, a replacement) takes over from this one."""
        options = {option: getattr(self, attribute) for option, attribute in _TAKEN_OVER.items()}
        stamped = self.stamped_headers
        if stamped is not None:
            options["stamped_headers"] = stamped
            stamps: Mapping[str, Any] = self.stamps or {}
            options.update({name: stamps[name] for name in stamped if name in stamps})
        return options


_TAKEN_OVER: Final = {
    "task_id": "id",
    "root_id": "root_id",
    "parent_id": "parent_id",
    "group_id": "group",
    "group_index": "group_index",
    "shadow": "shadow",
    "chord": "chord",
    "chain": "chain",
    "link": "callbacks",
    "link_error": "errbacks",
    "expires": "expires",
    "soft_time_limit": "soft_time_limit",
    "time_limit": "time_limit",
    "headers": "headers",
    "retries": "retries",
    "reply_to": "reply_to",
    "replaced_task_nesting": "replaced_task_nesting",
    "origin": "origin",
}

_KNOWN: Final = frozenset(Context.__annotations__) | {"children", "redelivered"}
