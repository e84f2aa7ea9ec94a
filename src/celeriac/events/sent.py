"""task-sent: tells monitors of calls that went out, where task_send_sent_event asks for it."""

import logging
import os
from collections.abc import Iterable, Sequence
from typing import Any, Final

from celeriac.core.errors import OperationalError
from celeriac.core.flow import Flow
from celeriac.core.message import Post
from celeriac.wire.body import body_of

from .dispatching import EventDispatcher

logger = logging.getLogger("celeriac.events")

SENT: Final = "task-sent"
_TIMEOUT: Final = 5.0
_TOGETHER: Final = 200  # events in one message


def fields_of(post: Post) -> dict[str, Any] | None:
    """What is told of one call; None if the message is no call of a task."""
    headers, route = post.message.headers, post.route
    said = headers if headers.get("task") else _of_protocol_1(post)
    if said is None:
        return None
    return {
        "uuid": said.get("id"),
        "root_id": said.get("root_id"),
        "parent_id": said.get("parent_id"),
        "name": said["task"],
        "args": said.get("argsrepr"),
        "kwargs": said.get("kwargsrepr"),
        "retries": said.get("retries") or 0,
        "eta": said.get("eta"),
        "expires": said.get("expires"),
        "queue": route.queue.name if route.queue is not None else route.routing_key,
        "exchange": route.exchange,
        "routing_key": route.routing_key,
    }


def _of_protocol_1(post: Post) -> dict[str, Any] | None:
    body = body_of(post.message, frozenset({post.message.content_type}))
    if not isinstance(body, dict) or "task" not in body:
        return None
    return {**body, "argsrepr": repr(body.get("args")), "kwargsrepr": repr(body.get("kwargs"))}


class SentEvents:
    """One per app. A call that went out is never undone because its event could not be sent."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._dispatcher: EventDispatcher | None = None

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

    def _flows(self, posts: Sequence[Post]) -> Iterable[Flow[None]]:
        dispatcher = self._dispatcher
        if dispatcher is None:
            dispatcher = self._dispatcher = EventDispatcher(app=self._app)
        if not dispatcher.enabled:
            return
        dispatcher.hostname, dispatcher.pid = self._app.identity.origin, os.getpid()
        for start in range(0, len(posts), _TOGETHER):
            told = [fields for post in posts[start : start + _TOGETHER] if (fields := fields_of(post)) is not None]
            if told:
                yield dispatcher.telling(SENT, told)


def _not_told(exc: OperationalError) -> None:
    logger.warning("Monitors are not told of calls that were sent: %s", exc)
