"""Django: what a Celeriac app does by itself where DJANGO_SETTINGS_MODULE is set."""

import os
import sys
import warnings
from typing import Any

from celeriac.core import signals
from celeriac.core.errors import FixupWarning

from .worker import DjangoWorkerFixup

_DEFAULT_TASKS = ("celeriac.app.task:Task", "celery.app.task:Task")
_DJANGO_TASK = "celeriac.contrib.django.task:DjangoTask"


def fixup(app: Any, env: str = "DJANGO_SETTINGS_MODULE") -> "DjangoFixup | None":
    """The fix-up of an app, where there is a Django project and Django is installed."""
    if not os.environ.get(env):
        return None
    try:
        import django  # noqa: F401
    except ImportError:
        warnings.warn(f"{env} is set, but Django can't be imported", FixupWarning, stacklevel=2)
        return None
    return DjangoFixup(app).install()


class DjangoFixup:
    """Tasks with delay_on_commit, tasks of INSTALLED_APPS, Django set up in workers."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self._worker: DjangoWorkerFixup | None = None

    def install(self) -> "DjangoFixup":
        """At once: the path and the class of tasks. Later, in workers: all else."""
        if os.getcwd() not in sys.path:
            sys.path.insert(0, os.getcwd())
        if self.app.task_cls in _DEFAULT_TASKS:
            self.app.task_cls = _DJANGO_TASK
        signals.import_modules.connect(self.on_import_modules, sender=self.app, weak=False)
        return self

    def on_import_modules(self, **kwargs: Any) -> None:
        """A worker or beat is about to import tasks: models must be there."""
        self.worker_fixup.validate_models()
        self.worker_fixup.install()

    @property
    def worker_fixup(self) -> DjangoWorkerFixup:
        """What is done in workers."""
        if self._worker is None:
            self._worker = DjangoWorkerFixup(self.app)
        return self._worker

    def autodiscover_tasks(self) -> list[str]:
        """The packages of INSTALLED_APPS."""
        from django.apps import apps

        return [config.name for config in apps.get_app_configs()]


__all__ = ["DjangoFixup", "DjangoWorkerFixup", "fixup"]
