"""What a task message says, as values: the call to be sent, and the message as it arrived."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec


class TaskCall(msgspec.Struct, kw_only=True):
    """Everything the sender of one task decides; what is not given is left at what Celery writes by default."""

    name: str
    id: str
    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any] = {}
    shadow: str | None = None
    eta: datetime | str | None = None
    expires: datetime | str | None = None
    expiration: float | None = None  # seconds until the broker itself may drop the message
    group_id: str | None = None
    group_index: int | None = None
    retries: int = 0
    time_limit: float | None = None
    soft_time_limit: float | None = None
    root_id: str | None = None  # None: the task is the root itself
    parent_id: str | None = None
    argsrepr: str | None = None  # None: made from args
    kwargsrepr: str | None = None
    repr_levels: int = 3
    origin: str | None = None
    ignore_result: bool | None = False
    replaced_task_nesting: int = 0
    stamped_headers: Sequence[str] | None = None
    stamps: Mapping[str, Any] | None = None
    callbacks: Sequence[Any] | None = None
    errbacks: Sequence[Any] | None = None
    chain: Sequence[Any] | None = None
    chord: Any = None
    headers: Mapping[str, Any] | None = None  # the user's own
    properties: Mapping[str, Any] | None = None  # further message properties
    correlation_id: str | None = None  # None: the id
    reply_to: str | None = None
    priority: int | None = None
    delivery_mode: int | None = 2
    serializer: str = "json"
    compression: str | None = None


class TaskHeaders(msgspec.Struct, frozen=True):
    """The headers of protocol 2, in their order on the wire."""

    lang: str | None = None
    task: str = ""
    id: str = ""
    shadow: str | None = None
    eta: str | None = None
    expires: str | None = None
    group: str | None = None
    group_index: int | None = None
    retries: int = 0
    timelimit: tuple[float | None, float | None] = (None, None)  # hard, soft
    root_id: str | None = None
    parent_id: str | None = None
    argsrepr: str | None = None
    kwargsrepr: str | None = None
    origin: str | None = None
    ignore_result: bool | None = None
    replaced_task_nesting: int = 0
    stamped_headers: list[str] | None = None
    stamps: dict[str, Any] | None = None


HEADER_NAMES = frozenset(TaskHeaders.__struct_fields__)


class Embed(msgspec.Struct, frozen=True, gc=False):
    """What follows the task: signatures as the dicts they travel as."""

    callbacks: list[Any] | None = None
    errbacks: list[Any] | None = None
    chain: list[Any] | None = None
    chord: Any = None


NOTHING_FOLLOWS = Embed()


class TaskMessage(msgspec.Struct, frozen=True):
    """One task message, decoded."""

    headers: TaskHeaders
    args: list[Any]
    kwargs: dict[str, Any]
    embed: Embed
    extra: dict[str, Any]  # headers that are none of protocol 2's: the user's own, `redelivered`, ...
    properties: dict[str, Any]


def properties_of(call: TaskCall) -> dict[str, Any]:
    """The message properties of a call, in the order Celery writes them."""
    made: dict[str, Any] = {"correlation_id": call.correlation_id or call.id, "reply_to": call.reply_to}
    if call.properties:
        made.update(call.properties)
    made["delivery_mode"] = call.delivery_mode
    if call.expiration is not None:
        made["expiration"] = str(int(call.expiration * 1000))
    if call.priority is not None:
        made["priority"] = call.priority
    return made


def iso(moment: datetime | str | None) -> str | None:
    """A moment as headers write it: ISO 8601, zone included if there is one."""
    return moment.isoformat() if isinstance(moment, datetime) else moment
