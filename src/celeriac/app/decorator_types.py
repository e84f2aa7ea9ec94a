"""Types of the task decorators, for type checkers alone: nothing imports this at run time."""

from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, overload

from .task import Task

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")


class AsyncTask(Task[P, R]):
    """A task whose function is a coroutine function: called directly, it gives an awaitable."""

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:  # type: ignore[override]
        raise NotImplementedError


class Decorator(Protocol):
    """What @app.task(...) returns."""

    @overload
    def __call__(self, fun: Callable[P, Coroutine[Any, Any, R]], /) -> AsyncTask[P, R]: ...

    @overload
    def __call__(self, fun: Callable[P, R], /) -> Task[P, R]: ...


class BindingDecorator(Protocol):
    """What @app.task(bind=True) returns: the function's first argument is the task."""

    @overload
    def __call__(self, fun: Callable[Concatenate[S, P], Coroutine[Any, Any, R]], /) -> AsyncTask[P, R]: ...

    @overload
    def __call__(self, fun: Callable[Concatenate[S, P], R], /) -> Task[P, R]: ...
