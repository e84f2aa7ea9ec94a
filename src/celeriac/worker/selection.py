"""What a worker's options select: the queues it consumes and the class of its pool."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from celeriac.app.plugins import load
from celeriac.app.queues import worker_direct
from celeriac.app.symbols import symbol
from celeriac.core.errors import ImproperlyConfigured
from celeriac.core.message import Queue
from celeriac.pools.pool import Pool, PoolSettings


def select_queues(app: Any, hostname: str, include: Iterable[str], exclude: Iterable[str]) -> tuple[Queue, ...]:
    """Narrow the app's queues to what -Q and -X say; the worker consumes what is left, and its own queue if any."""
    queues = app.amqp.queues
    try:
        queues.select(tuple(include))
    except KeyError as exc:
        known = ", ".join(sorted(queues)) or "none"
        raise ImproperlyConfigured(
            f"-Q {exc.args[0]}: there is no such queue in task_queues (there are: {known}), "
            "and task_create_missing_queues is off."
        ) from None
    queues.deselect(tuple(exclude))
    if app.conf["worker_direct"]:
        queues.select_add(worker_direct(hostname))
    return tuple(queues.consume_from.values())


def pool_class(name: str) -> Callable[[PoolSettings], Pool]:
    """The pool of a name or a path "module:Class"; `custom` is the path in CELERIAC_CUSTOM_WORKER_POOL."""
    if name == "custom":
        name = os.environ.get("CELERIAC_CUSTOM_WORKER_POOL") or os.environ.get("CELERY_CUSTOM_WORKER_POOL") or ""
        if not name:
            raise ImproperlyConfigured("The pool 'custom' needs CELERIAC_CUSTOM_WORKER_POOL=module:Class.")
    found: Callable[[PoolSettings], Pool]
    found = symbol(name) if ":" in name or "." in name else load("celeriac.pools", name, f"The pool {name!r}")
    return found
