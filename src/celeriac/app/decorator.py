"""The decorator: @app.task turns a function into a task of a class made for it."""

import warnings
from collections.abc import Callable
from typing import Any

from celeriac.core.errors import DuplicateTaskNameWarning
from celeriac.core.signals import identity

from .on_demand import add_autoretry_behaviour, pydantic
from .task import Task

# Options of the decorator that are no attributes of the task.
_PYDANTIC = ("pydantic", "pydantic_strict", "pydantic_context", "pydantic_dump_kwargs")


def task_from(app: Any, fun: Callable[..., Any], options: dict[str, Any], warn: bool = True) -> Any:
    """The task of this function, registered; a name that is taken keeps the task that has it."""
    options = dict(options)
    name = options.pop("name", None) or app.gen_task_name(fun.__name__, fun.__module__)
    taken = app._tasks.get(name)
    if taken is not None:
        if warn:
            _warn_of_duplicate(name, taken, fun)
        return taken
    task = _class_for(app, fun, name, options)()
    add_autoretry_behaviour(task, **options)
    app._add_task(task)
    return task


def _class_for(app: Any, fun: Callable[..., Any], name: str, options: dict[str, Any]) -> type[Task[..., Any]]:
    base = options.pop("base", None) or app.Task
    bind = options.pop("bind", False)
    models = pydantic().models_for(fun, options) if options.get("pydantic") else None
    if models is not None and bind:
        models = pydantic().models_for(fun.__get__(object()), options)
        run = _bound_with_models(fun, models)
    else:
        run = fun if models is None else pydantic().wrapped(fun, models)
    attributes = {
        **{key: value for key, value in options.items() if key not in _PYDANTIC},
        "app": app,
        "_app": app,
        "name": name,
        "run": run if bind else staticmethod(run),
        "_decorated": True,
        "_pydantic": models,
        "__doc__": fun.__doc__,
        "__module__": fun.__module__,
        "__annotations__": getattr(fun, "__annotations__", {}),
        "__wrapped__": run if bind else staticmethod(run),
        "__name__": fun.__name__,
        "__qualname__": getattr(fun, "__qualname__", fun.__name__),
    }
    return type(fun.__name__, (base,), attributes)


def _bound_with_models(fun: Callable[..., Any], models: Any) -> Callable[..., Any]:
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        return pydantic().wrapped(fun.__get__(self), models)(*args, **kwargs)

    run.__wrapped__ = fun  # type: ignore[attr-defined]
    return run


def _warn_of_duplicate(name: str, taken: Any, fun: Callable[..., Any]) -> None:
    existing = getattr(taken, "__wrapped__", taken.run)
    existing = getattr(existing, "__func__", existing)
    if identity(existing) == identity(fun) or _place(existing) == _place(fun):
        return  # the same function again: shared between apps, or its module was reloaded
    warnings.warn(
        f"Task name {name!r} is taken by {'.'.join(_place(existing))}; {'.'.join(_place(fun))} was not registered, "
        "and calls of that name reach the first one. Give one of them another name, with name= or by renaming it.",
        DuplicateTaskNameWarning,
        stacklevel=6,
    )


def _place(fun: Any) -> tuple[str, str]:
    return str(getattr(fun, "__module__", "?")), str(getattr(fun, "__qualname__", "?"))
