"""Django in a worker: set up, checked, and no connection older than it may be."""

import os
from collections.abc import Callable
from typing import Any, Final

from celeriac.core import signals

_SKIP_CHECKS: Final = ("CELERIAC_SKIP_CHECKS", "CELERY_SKIP_CHECKS")
_NO: Final = frozenset({"", "0", "false", "no", "off"})


class DjangoWorkerFixup:
    """Receivers of the worker's signals."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def validate_models(self) -> None:
        """Set Django up; and its system checks, unless the environment says that they are to be left out."""
        import django
        from django.apps import apps
        from django.core.checks import run_checks

        if not apps.ready:
            django.setup()
        if all(os.environ.get(name, "").lower() in _NO for name in _SKIP_CHECKS):
            self._raise_serious(run_checks)

    def _raise_serious(self, run_checks: Callable[[], Any]) -> None:
        from django.core.management.base import SystemCheckError

        serious = [message for message in run_checks() if message.is_serious() and not message.is_silenced()]
        if serious:
            raise SystemCheckError("\n".join(map(str, serious)))

    def install(self) -> "DjangoWorkerFixup":
        """Connect to the signals; they are the same objects in every child of this process."""
        for signal, receiver in (
            (signals.worker_before_create_process, self.on_fork),
            (signals.worker_process_init, self.on_process_init),
            (signals.beat_embedded_init, self.on_process_init),
            (signals.task_prerun, self.on_task_prerun),
            (signals.task_postrun, self.on_task_postrun),
        ):
            signal.connect(receiver, dispatch_uid=("celeriac.contrib.django", id(self.app), signal.name), weak=False)
        return self

    def on_fork(self, **kwargs: Any) -> None:
        """No child shall have a connection of its parent."""
        self.close_database(force=True)
        self.close_cache()

    on_process_init = on_fork

    def on_task_prerun(self, sender: Any = None, **kwargs: Any) -> None:
        """A connection that has died meanwhile, or is too old, is not what the task begins with."""
        if not _eager(sender):
            self.close_database()

    def on_task_postrun(self, sender: Any = None, **kwargs: Any) -> None:
        """Nothing stays open for longer than CONN_MAX_AGE."""
        if not _eager(sender):
            self.close_database()
            self.close_cache()

    def close_database(self, force: bool = False, **kwargs: Any) -> None:
        """Close connections that can't be used or are too old; all of them by force."""
        from django.db import connections

        for connection in connections.all(initialized_only=True):
            if force:
                _drop_pool(connection)
                connection.close()
            elif not connection.in_atomic_block:
                connection.close_if_unusable_or_obsolete()

    def close_cache(self) -> None:
        """Close the caches' connections."""
        from django.core.cache import close_caches

        close_caches()


def _drop_pool(connection: Any) -> None:
    """psycopg's pool has threads, which a forked child would not have."""
    if getattr(connection, "pool", None) is not None:
        connection.close_pool()


def _eager(task: Any) -> bool:
    """A task run where it was called belongs to its caller's transaction."""
    return bool(getattr(getattr(task, "request", None), "is_eager", False))
