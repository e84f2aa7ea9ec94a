"""celery.concurrency: pools by their names."""

from typing import Any

from celeriac.app.plugins import entry_points
from celeriac.worker.selection import pool_class


def get_implementation(cls: Any) -> Any:
    """The pool of a name or path."""
    return pool_class(cls) if isinstance(cls, str) else cls


def get_available_pool_names() -> tuple[str, ...]:
    """The names there are."""
    return tuple(entry_points("celeriac.pools"))
