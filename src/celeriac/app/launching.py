"""Launching: the first messages of a workflow go out together, after the joins that their ends will be counted in."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from celeriac.core.join import OpenJoin
from celeriac.core.message import Post
from celeriac.core.record import Record
from celeriac.core.signals import after_task_publish

from . import announcing
from .calling import Collector, posts_of
from .task import Task

if TYPE_CHECKING:
    from .app import Celeriac

Options = dict[str, Any]
Call = tuple[Any, Any, Any, Options]
Calls = Sequence[Call]
Named = list[tuple[str, Post]]

# As it is before anybody patches it.
_APPLY_ASYNC: Final = Task.apply_async


def launch(
    app: "Celeriac", calls: Calls, joins: Sequence[OpenJoin], options: Options, pieces: Sequence[Record] = ()
) -> None:
    """What is wrong with one of the calls is raised before anything is sent."""
    named = gathered(app, calls)
    until = app.publisher.open(joins, options, pieces) if joins or pieces else None  # one deadline for both
    app.publisher.publish([post for _, post in named], options, until)
    _announce(named)


async def alaunch(
    app: "Celeriac", calls: Calls, joins: Sequence[OpenJoin], options: Options, pieces: Sequence[Record] = ()
) -> None:
    """launch, from async code."""
    named = gathered(app, calls)
    until = await app.asynchronous.open(joins, options, pieces) if joins or pieces else None
    await app.asynchronous.publish([post for _, post in named], options, until)
    _announce(named)


def prepare(app: "Celeriac", calls: Calls) -> list[Post]:
    """The messages, for whoever publishes them together with something else."""
    named = gathered(app, calls)
    _announce(named)
    return [post for _, post in named]


def gathered(app: "Celeriac", calls: Calls) -> Named:
    """The messages of the calls. A task with an apply_async of its own is asked for its message through that."""
    app.finalize(auto=True)
    names = {call[0] for call in calls}
    special = {name: task for name in names if (task := app.tasks.get(name)) is not None and goes_its_own_way(task)}
    if not special:
        return posts_of(app, calls, {})
    named: Named = []
    for call in calls:
        task = special.get(call[0])
        named += posts_of(app, (call,), {}) if task is None else _asked(task, call)
    return named


def goes_its_own_way(task: Any) -> bool:
    """True if its class has an apply_async of its own."""
    return getattr(type(task), "apply_async", None) is not _APPLY_ASYNC


def _asked(task: Any, call: Call) -> Named:
    """What the task gives to the producer that it is handed: often one message, with more in it."""
    collector = Collector()
    _, args, kwargs, options = call
    task.apply_async(args, kwargs, **{**options, "producer": collector})
    return collector.named


def _announce(named: Named) -> None:
    if after_task_publish.has_listeners:
        for name, post in named:
            announcing.after(name, post)
