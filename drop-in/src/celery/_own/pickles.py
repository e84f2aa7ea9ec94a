"""celery.utils.serialization: exceptions that can be pickled, and texts that mean yes or no."""

import base64
import inspect
from typing import Any

from celeriac.wire.serializers import can_be_pickled

_ROOTS = (Exception, BaseException, object)
_WORDS = {
    **dict.fromkeys(("false", "no", "0", "off"), False),
    **dict.fromkeys(("true", "yes", "1", "on"), True),
}


def subclass_exception(name: str, parent: type, module: str) -> type:
    """A new class of exceptions."""
    return type(name, (parent,), {"__module__": module})


create_exception_cls = subclass_exception


def create_exception_class(name: str, module: str, parent: type | None = None) -> type:
    """A new class of exceptions."""
    return subclass_exception(name, parent or Exception, module)


def find_pickleable_exception(exc: BaseException, loads: Any = None, dumps: Any = None) -> BaseException | None:
    """The nearest base of an exception's class that can be pickled, made with its arguments; None if only roots can."""
    for base in inspect.getmro(type(exc)):
        if base in _ROOTS:
            return None
        found = _made(base, exc.args)
        if found is not None and can_be_pickled(found):
            return found
    return None


def _made(cls: Any, args: Any) -> BaseException | None:
    try:
        found: BaseException = cls(*args)
    except Exception:  # noqa: BLE001 - classes of others, which may want other arguments
        return None
    return found


def get_pickleable_etype(cls: type, loads: Any = None, dumps: Any = None) -> type:
    """The class, or Exception where it can't be pickled."""
    return cls if can_be_pickled(cls) else Exception


class UnpickleableExceptionWrapper(Exception):
    """Stands for an exception that can't be pickled."""

    exc_module: str
    exc_cls_name: str
    exc_args: Any

    def __init__(self, exc_module: str, exc_cls_name: str, exc_args: Any, text: str | None = None) -> None:
        self.exc_module, self.exc_cls_name, self.exc_args, self.text = exc_module, exc_cls_name, exc_args, text
        super().__init__(exc_module, exc_cls_name, exc_args, text)

    def restore(self) -> BaseException:
        """An exception of a class with that name."""
        return subclass_exception(self.exc_cls_name, Exception, self.exc_module)(*self.exc_args)  # type: ignore[no-any-return]

    def __str__(self) -> str:
        return self.text or ""

    @classmethod
    def from_exception(cls, exc: BaseException) -> "UnpickleableExceptionWrapper":
        """A stand-in."""
        kind = type(exc)
        return cls(kind.__module__, kind.__name__, [repr(arg) for arg in exc.args], f"{kind.__name__}{exc.args!r}")


def get_pickleable_exception(exc: BaseException) -> BaseException:
    """The exception, or what can be pickled in its place."""
    if can_be_pickled(exc):
        return exc
    return find_pickleable_exception(exc) or UnpickleableExceptionWrapper.from_exception(exc)


def get_pickled_exception(exc: BaseException) -> BaseException:
    """What get_pickleable_exception stood for."""
    return exc.restore() if isinstance(exc, UnpickleableExceptionWrapper) else exc


def strtobool(term: Any, table: Any = None) -> Any:
    """True for "yes", False for "off"; what is no text stays what it is."""
    if not isinstance(term, str):
        return term
    try:
        return (table or _WORDS)[term.lower()]
    except KeyError:
        raise TypeError(f"Cannot coerce {term!r} to type bool") from None


def b64encode(data: str | bytes) -> str:
    """Base64, as text."""
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def b64decode(data: str | bytes) -> bytes:
    """What stands in base64."""
    return base64.b64decode(data)
