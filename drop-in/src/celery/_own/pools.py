"""celery.concurrency: pools by their names."""

from typing import Any

from celeriac.app.plugins import entry_points
from celeriac.core import signals
from celeriac.worker.selection import pool_class


def get_implementation(cls: Any) -> Any:
    """The pool of a name or path."""
    return pool_class(cls) if isinstance(cls, str) else cls


def get_available_pool_names() -> tuple[str, ...]:
    """The names there are."""
    return tuple(entry_points("celeriac.pools"))


class Worker:
    """billiard's: the loop of a process that runs tasks. Here it only gives those a place who want to do something
    when such a process ends, and wrap the loop for that (sentry-sdk)."""

    def workloop(self, *args: Any, **kwargs: Any) -> int:
        """Nothing: what a process does is in celeriac.pools."""
        return 0


_OWN_LOOP = Worker.workloop


def _ends(**_: Any) -> None:
    if Worker.workloop is not _OWN_LOOP:
        Worker().workloop()


signals.worker_process_shutdown.connect(_ends, weak=False)
