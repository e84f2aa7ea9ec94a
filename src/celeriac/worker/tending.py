"""Background loops that are looked after: one that ends by an error nobody expected ends the worker.

A worker whose claimer or lease keeper is dead while the process lives on is the worst kind of dead worker:
nobody replaces it.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

logger = logging.getLogger("celeriac.worker")

OnBroken = Callable[[str], None]


def nobody(reason: str) -> None:
    """Whom a loop tells until it is given somebody."""


def start(loop: Coroutine[Any, Any, None], name: str, on_broken: Callable[[], OnBroken]) -> asyncio.Task[None]:
    """Run the coroutine; `on_broken()` is asked for only when it has failed."""

    def ended(task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            logger.critical("The worker's %s failed", name, exc_info=error)
            on_broken()(f"The worker can't go on without its {name}, which failed: {error!r}")

    task = asyncio.create_task(loop, name=name)
    task.add_done_callback(ended)
    return task


async def end(task: asyncio.Task[None] | None) -> None:
    """Cancel it and wait until it is gone."""
    if task is not None:
        task.cancel()
        await asyncio.wait([task])
