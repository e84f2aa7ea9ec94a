"""What one run of an entry sends: one message, or the first ones of a workflow."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from celeriac.app.launching import gathered
from celeriac.canvas.launching import planned_whole
from celeriac.core.ids import uuid
from celeriac.core.join import OpenJoin
from celeriac.core.message import Post

from .entry import evaluated

# The tasks that stand for workflows, and what a signature says of them.
WORKFLOWS: Final = {f"celery.{kind}": kind for kind in ("chain", "group", "chord")}
GROUP: Final = "celery.group"
# What tells workers and monitors where a message comes from.
HEADER: Final = {"celery_beat_task": True}


class Outgoing(msgspec.Struct, frozen=True):
    """The messages of one run, by their tasks; the joins that are to be opened before; the id of what ends last."""

    named: Sequence[tuple[str, Post]]
    joins: Sequence[OpenJoin]
    id: str


def outgoing(app: Any, entry: Any, wanted: str | None = None) -> Outgoing:
    """Raises whatever is wrong with the entry. `wanted`: the id of a task that has none of its own."""
    args, kwargs, options = _made(entry)
    sig = _workflow(app, entry.task, args, kwargs)
    if sig is None:
        id = str(options.setdefault("task_id", wanted or uuid()))
        return Outgoing(gathered(app, [(entry.task, args, kwargs, options)]), (), id)
    flight = planned_whole(app, sig, (), {}, options)
    return Outgoing(gathered(app, flight.calls), flight.joins, "" if flight.result is None else flight.result.id)


def send(app: Any, entry: Any, send_task: Callable[..., Any]) -> Any:
    """Send one run now, by `send_task` if its task is not known here; returns its result."""
    args, kwargs, options = _made(entry)
    sig = _workflow(app, entry.task, args, kwargs)
    if sig is not None:
        return sig.apply_async(**options)
    task = app.tasks.get(entry.task)
    if task is not None:
        return task.apply_async(args, kwargs, **options)
    return send_task(entry.task, args, kwargs, **options)


def _made(entry: Any) -> tuple[list[Any], dict[str, Any], dict[str, Any]]:
    args = [evaluated(value) for value in entry.args or ()]
    kwargs = {name: evaluated(value) for name, value in (entry.kwargs or {}).items()}
    return args, kwargs, with_header(entry.options)


def _workflow(app: Any, task: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """The signature of a chain, group or chord; None for a task."""
    kind = WORKFLOWS.get(task)
    if kind is None:
        return None
    tree = {"task": task, "args": tuple(args), "kwargs": kwargs, "options": {}, "subtask_type": kind}
    return app.signature({**tree, "immutable": False})


def with_header(options: Mapping[str, Any] | None) -> dict[str, Any]:
    """The options of a call that says it comes from beat."""
    given = dict(options or {})
    return {**given, "headers": {**(given.get("headers") or {}), **HEADER}}
