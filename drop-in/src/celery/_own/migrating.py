"""celery.contrib.migrate: messages moved from queue to queue, or from broker to broker, by a program's own rule."""

import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from celeriac.app.entities import is_queue, queue_of
from celeriac.app.queues import worker_direct
from celeriac.contrib.kombu.consuming import Message
from celeriac.contrib.moving import Hold
from celeriac.core.delivery import Action, Delivery
from celeriac.core.errors import DecodeError
from celeriac.core.message import Message as Plain
from celeriac.core.message import Post, Queue, Route
from celeriac.current import get_current_app
from celeriac.wire import serializers

_PAUSE = 0.2  # between two looks into empty queues
_NOT_PROPERTIES = ("delivery_info", "delivery_tag", "body_encoding")


class StopFiltering(Exception):
    """Raised by a callback that has seen enough."""


class State:
    """How far it has come."""

    count = 0
    filtered = 0
    total_apx = 0

    @property
    def strtotal(self) -> str:
        return str(self.total_apx) if self.total_apx else "?"

    def __repr__(self) -> str:
        if self.filtered:
            return f"^{self.filtered}"
        return f"{self.count}/{self.strtotal}"


def republish(
    producer: Any, message: Any, exchange: Any = None, routing_key: str | None = None, remove_props: Any = None
) -> None:
    """Send the message again, as it is, to its own exchange and routing key or to others."""
    info = message.delivery_info
    place = info["exchange"] if exchange is None else getattr(exchange, "name", exchange)
    key = info["routing_key"] if routing_key is None else routing_key
    without = {*_NOT_PROPERTIES, *(remove_props or ())}
    properties = {name: value for name, value in message.properties.items() if name not in without}
    plain = Plain(
        dict(message.headers), properties, message.body, message.content_type or "", message.content_encoding or ""
    )
    post = Post(plain, Route(key or "", place or ""), message.properties.get("priority"))
    producer.channel.app.publisher.publish([post], {})


def migrate_task(producer: Any, body_: Any, message: Any, queues: Mapping[str, str] | None = None) -> None:
    """Send one message on; `queues` gives exchanges and routing keys other names."""
    info, names = message.delivery_info, queues or {}
    republish(
        producer,
        message,
        exchange=names.get(info["exchange"]),
        routing_key=names.get(info["routing_key"]),
    )


def migrate_tasks(
    source: Any,
    dest: Any,
    migrate: Callable[..., Any] = migrate_task,
    app: Any = None,
    queues: Any = None,
    **kwargs: Any,
) -> State:
    """All messages of the app's queues at `source`, sent to `dest` (connections)."""
    app = app or get_current_app()
    producer = dest.Producer()
    names = _renamed(queues)
    known = app.amqp.queues
    for name in names or known.consume_from:
        dest.declare(known[(names or {}).get(name, name)])
    return start_filter(app, source, partial(migrate, producer, queues=names), queues=queues, **kwargs)


def move(
    predicate: Callable[[Any, Any], Any],
    connection: Any = None,
    exchange: Any = None,
    routing_key: str | None = None,
    source: Any = None,
    app: Any = None,
    callback: Callable[..., Any] | None = None,
    limit: int | None = None,
    transform: Callable[[Any], Any] | None = None,
    **kwargs: Any,
) -> State:
    """Move the messages for which `predicate(body, message)` is true, or tells where to: a queue, its name, or
    (exchange, routing key). A message is acknowledged when it has arrived there; the others stay."""
    app = app or get_current_app()
    wanted = [getattr(queue, "name", queue) for queue in source or []]
    with app.connection_or_acquire(connection) as conn:
        producer, state = conn.Producer(), State()

        def on_task(body: Any, message: Any) -> None:
            answer = predicate(body, message)
            if not answer:
                return
            to = transform(answer) if transform is not None else answer
            place, key = _destination(conn, to, exchange, routing_key)
            republish(producer, message, exchange=place, routing_key=key)
            message.ack()
            state.filtered += 1
            if callback is not None:
                callback(state, body, message)
            if limit and state.filtered >= limit:
                raise StopFiltering

        return start_filter(app, conn, on_task, state=state, consume_from=wanted or None, **kwargs)


def _destination(conn: Any, to: Any, exchange: Any, routing_key: str | None) -> tuple[Any, str | None]:
    if is_queue(to):
        queue = queue_of(to)
        conn.declare(queue)
        return "", queue.name
    if isinstance(to, str):
        return "", to
    if isinstance(to, tuple | list) and len(to) == 2:
        return to[0], to[1]
    return exchange, routing_key


