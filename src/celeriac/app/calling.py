"""Calling: apply_async, send_task and send_many, sync and async; the same steps between."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any

from celeriac.core.errors import AlwaysEagerIgnored
from celeriac.core.message import Post
from celeriac.core.signals import after_task_publish, before_task_publish
from celeriac.current import get_current_worker_task
from celeriac.result import AsyncResult, EagerResult

from . import announcing

if TYPE_CHECKING:
    from .app import Celeriac

Options = dict[str, Any]


def apply_async(task: Any, args: Any, kwargs: Any, options: Options) -> Any:
    """Send one call of a task."""
    app = task.app
    if not task._settled:
        app.finalize(auto=True)
    args, kwargs = _arguments(task, args, kwargs)
    if app.conf.task_always_eager:
        return _eagerly(task, args, kwargs, options)
    return _published(app, task.name, app.sender.post(task, args, kwargs, options), options)


async def aapply_async(task: Any, args: Any, kwargs: Any, options: Options) -> Any:
    """Send one call of a task from async code."""
    app = task.app
    if not task._settled:
        app.finalize(auto=True)
    args, kwargs = _arguments(task, args, kwargs)
    if app.conf.task_always_eager:
        return _eagerly(task, args, kwargs, options)
    return await _apublished(app, task.name, app.sender.post(task, args, kwargs, options), options)


class Collector:
    """A producer that keeps what it is given to publish."""

    def __init__(self) -> None:
        self.named: list[tuple[str, Post]] = []

    def take(self, task: Any, args: Any, kwargs: Any, options: Options) -> Any:
        """Instead of apply_async."""
        app = task.app
        args, kwargs = _arguments(task, args, kwargs)
        post = app.sender.post(task, args, kwargs, options)
        if before_task_publish.has_listeners:
            post = announcing.before(app.conf, task.name, post, options.get("retry_policy"))
        self.named.append((task.name, post))
        return _result(app, task.name, post, {**options, "add_to_parent": False})


def _arguments(task: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """The arguments as they travel, checked against the task's signature."""
    if type(args) is not tuple:
        args = as_args(task.name, args)
    if type(kwargs) is not dict:
        kwargs = as_kwargs(task.name, kwargs)
    if task.typing:
        check = task._check
        if check is None:
            task.check_arguments(args, kwargs)
        else:
            check(*args, **kwargs)
    if task._pydantic is not None:
        args, kwargs = task._pydantic.dumped(args, kwargs)
    return args, kwargs


def as_args(name: str, args: Any) -> Sequence[Any]:
    """Positional arguments, from whatever can be one; text is none, for it never was meant as letters."""
    if args is None:
        return ()
    if isinstance(args, (str, bytes, Mapping)) or not isinstance(args, Iterable):
        raise TypeError(f"{name}: args must be a list or tuple, not {type(args).__name__}")
    return tuple(args)


def as_kwargs(name: str, kwargs: Any) -> dict[str, Any]:
    """Keyword arguments, from any mapping."""
    if kwargs is None:
        return {}
    if not isinstance(kwargs, Mapping):
        raise TypeError(f"{name}: kwargs must be a mapping, not {type(kwargs).__name__}")
    return dict(kwargs)


def _eagerly(task: Any, args: Any, kwargs: Any, options: Options) -> EagerResult[Any]:
    rest = {key: value for key, value in options.items() if value is not None}
    eager = task.app.eager
    call = eager.EagerCall(rest.pop("task_id", None), rest.pop("retries", 0), None, rest)
    result: EagerResult[Any] = eager.as_sent(task, args, kwargs, call)
    return result


def _published(app: "Celeriac", name: str, post: Post, options: Options) -> AsyncResult[Any]:
    if before_task_publish.has_listeners:
        post = announcing.before(app.conf, name, post, options.get("retry_policy"))
    backend = app.__dict__.get("backend")  # who has none yet has not waited for anything
    proof = backend.listen_ahead(post.message) if backend is not None and backend.eager_threads else None
    app.publisher.publish((post,), options, proof=proof)
    if after_task_publish.has_listeners:
        announcing.after(name, post)
    return _result(app, name, post, options)


