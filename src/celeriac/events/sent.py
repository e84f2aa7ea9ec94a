"""task-sent: tells monitors of calls that went out, where task_send_sent_event asks for it."""

import logging
import os
import time
from collections.abc import Sequence
from typing import Any, Final

from celeriac.core.errors import OperationalError
from celeriac.core.flow import Flow, adrive, drive
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
        self._unheard = False  # nobody listened when several calls were told of last

    def tell(self, posts: Sequence[Post]) -> None:
        """From sync code."""
        link = self._app.transports.write.link()
        drive(self._messages(posts), lambda flow: link.run(flow, _TIMEOUT))

    async def atell(self, posts: Sequence[Post]) -> None:
        """From async code."""
        run, transport = self._app.asynchronous.run, self._app.transports.write
        await adrive(self._messages(posts), lambda flow: run(flow, _TIMEOUT, transport))

    def _messages(self, posts: Sequence[Post]) -> Flow[None]:
        """Asks for flows to be run, one for each message; as far as somebody listens, and sending works."""
        wire, app = self._wire, self._app
        if wire is None:
            return
        hostname, offset, pid, tick = app.identity.origin, utcoffset(), os.getpid(), app.clock.forward
        writer = Writer(hostname, app.conf["event_serializer"])
        done, several = 0, len(posts) > 1
        while done < len(posts):
            # If nobody listened last time, one event finds out whether that is still so.
            most = 1 if self._unheard else max(1, wire.room // _SIZE)
            calls = [fields for post in posts[done : done + most] if (fields := fields_of(post)) is not None]
            done += most
            if not calls:
                continue
            now = time.time()
            told = [TaskSent(hostname, offset, pid, tick(), now, *call) for call in calls]
            try:
                heard = yield self._flow(wire, writer, told, several)
            except OperationalError as exc:
                logger.warning("Monitors are not told of calls that were sent: %s", exc)
                return
            if several:
                self._unheard = heard == 0
                if self._unheard:
                    return  # these calls are sent: who begins to listen now has no right to hear of them

    def _flow(self, wire: Newswire, writer: Writer, told: list[TaskSent], several: bool) -> Flow[int | None]:
        if several:
            return wire.tell(self._exchange, MULTI, writer.message([*told]))
        return wire.tell(self._exchange, SENT, writer.message(told[0]))
