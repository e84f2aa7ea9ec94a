"""What beat prints when it starts: the lines Celery users know."""

import logging
from datetime import datetime
from typing import Any

from .scheduler import Scheduler

_UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def text(service: Any, loglevel: int, logfile: str | None) -> str:
    """The whole banner."""
    return "\n".join(["__    -    ... __   -        _", startup_info(service, loglevel, logfile)])


def startup_info(service: Any, loglevel: int, logfile: str | None) -> str:
    """Where it is connected, which scheduler it runs."""
    app = service.app
    scheduler: Scheduler = service.get_scheduler(lazy=True)
    cls, loader = type(scheduler), type(app.loader)
    lines = [
        f"LocalTime -> {datetime.now().astimezone():%Y-%m-%d %H:%M:%S}",
        "Configuration ->",
        f"    . broker -> {app.transports.write.describe()}",
        f"    . loader -> {loader.__module__}.{loader.__qualname__}",
        f"    . scheduler -> {_public(cls, app.product)}",
        *([scheduler.info] if scheduler.info else []),
        f"    . logfile -> {logfile or '[stderr]'}@%{logging.getLevelName(loglevel)}",
        f"    . maxinterval -> {human(service.max_interval)} ({service.max_interval}s)",
    ]
    return "\n".join(lines)


def _public(cls: type, product: str) -> str:
    """Our own are named as settings name them."""
    module = f"{product}.beat" if cls.__module__.startswith("celeriac.beat.") else cls.__module__
    return f"{module}.{cls.__qualname__}"


def human(seconds: float) -> str:
    """In the largest unit that fits, such as 5.00 minutes."""
    for size, unit in _UNITS:
        if seconds >= size:
            count = seconds / size
            return f"{count:.2f} {unit}{'' if count == 1 else 's'}"
    return f"{seconds:.2f} seconds"
