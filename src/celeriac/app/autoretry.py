"""Autoretry: a task with autoretry_for is tried again when it raises one of those exceptions."""

import inspect
import random
from collections.abc import Callable
from functools import wraps
from typing import Any

from celeriac.core.errors import Ignore, Retry


def backoff(factor: int, retries: int, maximum: int, jitter: bool, pick: Callable[[int, int], int]) -> int:
    """Seconds before the next try: doubles each time up to a maximum; with jitter, anything up to that."""
    # A shift of thousands of bits would cost memory before the minimum is taken.
    countdown = min(maximum, factor << min(retries, 64))
    if jitter:
        countdown = pick(0, countdown)
    return max(0, countdown)


def add_autoretry_behaviour(task: Any, **options: Any) -> None:
    """Wrap the task's run once, if its options or attributes ask for it."""
    wanted = tuple(options.get("autoretry_for", getattr(task, "autoretry_for", ())) or ())
    if not wanted or hasattr(task, "_orig_run"):
        return
    plan = _Plan(task, options, wanted)
    original = task._orig_run = task.run
    if inspect.iscoroutinefunction(original):

        @wraps(original)
        async def arun(*args: Any, **kwargs: Any) -> Any:
            try:
                return await original(*args, **kwargs)
            except plan.never:
                raise
            except plan.wanted as exc:
                plan.again(exc)

        task.run = arun
        return

    @wraps(original)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return original(*args, **kwargs)
        except plan.never:
            raise
        except plan.wanted as exc:
            plan.again(exc)

    task.run = run


class _Plan:
    """Which exceptions are retried, and when."""

    def __init__(self, task: Any, options: dict[str, Any], wanted: tuple[type[BaseException], ...]) -> None:
        def option(name: str, default: Any) -> Any:
            return options.get(name, getattr(task, name, default))

        self.task = task
        self.wanted = wanted
        self.never = (Ignore, Retry, *tuple(option("dont_autoretry_for", ()) or ()))
        self.kwargs = dict(option("retry_kwargs", None) or {})
        factor = option("retry_backoff", False)
        self.factor = int(max(1, factor)) if factor else 0
        self.maximum = int(option("retry_backoff_max", 600))
        self.jitter = option("retry_jitter", True)

    def again(self, exc: BaseException) -> None:
        """Raises Retry, or what retry() raises when there were too many."""
        kwargs = dict(self.kwargs)
        if self.factor:
            kwargs["countdown"] = backoff(
                self.factor, self.task.request.retries, self.maximum, self.jitter, random.randint
            )
        if "max_retries" not in kwargs and self.task.override_max_retries is not None:
            kwargs["max_retries"] = self.task.override_max_retries
        ret = self.task.retry(exc=exc, **kwargs)
        # Called directly, retry() raised exc; in a worker it raised Retry. With throw=False it returns it.
        raise ret
