"""Workflow tasks: the tasks that maps, chunks and the like are on the wire, under Celery's names."""

from collections.abc import Callable
from importlib import import_module
from types import CoroutineType
from typing import Any

from .decorator import task_from
from .shared import connect_on_app_finalize


@connect_on_app_finalize
def add_workflow_tasks(app: Any) -> None:
    """Give the app the tasks of this file."""
    for name, fun in _TASKS.items():
        task_from(app, fun, {"name": f"celery.{name}", "bind": True}, warn=False)
    looking = {"name": "celery.chord_unlock", "bind": True, "max_retries": None, "ignore_result": True}
    task_from(app, chord_unlock, looking, warn=False)


def accumulate(self: Any, *args: Any, **kwargs: Any) -> Any:
    """Its arguments as a list, or the one at `index`."""
    index = kwargs.get("index")
    return args if index is None else args[index]


def xmap(self: Any, task: Any, it: Any) -> list[Any]:
    """Call a task for each argument."""
    call = _caller(self, task)
    return [call(item) for item in it]


def xstarmap(self: Any, task: Any, it: Any) -> list[Any]:
    """Call a task for each tuple of arguments."""
    call = _caller(self, task)
    return [call(*item) for item in it]


def _caller(self: Any, task: Any) -> Callable[..., Any]:
    found = self.app.canvas.signature(task, app=self.app).type

    def call(*args: Any) -> Any:
        value = found(*args)
        if type(value) is CoroutineType:  # only then is asyncio worth its import
            return import_module("celeriac.execution.loops").run(value)
        return value

    return call


def chunks(self: Any, task: Any, it: Any, n: int) -> Any:
    """Send calls of a task, so many in each message."""
    return _send(self, self.app.canvas.chunks(task, it, n, app=self.app).group(), (), {})


def group(
    self: Any, tasks: Any, result: Any = None, group_id: Any = None, partial_args: Any = (), add_to_parent: Any = True
) -> Any:
    """Send the tasks of a group, as old clients ask for it."""
    given = {} if group_id is None else {"task_id": group_id}
    return _send(self, self.app.canvas.group(tasks, app=self.app), partial_args, given)


def chain(self: Any, *args: Any, **kwargs: Any) -> None:
    """No task: the links of a chain travel with its first task."""
    raise NotImplementedError("chain is not a real task")


def chord(self: Any, header: Any, body: Any, partial_args: Any = (), eager: bool = False, **kwargs: Any) -> Any:
    """Send the header of a chord, as old clients ask for it."""
    options = {key: kwargs[key] for key in ("task_id", "countdown", "eta", "queue") if kwargs.get(key) is not None}
    return _send(self, self.app.canvas.chord(header, body, app=self.app), partial_args, options)


def chord_unlock(
    self: Any,
    group_id: str,
    callback: Any,
    interval: float | None = None,
    max_retries: int | None = None,
    result: Any = (),
    **others: Any,
) -> None:
    """Look whether the tasks of a chord's header have ended, on a result store that can't count them."""
    self.app.canvas.unlocking.unlock(
        self, group_id, callback, result, {"interval": interval, "max_retries": max_retries}
    )


def _send(self: Any, tree: Any, args: Any, options: dict[str, Any]) -> Any:
    """The result travels as plain data."""
    if self.request.is_eager or self.request.called_directly:
        return tree.apply(args).get(disable_sync_subtasks=False)
    return self.app.canvas.replacing.send_with_the_end(self, tree, args, options).as_tuple()


_TASKS: dict[str, Callable[..., Any]] = {
    "accumulate": accumulate,
    "map": xmap,
    "starmap": xstarmap,
    "chunks": chunks,
    "group": group,
    "chain": chain,
    "chord": chord,
}
