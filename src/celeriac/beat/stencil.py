"""Stencils: where the runs of an entry differ by their ids alone, their message is written once."""

from typing import Any, Final

import msgspec

from celeriac.app.launching import goes_its_own_way
from celeriac.core.signals import before_task_publish
from celeriac.wire.prepared import Written

from .calls import HEADER, WORKFLOWS, Outgoing

_SAME: Final = frozenset({str, int, float, bool, type(None)})  # what nobody can change in place


class Stencil(msgspec.Struct, frozen=True):
    """Of one entry, for as long as everything is as it was."""

    task: Any
    template: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    written: Written

    def run(self, app: Any, entry: Any, id: str) -> Outgoing | None:
        """One more run; None if anything is no longer as it was."""
        if (
            before_task_publish.has_listeners
            or entry.options
            or app.tasks.get(entry.task) is not self.task
            or app.sender.template(self.task) is not self.template
            or tuple(entry.args or ()) != self.args
            or (entry.kwargs or {}) != self.kwargs
        ):
            return None
        post = app.sender.repeated(self.template, id, self.written)
        post.message.headers.update(HEADER)
        return Outgoing(((entry.task, post),), (), id)


def stencil_of(app: Any, entry: Any, sent: Outgoing) -> Stencil | None:
    """From a run that was sent; None if the next one may need more than another id."""
    task = app.tasks.get(entry.task)
    if task is None or entry.options or entry.task in WORKFLOWS or len(sent.named) != 1:
        return None
    args, kwargs = tuple(entry.args or ()), dict(entry.kwargs or {})
    if not {*map(type, args), *map(type, kwargs.values())} <= _SAME:
        return None
    if before_task_publish.has_listeners or goes_its_own_way(task) or task._pydantic is not None:
        return None
    template = app.sender.template(task)
    if template is None or not template.prepared.as_json or template.prepared.has_headers:
        return None
    message = sent.named[0][1].message
    written = Written(message.headers["argsrepr"], message.headers["kwargsrepr"], message.body)
    return Stencil(task, template, args, kwargs, written)
