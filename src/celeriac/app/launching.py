"""Launching: the first messages of a workflow go out together, after the joins that their ends will be counted in."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from celeriac.core.join import OpenJoin
from celeriac.core.message import Post
from celeriac.core.signals import after_task_publish

from . import announcing
from .calling import posts_of

if TYPE_CHECKING:
    from .app import Celeriac

Options = dict[str, Any]
Calls = Sequence[tuple[Any, Any, Any, Options]]


def launch(app: "Celeriac", calls: Calls, joins: Sequence[OpenJoin], options: Options) -> None:
    """What is wrong with one of the calls is raised before anything is sent."""
    named = posts_of(app, calls, {})
    if joins:
        app.publisher.open(joins, options)
    app.publisher.publish([post for _, post in named], options)
    _announce(named)


async def alaunch(app: "Celeriac", calls: Calls, joins: Sequence[OpenJoin], options: Options) -> None:
    """launch, from async code."""
    named = posts_of(app, calls, {})
    if joins:
        await app.asynchronous.open(joins, options)
    await app.asynchronous.publish([post for _, post in named], options)
    _announce(named)


def prepare(app: "Celeriac", calls: Calls) -> list[Post]:
    """The messages, for whoever publishes them together with something else."""
    named = posts_of(app, calls, {})
    _announce(named)
    return [post for _, post in named]


def _announce(named: list[tuple[str, Post]]) -> None:
    if after_task_publish.has_listeners:
        for name, post in named:
            announcing.after(name, post)
