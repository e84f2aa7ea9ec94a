"""What a run must do for one task, worked out once: which hooks somebody wrote, and the task's options."""

import inspect
from collections.abc import Callable
from typing import Any

import msgspec

from .faces import overrides_call, own_hook
from .tracing import tracer_of


class Plan(msgspec.Struct, frozen=True, gc=False):
    """None stands for a hook that nobody wrote and that is therefore not called."""

    task: Any
    name: str
    direct: bool  # call task.run; else somebody wrote __call__ and the task itself is called
    is_async: bool
    before_start: Callable[..., Any] | None
    on_success: Callable[..., Any] | None
    on_failure: Callable[..., Any] | None
    on_retry: Callable[..., Any] | None
    after_return: Callable[..., Any] | None
    ignore_result: bool
    stores_errors: bool  # failures are stored although results are not
    track_started: bool
    throws: tuple[type[BaseException], ...]
    longest_repr: int
    tracer: Callable[..., Any] | None = None  # calls the body, where somebody traces runs


def make_plan(task: Any, name: str) -> Plan:
    """Look at the task once."""
    tracer = tracer_of(task, name)  # first: it may put something in place of the task's run
    direct = not overrides_call(task)
    throws = getattr(task, "throws", None) or ()
    return Plan(
        task=task,
        name=name,
        direct=direct,
        is_async=is_async(task.run if direct else type(task).__call__),
        before_start=own_hook(task, "before_start"),
        on_success=own_hook(task, "on_success"),
        on_failure=own_hook(task, "on_failure"),
        on_retry=own_hook(task, "on_retry"),
        after_return=own_hook(task, "after_return"),
        ignore_result=bool(task.ignore_result),
        stores_errors=bool(task.store_errors_even_if_ignored),
        track_started=bool(task.track_started),
        throws=throws if isinstance(throws, tuple) else tuple(throws) if isinstance(throws, list) else (throws,),
        longest_repr=getattr(task, "resultrepr_maxsize", None) or 1024,
        tracer=tracer,
    )


def is_async(fun: Any) -> bool:
    """True if calling it gives a coroutine; wrappers that keep __wrapped__ are seen through."""
    return inspect.iscoroutinefunction(inspect.unwrap(fun)) or inspect.iscoroutinefunction(fun)
