"""celery.events.event: events as dicts, and the exchange they travel by."""

import time
from typing import Any

from celeriac.contrib.kombu import Exchange

EVENT_EXCHANGE_NAME = "celeryev"
event_exchange = Exchange(EVENT_EXCHANGE_NAME, type="topic")


def Event(type: str, _fields: Any = None, **fields: Any) -> dict[str, Any]:  # noqa: N802 - Celery's name
    """An event."""
    event = {**(_fields or {}), **fields, "type": type}
    event.setdefault("timestamp", time.time())
    return event


def group_from(type: str) -> str:
    """What comes before the dash: task, of task-sent."""
    return type.split("-", 1)[0]


def get_exchange(conn: Any, name: str = EVENT_EXCHANGE_NAME) -> Exchange:
    """The exchange of events; on Redis it is one that reaches everybody."""
    address = conn.as_uri() if conn is not None else ""
    return Exchange(name, type="fanout" if address.startswith(("redis", "sentinel")) else "topic")
