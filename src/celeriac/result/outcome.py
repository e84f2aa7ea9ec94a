"""What a result does with a document: its fields, the error it raises, and who is told that it is there."""

from collections.abc import Callable
from typing import Any

from celeriac.core import states


class stored_field(property):  # noqa: N801 - used as a descriptor
    """A field that is stored when result_extended is on, else None."""

    def __init__(self, name: str) -> None:
        super().__init__(lambda result: result._meta().get(name), doc=f"`{name}` of the task, where it is stored.")


def raise_if_failed(value: Any, traceback: str | None, remote: bool) -> None:
    """Raise the exception of a failed task, with the worker's traceback where that is wanted and possible."""
    if not isinstance(value, BaseException):
        value = RuntimeError(f"the task failed, but what is stored of its exception is {value!r}")
    if remote and traceback:
        tb = _remote_traceback(traceback)
        raise value.with_traceback(tb) if tb is not None else value
    raise value


def _remote_traceback(text: str) -> Any:
    try:
        from tblib import Traceback
    except ImportError:
        return None  # task_remote_tracebacks without tblib: the exception alone
    return Traceback.from_string(text).as_traceback()


class Observers:
    """Callbacks that are owed a call when the result is known."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Callable[[Any], Any], Callable[[Any], Any] | None]] = []

    def add(self, callback: Callable[[Any], Any], on_error: Callable[[Any], Any] | None) -> None:
        """Call `callback(result)` on success and `on_error(result)`, if given, on failure."""
        self._waiting.append((callback, on_error))

    def tell(self, result: Any) -> None:
        """Call everyone, once."""
        waiting, self._waiting = self._waiting, []
        for callback, on_error in waiting:
            if result.state == states.SUCCESS or on_error is None:
                callback(result)
            else:
                on_error(result)
