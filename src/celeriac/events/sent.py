"""task-sent: tells monitors of calls that went out, where task_send_sent_event asks for it."""

import logging
import os
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final

from celeriac.core.errors import OperationalError
from celeriac.core.flow import Flow
from celeriac.core.message import Post
from celeriac.core.ports.newswire import Newswire
from celeriac.wire.body import body_of

from .buswire import newswire
from .words import TaskSent, utcoffset
from .writing import Writer

logger = logging.getLogger("celeriac.events")

SENT: Final = "task.sent"  # routing keys, of one and of several
MULTI: Final = "task.multi"
_TIMEOUT: Final = 5.0
_SIZE: Final = 500  # bytes of an event, or somewhat more


def fields_of(post: Post) -> tuple[Any, ...] | None:
    """A call's own fields of TaskSent; None if the message is no call of a task."""
    headers, route = post.message.headers, post.route
    said = headers if headers.get("task") else _of_protocol_1(post)
    if said is None:
        return None
    get = said.get
    return (
        get("id"),
        get("root_id"),
        get("parent_id"),
        said["task"],
        get("argsrepr"),
        get("kwargsrepr"),
        get("retries") or 0,
        get("eta"),
        get("expires"),
        route.queue.name if route.queue is not None else route.routing_key,
        route.exchange,
        route.routing_key,
    )


def _of_protocol_1(post: Post) -> dict[str, Any] | None:
    body = body_of(post.message, frozenset({post.message.content_type}))
    if not isinstance(body, dict) or "task" not in body:
        return None
    return {**body, "argsrepr": repr(body.get("args")), "kwargsrepr": repr(body.get("kwargs"))}


class SentEvents:
    """One per app. A call that went out is never undone because its event could not be sent."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._exchange: str = app.conf["event_exchange"]
        transport = app.transports.write
        self._wire = newswire(transport, transport.bus)

    def tell(self, posts: Sequence[Post]) -> None:
        """From sync code."""
        transport = self._app.transports.write
        for flow in self._flows(posts):
            try:
                transport.link().run(flow, _TIMEOUT)
            except OperationalError as exc:
                _not_told(exc)
                break

    async def atell(self, posts: Sequence[Post]) -> None:
        """From async code."""
        app = self._app
        for flow in self._flows(posts):
            try:
                await app.asynchronous.run(flow, _TIMEOUT, app.transports.write)
            except OperationalError as exc:
                _not_told(exc)
                break

    def _flows(self, posts: Sequence[Post]) -> Iterable[Flow[int | None]]:
        wire, app = self._wire, self._app
        if wire is None:
            return
        hostname, offset, pid, tick = app.identity.origin, utcoffset(), os.getpid(), app.clock.forward
        writer = Writer(hostname, app.conf["event_serializer"])
        most = max(1, wire.room // _SIZE)
        for start in range(0, len(posts), most):
            calls = [fields for post in posts[start : start + most] if (fields := fields_of(post)) is not None]
            if calls:
                now = time.time()
                yield self._flow(wire, writer, [TaskSent(hostname, offset, pid, tick(), now, *call) for call in calls])

    def _flow(self, wire: Newswire, writer: Writer, told: Sequence[TaskSent]) -> Flow[int | None]:
        if len(told) == 1:
            return wire.tell(self._exchange, SENT, writer.message(told[0]))
        return wire.tell(self._exchange, MULTI, writer.message([*told]))


def _not_told(exc: OperationalError) -> None:
    logger.warning("Monitors are not told of calls that were sent: %s", exc)
