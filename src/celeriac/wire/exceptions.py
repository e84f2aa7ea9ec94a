"""Exceptions as results carry them: type, module and arguments; read back without ever importing or calling others."""

import sys
from types import ModuleType
from typing import Any, Final

from ..core import errors
from ..core.errors import EncodeError, SecurityError
from . import json

# Our own errors travel under the names Celery's have, so that clients of either kind understand them.
_BILLIARD: Final = ("SoftTimeLimitExceeded", "TimeLimitExceeded", "WorkerLostError", "Terminated")
_KOMBU: Final = ("OperationalError", "ContentDisallowed", "DecodeError", "EncodeError", "SerializerNotInstalled")
_OURS_ALONE: Final = ("LeaseLost",)
_ours: dict[str, type[BaseException]] = {
    name: cls for name, cls in vars(errors).items() if isinstance(cls, type) and issubclass(cls, BaseException)
}
_FOREIGN: Final = ("celery.exceptions", "billiard.exceptions", "kombu.exceptions", errors.__name__)
_HEAP_TYPE: Final = 1 << 9  # set for classes written in Python


def to_document(exc: BaseException) -> dict[str, Any]:
    """The form in which JSON, YAML and MessagePack results carry an exception."""
    cls = type(exc)
    name, module = _name_of(cls)
    return {"exc_type": name, "exc_message": [_writable(arg) for arg in exc.args], "exc_module": module}


def from_document(document: Any) -> BaseException | None:
    """The exception a result carries; None for no exception.

    A class that is not loaded here becomes a new subclass of Exception with its name. Nothing is
    imported, no module or class attribute hook is run, and what is no exception class is refused
    with SecurityError: a result store must not be able to make its readers call things.
    """
    if not document:
        return None
    if isinstance(document, BaseException):
        return document
    if not isinstance(document, dict) or not isinstance(document.get("exc_type"), str):
        return Exception(document)
    name, module = document["exc_type"], document.get("exc_module")
    cls = _find(name, module if isinstance(module, str) else None, document.get("exc_message"))
    message = document.get("exc_message", "")
    return _made(cls, tuple(message) if isinstance(message, list | tuple) else (message,))


def _writable(value: Any) -> Any:
    if type(value) is str or type(value) is int:
        return value
    try:
        json.dumps(value)
    except EncodeError:
        return _repr(value)
    return value


def _repr(value: Any) -> str:
    try:
        return repr(value)
    except Exception as exc:  # noqa: BLE001 - a repr may do anything; the failure must still be stored
        return f"<Unrepresentable {type(value)!r}: {type(exc).__name__}>"


def _name_of(cls: type) -> tuple[str, str]:
    name, module = cls.__qualname__, cls.__module__
    if module != errors.__name__ or name in _OURS_ALONE:
        return name, module
    if name in _BILLIARD:
        return name, "billiard.exceptions"
    if name in _KOMBU:
        return name, "kombu.exceptions"
    return name.replace("Celeriac", "Celery"), "celery.exceptions"


def _find(name: str, module: str | None, message: Any) -> type[BaseException]:
    if module in _FOREIGN and name in _ours:
        return _ours[name]
    found: Any = sys.modules.get(module) if module else None
    if not isinstance(found, ModuleType):
        return _invented(name, module)
    for part in name.split("."):
        # vars(), not getattr(): no __getattr__ of a lazy module, no descriptor of a class is run.
        space = vars(found) if isinstance(found, ModuleType | type) else {}
        if part not in space:
            return _invented(name, module)
        found = space[part]
    if not isinstance(found, type) or not issubclass(found, BaseException):
        raise SecurityError(f"Expected an exception class, got {module}.{name} with payload {message!r}")
    return found


def _invented(name: str, module: str | None) -> type[BaseException]:
    """A class that says what failed, for a reader that does not have the real one."""
    short = name.rpartition(".")[2]
    # A name that no class can have (a damaged document) must not stop the reader.
    made = type(short if short.isidentifier() else "Exception", (Exception,), {"__module__": module or errors.__name__})
    made.__qualname__ = name
    return made


def _made(cls: type[BaseException], args: tuple[Any, ...]) -> BaseException:
    try:
        return cls(*args)
    except Exception:  # noqa: BLE001 - the constructor wants something else than the arguments it kept
        return _bare(cls, args) or Exception(f"{cls}({list(args)})")


def _bare(cls: type[BaseException], args: tuple[Any, ...]) -> BaseException | None:
    """Of the right type, so that `except` finds it, but without what its constructor would have set."""
    if not cls.__flags__ & _HEAP_TYPE:
        return None
    try:
        made = cls.__new__(cls, *args)
        made.args = args
    except Exception:  # noqa: BLE001 - as in _made
        return None
    return made
