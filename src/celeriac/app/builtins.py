"""Tasks that every app has, under the names that Celery's clients and schedulers send."""

from typing import Any

from .decorator import task_from
from .shared import connect_on_app_finalize


@connect_on_app_finalize
def add_backend_cleanup(app: Any) -> Any:
    """Deletes results that have outlived result_expires, where the store does not do so itself."""

    def backend_cleanup() -> None:
        app.backend.cleanup()

    options = {"name": "celery.backend_cleanup", "ignore_result": True}
    return task_from(app, backend_cleanup, options, warn=False)
