"""Celery: the application class, Celeriac's with Celery's name and Celery's defaults."""

from collections.abc import Sequence
from typing import Any

from celeriac import Celeriac
from celeriac.current import set_app_factory
from celeriac.settings import celery_defaults


class Celery(Celeriac):
    """Celeriac as programs for Celery know it."""

    product = "celery"
    task_cls: Any = "celery.app.task:Task"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_defaults(celery_defaults())

    def config_from_cmdline(self, argv: Sequence[str], namespace: str = "celery") -> None:
        """Settings spelt as name=value."""
        super().config_from_cmdline(argv, namespace)


def _default_app() -> Celery:
    return Celery("default", set_as_current=False)


set_app_factory(_default_app)
