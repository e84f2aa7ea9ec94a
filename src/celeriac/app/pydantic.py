"""Pydantic: arguments of a task that are hinted as models travel as plain data and arrive as models."""

import inspect
import typing
from collections.abc import Callable
from functools import wraps
from types import UnionType
from typing import Any

from celeriac.core.errors import ImproperlyConfigured


class Models:
    """Which arguments and what return value of one function are models, and how they are read and written."""

    def __init__(
        self, fun: Callable[..., Any], strict: bool = False, context: Any = None, dump_kwargs: Any = None
    ) -> None:
        self._fun = fun
        self._strict = strict
        self._context = context
        self._dump = {"mode": "json"} if dump_kwargs is None else dict(dump_kwargs)
        self._signature = inspect.signature(fun)
        self._hints: dict[str, Any] | None = None

    @property
    def hints(self) -> dict[str, Any]:
        """Parameter names to models (True where None is allowed too)."""
        if self._hints is None:
            # Resolved late and by Python itself: hints may be text, and name what is defined further down.
            found = typing.get_type_hints(self._fun)
            self._hints = {name: model_of(hint) for name, hint in found.items()}
        return self._hints

    def validated(self, args: Any, kwargs: Any) -> inspect.BoundArguments:
        """The call with its models made; raises pydantic's ValidationError."""
        bound = self._signature.bind(*args, **kwargs)
        for name, value in bound.arguments.items():
            model, optional = self.hints.get(name) or (None, False)
            if model is not None and not (optional and value is None) and not isinstance(value, model):
                bound.arguments[name] = model.model_validate(value, strict=self._strict, context=self._context)
        return bound

    def returned(self, value: Any) -> Any:
        """The return value as plain data, if it is a model."""
        return self._plain(value)

    def dumped(self, args: Any, kwargs: Any) -> tuple[Any, Any]:
        """The arguments with models as plain data."""
        return tuple(map(self._plain, args)), {name: self._plain(value) for name, value in kwargs.items()}

    def _plain(self, value: Any) -> Any:
        return value.model_dump(**self._dump) if hasattr(type(value), "model_validate") else value


def model_of(hint: Any) -> tuple[Any, bool]:
    """(the model, None is allowed), or (None, False) where the hint is no model."""
    if isinstance(hint, type) and hasattr(hint, "model_validate"):
        return hint, False
    if typing.get_origin(hint) in (typing.Union, UnionType):
        members = [member for member in typing.get_args(hint) if member is not type(None)]
        if len(members) == 1 and len(typing.get_args(hint)) == 2 and model_of(members[0])[0] is not None:
            return members[0], True
    return None, False


def wrapped(fun: Callable[..., Any], models: Models) -> Callable[..., Any]:
    """The function with its models read on the way in and written on the way out."""
    if inspect.iscoroutinefunction(fun):

        @wraps(fun)
        async def arun(*args: Any, **kwargs: Any) -> Any:
            bound = models.validated(args, kwargs)
            return models.returned(await fun(*bound.args, **bound.kwargs))

        return arun

    @wraps(fun)
    def run(*args: Any, **kwargs: Any) -> Any:
        bound = models.validated(args, kwargs)
        return models.returned(fun(*bound.args, **bound.kwargs))

    return run


def models_for(fun: Callable[..., Any], options: dict[str, Any]) -> Models:
    """From the decorator's pydantic_ options."""
    try:
        import pydantic  # noqa: F401 - only to fail here, with advice, rather than in a worker
    except ImportError as exc:
        raise ImproperlyConfigured("@task(pydantic=True) needs pydantic: pip install 'celeriac[pydantic]'") from exc
    return Models(
        fun,
        bool(options.get("pydantic_strict", False)),
        options.get("pydantic_context"),
        options.get("pydantic_dump_kwargs"),
    )
