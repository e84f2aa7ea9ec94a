"""Shared tasks: tasks that belong to every app of the process, and functions called when an app is finalized."""

import weakref
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar, overload

from celeriac.current import Proxy, get_current_app

from .decorator import task_from
from .task import Task

if TYPE_CHECKING:
    from .decorator_types import AsyncTask, BindingDecorator, Decorator

P = ParamSpec("P")
R = TypeVar("R")

# Called with each app that is finalized; kept for the life of the process, as the modules that made them are.
_on_finalize: list[Callable[[Any], Any]] = []
_finalized: weakref.WeakSet[Any] = weakref.WeakSet()


def connect_on_app_finalize(callback: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Call with each app as it is finalized."""
    _on_finalize.append(callback)
    return callback


def announce_finalized(app: Any) -> None:
    """Tell all who wait for it that the app is being finalized."""
    _finalized.add(app)
    for callback in tuple(_on_finalize):
        callback(app)


@overload
def shared_task(fun: "Callable[P, Coroutine[Any, Any, R]]", /) -> "AsyncTask[P, R]": ...


@overload
def shared_task(fun: Callable[P, R], /) -> Task[P, R]: ...


@overload
def shared_task(*, bind: Literal[True], **options: Any) -> "BindingDecorator": ...


@overload
def shared_task(*, bind: Literal[False] = False, **options: Any) -> "Decorator": ...


def shared_task(*args: Any, **options: Any) -> Any:
    """Make a task for whatever app is current, where it is defined before any app: for reusable packages."""

    def decorate(fun: Any) -> Any:
        name = options.get("name")

        def add(app: Any) -> Any:
            return task_from(app, fun, options, warn=False)

        connect_on_app_finalize(add)
        for app in list(_finalized):
            add(app)

        def find() -> Any:
            app = get_current_app()
            return app.tasks[name or app.gen_task_name(fun.__name__, fun.__module__)]

        return Proxy(find, name=fun.__name__, __doc__=fun.__doc__)

    if len(args) == 1 and callable(args[0]):
        return decorate(args[0])
    if args:
        raise TypeError("@shared_task takes keyword options only, such as @shared_task(name='...')")
    return decorate
