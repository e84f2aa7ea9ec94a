"""Decorating: the task decorator with the types that let checkers see through it."""

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar, overload

from .decorator import task_from
from .shared import connect_on_app_finalize
from .task import Task

P = ParamSpec("P")
R = TypeVar("R")

if TYPE_CHECKING:
    from .decorator_types import AsyncTask, BindingDecorator, Decorator


class Decorating:
    """The part of an app that makes tasks."""

    @overload
    def task(self, fun: "Callable[P, Coroutine[Any, Any, R]]", /) -> "AsyncTask[P, R]": ...

    @overload
    def task(self, fun: Callable[P, R], /) -> Task[P, R]: ...

    @overload
    def task(self, *, bind: Literal[True], **options: Any) -> "BindingDecorator": ...

    @overload
    def task(self, *, bind: Literal[False] = False, **options: Any) -> "Decorator": ...

    def task(self, *args: Any, **options: Any) -> Any:
        """Make a task of a function: @app.task, or @app.task(name=..., bind=True, max_retries=5, ...)."""
        if len(args) == 1 and callable(args[0]):
            return self._decorated(args[0], options)
        if args:
            raise TypeError("@app.task takes keyword options only, such as @app.task(name='...')")
        return lambda fun: self._decorated(fun, options)

    def _decorated(self, fun: Any, options: dict[str, Any]) -> Any:
        shared, chosen = options.get("shared", True), options.get("filter")
        options = {name: value for name, value in options.items() if name not in ("shared", "lazy", "filter")}
        made = self._task_from_fun(fun, **options)
        if shared:
            # Every app of the process gets the task when it is finalized, as with Celery.
            connect_on_app_finalize(lambda app: task_from(app, fun, options, warn=False))
        return chosen(made) if chosen is not None else made

    def _task_from_fun(self, fun: Any, **options: Any) -> Any:
        return task_from(self, fun, options)
