"""What events say: a type for each of the frequent ones, so that they are written fast; any other is a dict."""

import time
from typing import Any

import msgspec


class Event(msgspec.Struct, frozen=True, gc=False, tag_field="type"):
    """What every event says."""

    hostname: str
    utcoffset: int
    pid: int
    clock: int
    timestamp: float


class TaskReceived(Event, frozen=True, gc=False, tag="task-received"):
    """A worker has it in hand."""

    uuid: str
    name: str
    args: str | None
    kwargs: str | None
    root_id: str | None
    parent_id: str | None
    retries: int
    eta: str | None
    expires: str | None


class TaskStarted(Event, frozen=True, gc=False, tag="task-started"):
    """It runs."""

    uuid: str


class TaskSucceeded(Event, frozen=True, gc=False, tag="task-succeeded"):
    """It has returned."""

    uuid: str
    result: str
    runtime: float


class TaskFailed(Event, frozen=True, gc=False, tag="task-failed"):
    """It has raised, or its process was lost."""

    uuid: str
    exception: str
    traceback: str | None


class TaskRetried(Event, frozen=True, gc=False, tag="task-retried"):
    """It will run again."""

    uuid: str
    exception: str
    traceback: str | None


class TaskRejected(Event, frozen=True, gc=False, tag="task-rejected"):
    """It was refused."""

    uuid: str
    requeue: bool


class TaskRevoked(Event, frozen=True, gc=False, tag="task-revoked"):
    """It was not wanted any more."""

    uuid: str
    terminated: bool
    signum: int | None
    expired: bool


class TaskSent(Event, frozen=True, gc=False, tag="task-sent"):
    """A client, or a run, has sent it."""

    uuid: str
    root_id: str | None
    parent_id: str | None
    name: str
    args: str | None
    kwargs: str | None
    retries: int
    eta: str | None
    expires: str | None
    queue: str
    exchange: str
    routing_key: str


AnyEvent = Event | dict[str, Any]
Said = AnyEvent | list[AnyEvent]  # what one message holds


def kind_of(event: AnyEvent) -> str:
    """Its type."""
    if isinstance(event, dict):
        return str(event["type"])
    return str(type(event).__struct_config__.tag)


def group_of(kind: str) -> str:
    """`task` of `task-received`."""
    return kind.partition("-")[0]


def routing_key_of(kind: str) -> str:
    """The routing key an event of this type is sent with."""
    return kind.replace("-", ".")


def utcoffset() -> int:
    """Hours that this machine's clock on the wall is behind UTC."""
    seconds = time.altzone if time.localtime().tm_isdst else time.timezone
    return seconds // 3600
