"""The public API: the app, its tasks, how they are called and routed."""

from celeriac.current import get_current_app, set_app_factory
from celeriac.schedules import find_app_by

from . import builtins as _builtins
from . import workflow_tasks as _workflow_tasks
from .app import Celeriac
from .shared import connect_on_app_finalize, shared_task
from .task import Task


def _default_app() -> Celeriac:
    """The app of programs that use the current app without making one."""
    return Celeriac("default", set_as_current=False)


set_app_factory(_default_app)
find_app_by(get_current_app)
assert _builtins and _workflow_tasks  # imported for what it adds to every app

__all__ = ["Celeriac", "Task", "connect_on_app_finalize", "shared_task"]
