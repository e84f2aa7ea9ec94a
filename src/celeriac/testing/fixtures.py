"""What the fixtures of both pytest plug-ins are made of: apps for tests and workers in the test's process."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from . import tasks as _tasks
from .app import setup_default_app
from .worker import start_worker

assert _tasks  # imported for the task that workers answer to


@contextmanager
def current(
    make: Callable[..., Any], config: Mapping[str, Any], parameters: Mapping[str, Any], use_trap: bool, as_current: bool
) -> Iterator[Any]:
    """An app of `config`; the current one, unless a trap is set."""
    app = make(config=config, **parameters)
    with app, setup_default_app(app, use_trap=use_trap):
        if as_current and not use_trap:
            app.set_default()
            app.set_current()
        yield app


@contextmanager
def working(app: Any, pool: Any, includes: Any, parameters: Mapping[str, Any]) -> Iterator[Any]:
    """A worker of the app, with these modules' tasks."""
    for module in includes:
        app.loader.import_task_module(module)
    with start_worker(app, pool=pool, **parameters) as worker:
        yield worker


def marked(request: Any, name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings, with what the test's mark says over them: @pytest.mark.celery(task_always_eager=True)."""
    marks = [mark.kwargs for mark in request.node.iter_markers(name)]
    return {**config, **{key: value for kwargs in reversed(marks) for key, value in kwargs.items()}}