async def _apublished(app: "Celeriac", name: str, post: Post, options: Options) -> AsyncResult[Any]:
    if before_task_publish.has_listeners:
        post = announcing.before(app.conf, name, post, options.get("retry_policy"))
    await app.asynchronous.publish((post,), options)
    if after_task_publish.has_listeners:
        announcing.after(name, post)
    return _result(app, name, post, options)


def _result(app: "Celeriac", name: str, post: Post, options: Options) -> AsyncResult[Any]:
    """What the caller holds; the task that made the call remembers it too."""
    headers, properties = post.message.headers, post.message.properties
    cls = options.get("result_cls") or app.AsyncResult
    result: AsyncResult[Any] = cls(headers.get("id") or properties["correlation_id"], None, name, app)
    if headers.get("ignore_result"):
        result.ignored = True
    result._sent_at = monotonic()
    parent = get_current_worker_task()
    if parent is not None and options.get("add_to_parent", True):
        parent.add_trail(result)
    return result


# -- by name


def send_task(app: "Celeriac", name: str, args: Any, kwargs: Any, options: Options) -> AsyncResult[Any]:
    """Send a call of a task that may exist only in the workers."""
    return _published(app, name, _named(app, name, args, kwargs, options), options)


async def asend_task(app: "Celeriac", name: str, args: Any, kwargs: Any, options: Options) -> AsyncResult[Any]:
    """send_task from async code."""
    return await _apublished(app, name, _named(app, name, args, kwargs, options), options)


def _named(app: "Celeriac", name: str, args: Any, kwargs: Any, options: Options) -> Post:
    if app.conf.task_always_eager:
        warnings.warn(
            "task_always_eager has no effect on send_task: the task is sent", AlwaysEagerIgnored, stacklevel=4
        )
    args, kwargs = as_args(name, args), as_kwargs(name, kwargs)
    task = app.tasks.get(name)
    if task is not None:
        return app.sender.post(task, args, kwargs, options)
    return app.sender.general(name, args, kwargs, options)


# -- many


def send_many(app: "Celeriac", calls: Iterable[Sequence[Any]], options: Options) -> list[AsyncResult[Any]]:
    """Send many calls in one round trip: (task or name, args, kwargs, options), all but the first optional."""
    named = posts_of(app, calls, options)
    app.publisher.publish([post for _, post in named], options)
    return _results(app, named, options)


async def asend_many(app: "Celeriac", calls: Iterable[Sequence[Any]], options: Options) -> list[AsyncResult[Any]]:
    """send_many from async code."""
    named = posts_of(app, calls, options)
    await app.asynchronous.publish([post for _, post in named], options)
    return _results(app, named, options)


def posts_of(app: "Celeriac", calls: Iterable[Sequence[Any]], common: Options) -> list[tuple[str, Post]]:
    """The posts of many calls; what is wrong with one of them is raised before any is sent."""
    app.finalize(auto=True)
    tasks, made, listened = app.tasks, [], before_task_publish.has_listeners
    post_of = app.sender.many()
    for call in calls:
        task, args, kwargs, own = (*call, None, None, None)[:4] if len(call) < 4 else call
        options = {**common, **own} if own else common
        if isinstance(task, str):
            name = task
            task = tasks.get(name)
        else:
            name = task.name
        if task is None:
            post = _named(app, name, args, kwargs, options)
        else:
            args, kwargs = _arguments(task, args, kwargs)
            post = post_of(task, args, kwargs, options)
        made.append((name, announcing.before(app.conf, name, post) if listened else post))
    return made


def _results(app: "Celeriac", named: list[tuple[str, Post]], options: Options) -> list[AsyncResult[Any]]:
    if after_task_publish.has_listeners:
        for name, post in named:
            announcing.after(name, post)
    return [_result(app, name, post, options) for name, post in named]
