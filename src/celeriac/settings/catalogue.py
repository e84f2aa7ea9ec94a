"""All settings in one place: by name, by old name, and the defaults of Celeriac and of Celery."""

from copy import deepcopy
from types import MappingProxyType
from typing import Any, Final

from .declare import SAME, Setting
from .tables import (
    beat,
    broker,
    clouds,
    general,
    logs,
    monitoring,
    redis,
    result,
    security,
    sending,
    stores,
    task,
    worker,
    worker_inside,
)

# In the order in which the documentation shows them.
AREAS: Final[tuple[tuple[str, tuple[Setting, ...]], ...]] = tuple(
    (table.TITLE, table.SETTINGS)
    for table in (
        general,
        broker,
        task,
        sending,
        result,
        redis,
        worker,
        worker_inside,
        logs,
        beat,
        monitoring,
        security,
        stores,
        clouds,
    )
)

ALL: Final = tuple(setting for _, settings in AREAS for setting in settings)
BY_NAME: Final = MappingProxyType({setting.name: setting for setting in ALL})
BY_OLD: Final = MappingProxyType({setting.old_name: setting for setting in ALL if setting.old_name})


def defaults() -> dict[str, Any]:
    """Celeriac's defaults; the values are the caller's to change."""
    return {setting.name: own_copy(setting.default) for setting in ALL}


def celery_defaults() -> dict[str, Any]:
    """Celery's defaults for everything it knows, and what makes our own settings behave like it."""
    return {setting.name: own_copy(setting.celery_default) for setting in ALL if _celery_has(setting)}


def differences() -> tuple[Setting, ...]:
    """The settings whose default is not Celery's."""
    return tuple(setting for setting in ALL if setting.celery is not SAME)


def own_copy(value: Any) -> Any:
    """A copy of what could be changed in place; the rest as it is, for copying is slow."""
    return deepcopy(value) if isinstance(value, dict | list | set) else value


def _celery_has(setting: Setting) -> bool:
    return not setting.own or setting.celery is not SAME
