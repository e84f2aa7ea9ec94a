"""Argument checking: calling a task with arguments its function does not take fails at the caller."""

import inspect
from collections.abc import Callable
from typing import Any

_UNSET: Any = object()


def checker(fun: Callable[..., Any], bound: bool = False) -> Callable[..., None]:
    """A function with the signature of `fun` (without self if `bound`) that does nothing.

    Calling it is the quickest check there is, and Python itself words the error. It is compiled from the
    parameters' names alone; defaults are one object, so no user value is looked at.
    """
    try:
        parameters = list(inspect.signature(fun).parameters.values())
    except (TypeError, ValueError):  # a builtin that does not tell
        return lambda *args, **kwargs: None
    if bound and parameters and parameters[0].kind not in (inspect.Parameter.VAR_POSITIONAL,):
        parameters = parameters[1:]
    name = getattr(fun, "__name__", "task")
    name = name if name.isidentifier() else "task"
    names: dict[str, Any] = {"_unset_": _UNSET}
    exec(f"def {name}({_head(parameters)}): pass", names)  # noqa: S102 - nothing but parameter names goes in
    made: Callable[..., None] = names[name]
    return made


def _head(parameters: list[inspect.Parameter]) -> str:
    parts: list[str] = []
    kinds = inspect.Parameter
    positional_only = sum(parameter.kind is kinds.POSITIONAL_ONLY for parameter in parameters)
    starred = False
    for index, parameter in enumerate(parameters):
        if parameter.kind is kinds.KEYWORD_ONLY and not starred:
            parts.append("*")
            starred = True
        starred = starred or parameter.kind is kinds.VAR_POSITIONAL
        parts.append(_parameter(parameter))
        if index + 1 == positional_only:
            parts.append("/")
    return ", ".join(parts)


def _parameter(parameter: inspect.Parameter) -> str:
    if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
        return f"*{parameter.name}"
    if parameter.kind is inspect.Parameter.VAR_KEYWORD:
        return f"**{parameter.name}"
    return parameter.name if parameter.default is inspect.Parameter.empty else f"{parameter.name}=_unset_"
