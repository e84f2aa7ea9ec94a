"""Deletes the waiting messages of queues, for `celeriac purge` and `celeriac worker --purge`."""

from collections.abc import Sequence
from typing import Any

import click

from .printing import plural
from .reaching import LONG_DEADLINE


def purge(app: Any, queues: Sequence[str]) -> int:
    """How many messages there were."""
    transport = app.transports.read
    dropped: int = transport.link().run(transport.broker.purge(tuple(queues)), LONG_DEADLINE)
    return dropped


def purge_for_worker(app: Any) -> None:
    """Before a worker starts: the queues it will consume."""
    dropped = purge(app, tuple(app.amqp.queues.consume_from))
    if dropped:
        click.echo(f"purge: Erased {plural(dropped, 'message')} from the queue.\n")