def start_filter(
    app: Any,
    conn: Any,
    filter: Callable[[Any, Any], Any],
    limit: int | None = None,
    timeout: float = 1.0,
    ack_messages: bool = False,
    tasks: Any = None,
    queues: Any = None,
    callback: Callable[[Any, Any], Any] | None = None,
    forever: bool = False,
    on_declare_queue: Callable[[Any], Any] | None = None,
    consume_from: Any = None,
    state: State | None = None,
    accept: Any = None,
    **kwargs: Any,
) -> State:
    """Give every message to `filter(body, message)`, until none has come for `timeout` seconds. What nobody
    acknowledges is held until then, and goes back."""
    state = state or State()
    names = list(_names(consume_from) or _renamed(queues) or app.amqp.queues.consume_from)
    known = [app.amqp.queues[name] for name in names]
    state.total_apx += sum(conn.run(conn.transport.broker.count(names)).values())
    if on_declare_queue is not None:
        for queue in known:
            on_declare_queue(queue)
    only = set(_names(tasks))
    accepted = serializers.accept_set(accept if accept is not None else app.conf.accept_content)
    with Hold(conn.transport) as hold:
        hands = _Hands(conn, hold)
        for delivery in _deliveries(hold, known, None if forever else timeout):
            try:
                message = Message(hands, delivery, accepted)  # type: ignore[arg-type]
            except DecodeError:
                continue  # nothing can be told of it: it stays
            if only and message.headers.get("task") not in only:
                continue
            state.count += 1
            try:
                _handle(message, filter, callback, ack_messages)
            except StopFiltering:
                break
            if limit and state.count >= limit:
                break
    return state


def _handle(message: Message, on_task: Any, callback: Any, ack: bool) -> None:
    body = message.decode()
    on_task(body, message)
    if callback is not None:
        callback(body, message)
    if ack and not message.acknowledged:
        message.ack()


def _deliveries(hold: Hold, queues: list[Queue], timeout: float | None) -> Iterable[Delivery]:
    since = time.monotonic()
    while True:
        deliveries = hold.take(queues, 1)
        if deliveries:
            yield from deliveries
            since = time.monotonic()
        elif timeout is not None and time.monotonic() - since >= timeout:
            return
        else:
            time.sleep(_PAUSE if timeout is None else min(_PAUSE, timeout))


class _Hands:
    """What a message is acknowledged through."""

    def __init__(self, connection: Any, hold: Hold) -> None:
        self.connection = connection
        self._hold = hold

    def settle(self, delivery: Delivery, action: Action) -> None:
        self._hold.end([delivery], action)


def _names(given: Any) -> list[str]:
    if not given:
        return []
    return [name.strip() for name in given.split(",")] if isinstance(given, str) else list(given)


def _renamed(queues: Any) -> dict[str, str]:
    """ "a,b:c", a list of the same, or a dict: each queue and its name there."""
    if isinstance(queues, Mapping):
        return dict(queues)
    pairs = (name.partition(":") for name in _names(queues))
    return {name: other or name for name, _, other in pairs}


def task_id_eq(task_id: str, body: Any, message: Any) -> bool:
    """Is it this task's message?"""
    return bool(message.properties["correlation_id"] == task_id)


def task_id_in(ids: Iterable[str], body: Any, message: Any) -> bool:
    """Is it one of these tasks' messages?"""
    return message.properties["correlation_id"] in ids


def move_task_by_id(task_id: str, dest: Any, **kwargs: Any) -> State:
    """Find this task's message and move it."""
    return move_by_idmap({task_id: dest}, **kwargs)


def move_by_idmap(map: Mapping[str, Any], **kwargs: Any) -> State:
    """Move each task's message to the queue that the mapping has for its id."""
    return move(lambda body, message: map.get(message.properties["correlation_id"]), limit=len(map), **kwargs)


def move_by_taskmap(map: Mapping[str, Any], **kwargs: Any) -> State:
    """Move each message to the queue that the mapping has for the name of its task."""
    return move(lambda body, message: map.get(message.headers.get("task") or body.get("task")), **kwargs)


move_direct = partial(move, transform=worker_direct)
move_direct_by_id = partial(move_task_by_id, transform=worker_direct)
