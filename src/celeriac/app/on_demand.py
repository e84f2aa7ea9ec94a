"""What few tasks need, or need late: imported when it is first wanted, for every program waits for its imports."""

from collections.abc import Callable
from importlib import import_module
from typing import Any


def checker(fun: Callable[..., Any], bound: bool = False) -> Callable[..., None]:
    """A function that takes what `fun` takes, and does nothing."""
    made: Callable[..., None] = import_module("celeriac.app.checking").checker(fun, bound)
    return made


def add_autoretry_behaviour(task: Any, **options: Any) -> None:
    """Wrap the task's run, if it asks for that."""
    if options.get("autoretry_for", getattr(task, "autoretry_for", ())):
        import_module("celeriac.app.autoretry").add_autoretry_behaviour(task, **options)


def pydantic() -> Any:
    """Arguments and results that are models."""
    return import_module("celeriac.app.pydantic")
