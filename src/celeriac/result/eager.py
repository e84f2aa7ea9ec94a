"""EagerResult: the result of a task that was run here and now."""

from typing import Any, Generic, TypeVar

from celeriac.core import states

from .async_result import AsyncResult
from .joining import assert_will_not_block

R = TypeVar("R", covariant=True)


class EagerResult(AsyncResult[R], Generic[R]):
    """Ready from the start; reads no store."""

    __slots__ = ("_traceback", "_value", "_was")

    def __init__(
        self, id: str, ret_value: Any, state: str, traceback: str | None = None, name: str | None = None
    ) -> None:
        super().__init__(id, task_name=name)
        self._value = ret_value
        self._was = state
        self._traceback = traceback
        self._cache = {
            "task_id": id,
            "result": ret_value,
            "status": state,
            "traceback": traceback,
            "name": name,
            "children": None,
        }

    def get(  # type: ignore[override]
        self,
        timeout: float | None = None,
        propagate: bool = True,
        disable_sync_subtasks: bool = True,
        **kwargs: Any,
    ) -> R:
        """The value, or raise what the task raised; None if it neither succeeded nor failed (a retry, ignored)."""
        if disable_sync_subtasks:
            assert_will_not_block()
        failed = self._was in states.PROPAGATE_STATES
        if failed and propagate:
            raise self._value if isinstance(self._value, Exception) else Exception(self._value)
        return self._value if failed or self._was == states.SUCCESS else None  # type: ignore[return-value]

    wait = get  # type: ignore[assignment]

    async def aget(self, timeout: float | None = None, propagate: bool = True, **kwargs: Any) -> R:  # type: ignore[override]
        """`get` for async code."""
        return self.get(propagate=propagate, disable_sync_subtasks=False)

    def ready(self) -> bool:
        """True: it ran before the result was made."""
        return True

    def forget(self) -> None:
        """There is nothing to delete."""

    def revoke(self, *args: Any, **kwargs: Any) -> None:
        """Too late to stop it: only the state says so."""
        self._was = states.REVOKED
        self._cache = {**(self._cache or {}), "status": states.REVOKED}

    @property
    def supports_native_join(self) -> bool:
        """False: there is nothing to read together."""
        return False

    def __repr__(self) -> str:
        return f"<EagerResult: {self.id}>"

    def __copy__(self) -> "EagerResult[R]":
        return EagerResult(self.id, self._value, self._was, self._traceback, self._task_name)

    def __reduce__(self) -> tuple[Any, ...]:
        return EagerResult, (self.id, self._value, self._was, self._traceback, self._task_name)
