"""celery.utils.abstract: what can be called as a task, and as a signature."""

from abc import ABC
from typing import Any


class CallableTask(ABC):  # noqa: B024 - what it is, is what it has
    """isinstance(x, CallableTask): x has a task's methods."""

    _methods: tuple[str, ...] = ("delay", "apply_async", "apply")

    @classmethod
    def __subclasshook__(cls, other: type) -> Any:
        return all(hasattr(other, method) for method in cls._methods) or NotImplemented


class CallableSignature(CallableTask):
    """isinstance(x, CallableSignature): x has a signature's methods."""

    _methods = ("clone", "freeze", "set", "link", "link_error", "__or__", "__invert__")
