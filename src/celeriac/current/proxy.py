"""Proxies: objects that stand for whatever a function returns at the moment of use."""

import operator
from collections.abc import Callable, Iterator
from typing import Any


class Proxy:
    """Does to the object behind it whatever is done to the proxy."""

    __slots__ = ("__args", "__dict__", "__find", "__kwargs", "__name")

    def __init__(
        self,
        local: Callable[..., Any],
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
        name: str | None = None,
        __doc__: str | None = None,
    ) -> None:
        object.__setattr__(self, "_Proxy__find", local)
        object.__setattr__(self, "_Proxy__args", args or ())
        object.__setattr__(self, "_Proxy__kwargs", kwargs or {})
        object.__setattr__(self, "_Proxy__name", name)
        if __doc__ is not None:
            object.__setattr__(self, "__doc__", __doc__)

    def _get_current_object(self) -> Any:
        """The object itself, for where a proxy will not do."""
        find: Callable[..., Any] = object.__getattribute__(self, "_Proxy__find")
        return find(*object.__getattribute__(self, "_Proxy__args"), **object.__getattribute__(self, "_Proxy__kwargs"))

    @property
    def __class__(self) -> Any:
        return self._get_current_object().__class__

    @__class__.setter
    def __class__(self, value: Any) -> None:
        raise AttributeError("the class of a proxy cannot be set")

    def __getattr__(self, name: str) -> Any:
        if name == "__name__":
            given = object.__getattribute__(self, "_Proxy__name")
            if given is not None:
                return given
        return getattr(self._get_current_object(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._get_current_object(), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._get_current_object(), name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._get_current_object()(*args, **kwargs)

    def __repr__(self) -> str:
        return repr(self._get_current_object())

    def __str__(self) -> str:
        return str(self._get_current_object())

    def __bool__(self) -> bool:
        return bool(self._get_current_object())

    def __hash__(self) -> int:
        return hash(self._get_current_object())

    def __dir__(self) -> list[str]:
        return dir(self._get_current_object())

    def __iter__(self) -> Iterator[Any]:
        return iter(self._get_current_object())

    def __setitem__(self, key: Any, value: Any) -> None:
        self._get_current_object()[key] = value

    def __delitem__(self, key: Any) -> None:
        del self._get_current_object()[key]

    def __enter__(self) -> Any:
        return self._get_current_object().__enter__()

    def __exit__(self, *exc: Any) -> Any:
        return self._get_current_object().__exit__(*exc)

    def __reduce__(self) -> Any:
        return self._get_current_object().__reduce__()


def _forward(operation: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Proxy, *args: Any) -> Any:
        return operation(self._get_current_object(), *args)

    return method


_OPERATIONS: dict[str, Callable[..., Any]] = {
    "__eq__": operator.eq,
    "__ne__": operator.ne,
    "__lt__": operator.lt,
    "__le__": operator.le,
    "__gt__": operator.gt,
    "__ge__": operator.ge,
    "__len__": len,
    "__getitem__": operator.getitem,
    "__contains__": operator.contains,
    "__or__": operator.or_,
    "__invert__": operator.invert,
    "__int__": int,
    "__index__": operator.index,
}
for _name, _operation in _OPERATIONS.items():
    setattr(Proxy, _name, _forward(_operation))


class PromiseProxy(Proxy):
    """A proxy whose object is made once, at first use, and kept."""

    __slots__ = ("__thing",)

    def _get_current_object(self) -> Any:
        try:
            return object.__getattribute__(self, "_PromiseProxy__thing")
        except AttributeError:
            return self.__evaluate__()

    def __evaluated__(self) -> bool:
        """True once the object was made."""
        try:
            object.__getattribute__(self, "_PromiseProxy__thing")
        except AttributeError:
            return False
        return True

    def __maybe_evaluate__(self) -> Any:
        """Make the object if it is not there yet."""
        return self._get_current_object()

    def __evaluate__(self) -> Any:
        """Make the object, then call whoever asked to be told."""
        thing = Proxy._get_current_object(self)
        object.__setattr__(self, "_PromiseProxy__thing", thing)
        waiting = object.__getattribute__(self, "__dict__").pop("pending", ())
        for callback in waiting:
            callback(thing)
        return thing

    def __then__(self, callback: Callable[[Any], Any]) -> None:
        """Call with the object when it is made; at once if it is."""
        if self.__evaluated__():
            callback(self._get_current_object())
            return
        object.__getattribute__(self, "__dict__").setdefault("pending", []).append(callback)


def maybe_evaluate(thing: Any) -> Any:
    """The object behind a promise, or the thing itself."""
    evaluate = getattr(thing, "__maybe_evaluate__", None)
    return thing if evaluate is None else evaluate()
