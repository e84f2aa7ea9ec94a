"""Abortable tasks: a task that looks now and then whether somebody wants it to stop.

`@app.task(bind=True, base=AbortableTask)`, in its loop `if self.is_aborted(): return`, and elsewhere `result.abort()`.
"""

from typing import Any, Final

from celeriac.app import Task
from celeriac.result import AsyncResult, EagerResult

ABORTED: Final = "ABORTED"


class AbortableAsyncResult(AsyncResult[Any]):
    """A result whose task can be asked to stop."""

    def is_aborted(self) -> bool:
        """True if it was asked to."""
        return bool(self.state == ABORTED)

    def abort(self) -> Any:
        """Ask it to stop: it has to look itself. What it is doing goes on until then."""
        backend: Any = self.backend
        return backend.store_result(self.id, result=None, state=ABORTED, traceback=None)


class AbortableTask(Task[Any, Any]):
    """A task that can be asked to stop."""

    abstract = True

    def AsyncResult(self, task_id: str, **kwargs: Any) -> AbortableAsyncResult:  # noqa: N802 - Celery's name
        """The result of a call of this task, by its id."""
        return AbortableAsyncResult(task_id, backend=self.backend, task_name=self.name, app=self.app)

    def delay(self, *args: Any, **kwargs: Any) -> Any:
        """Send the task with these arguments."""
        return self._abortable(super().delay(*args, **kwargs))

    def apply_async(self, *args: Any, **kwargs: Any) -> Any:
        """Send the task with options."""
        return self._abortable(super().apply_async(*args, **kwargs))

    async def adelay(self, *args: Any, **kwargs: Any) -> Any:
        """Send the task with these arguments, from async code."""
        return self._abortable(await super().adelay(*args, **kwargs))

    async def aapply_async(self, *args: Any, **kwargs: Any) -> Any:
        """Send the task with options, from async code."""
        return self._abortable(await super().aapply_async(*args, **kwargs))

    def _abortable(self, result: Any) -> Any:
        """The same result, to be aborted; one of a task that was run at once has nothing to abort."""
        if type(result) is EagerResult:
            return result
        made = self.AsyncResult(result.id)
        made.ignored = result.ignored
        return made

    def is_aborted(self, **kwargs: Any) -> bool:
        """True if this call was asked to stop."""
        found: AbortableAsyncResult = self.AsyncResult(kwargs.get("task_id", self.request.id))
        return found.is_aborted()
