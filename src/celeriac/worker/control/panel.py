"""The table of remote control commands, by name; programs add their own with the two decorators."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar, overload

import msgspec

F = TypeVar("F", bound=Callable[..., Any])


class CommandInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What `celeriac inspect` and `celeriac control` show of a command, and how they read its arguments."""

    name: str
    type: str  # inspect | control
    alias: str | None = None
    visible: bool = True
    default_timeout: float = 1.0
    help: str | None = None
    signature: str | None = None  # of the arguments, for people
    args: Sequence[tuple[str, Callable[[str], Any]]] = ()  # (name, how its text is read), in order
    variadic: str | None = None  # the name under which all further words go


class Panel:
    """`data` has the functions by name and alias, `meta` the descriptions by name."""

    data: ClassVar[dict[str, Callable[..., Any]]] = {}
    meta: ClassVar[dict[str, CommandInfo]] = {}

    @classmethod
    def register(cls, function: F, *, name: str | None = None, type: str = "control", **options: Any) -> F:
        """Add one; the options are the fields of CommandInfo."""
        name = name or function.__name__
        help = options.pop("help", None) or (function.__doc__ or "").strip().split("\n")[0]
        timeout = options.pop("default_timeout", None) or 1.0
        args = options.pop("args", None) or ()
        info = CommandInfo(name=name, type=type, help=help, default_timeout=timeout, args=args, **options)
        cls.data[name] = function
        cls.meta[name] = info
        if info.alias:
            cls.data[info.alias] = function
        return function


@overload
def control_command(function: F, /) -> F: ...
@overload
def control_command(**options: Any) -> Callable[[F], F]: ...
def control_command(function: Any = None, /, **options: Any) -> Any:
    """Register a command that changes something: `def name(state, **arguments)` returns what is replied."""
    return _registering(function, {**options, "type": "control"})


@overload
def inspect_command(function: F, /) -> F: ...
@overload
def inspect_command(**options: Any) -> Callable[[F], F]: ...
def inspect_command(function: Any = None, /, **options: Any) -> Any:
    """Register a question. The function may be a coroutine function; it must not block the worker's event loop."""
    return _registering(function, {**options, "type": "inspect"})


def _registering(function: Any, options: dict[str, Any]) -> Any:
    """Used with and without options."""
    if function is not None:
        return Panel.register(function, **options)
    return lambda decorated: Panel.register(decorated, **options)


def ok(value: Any) -> dict[str, Any]:
    return {"ok": value}


def nok(value: Any) -> dict[str, Any]:
    return {"error": value}
