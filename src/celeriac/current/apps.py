"""The current app: what was set in this context, else the default app, else the newest one, else a new one."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final

_CURRENT: Final[ContextVar[Any]] = ContextVar("celeriac.current.app", default=None)


class _Process:
    """What the whole process shares: contexts of new threads start empty and fall back on this."""

    default: Any = None
    newest: Any = None
    make: Callable[[], Any] | None = None


def get_current_app() -> Any:
    """The app that shared tasks and results without an app of their own belong to."""
    app = _CURRENT.get()
    if app is not None:
        return app
    app = _Process.default or _Process.newest
    if app is not None:
        return app
    if _Process.make is None:
        raise RuntimeError("There is no current app: make one with celeriac.Celeriac(...) first.")
    app = _Process.default = _Process.make()
    return app


def set_current_app(app: Any) -> None:
    """Current in this context, and in every thread that has none of its own."""
    _CURRENT.set(app)
    if app is not None:
        _Process.newest = app


def set_default_app(app: Any) -> None:
    """The app of all contexts that have set none."""
    _Process.default = app


def get_default_app() -> Any:
    """The default app, or None."""
    return _Process.default


def set_app_factory(make: Callable[[], Any]) -> None:
    """How to make an app when a program uses the current one without having made any."""
    _Process.make = make


def forget_app(app: Any) -> None:
    """A closed app is nobody's current app."""
    if _CURRENT.get() is app:
        _CURRENT.set(None)
    if _Process.default is app:
        _Process.default = None
    if _Process.newest is app:
        _Process.newest = None


def snapshot() -> tuple[Any, Any, Any]:
    """What is current now, for `restore`."""
    return _CURRENT.get(), _Process.default, _Process.newest


def restore(found: tuple[Any, Any, Any]) -> None:
    """Make current what was current when the snapshot was taken."""
    current, _Process.default, _Process.newest = found
    _CURRENT.set(current)
