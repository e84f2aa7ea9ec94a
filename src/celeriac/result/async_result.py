"""AsyncResult: what a caller holds of a task that was sent."""

from collections.abc import Callable, Generator, Iterator, Sequence
from time import monotonic
from typing import Any, ClassVar, Final, Generic, TypeVar

from celeriac.core import errors, states
from celeriac.core.whereabouts import Whereabouts
from celeriac.current import get_current_app

from . import revoking, seeking
from .joining import assert_will_not_block
from .outcome import Observers, raise_if_failed, stored_field
from .source import Meta, Source, Wait
from .tree import ResultTree
from .tuples import MAKERS, ResultBase, result_from_tuple

R = TypeVar("R", covariant=True)
_FRESH: Final = 0.0005  # seconds: no worker is quicker than that


class AsyncResult(ResultTree, ResultBase, Generic[R]):
    """The state and result of one task, by its id; `await` it or `get()` it."""

    __slots__ = (
        "__dict__",
        "__weakref__",
        "_app",
        "_backend",
        "_cache",
        "_observers",
        "_sent_at",
        "_task_name",
        "id",
        "ignored",
        "parent",
    )

    TimeoutError: ClassVar[type[Exception]] = errors.TimeoutError
    _bound_app: ClassVar[Any] = None  # of the class that an app offers as app.AsyncResult

    @classmethod
    def bound_to(cls, app: Any) -> "type[AsyncResult[Any]]":
        """The same class, whose results belong to this app where nothing else is said."""
        said = {"__slots__": (), "__module__": cls.__module__, "__doc__": cls.__doc__, "_bound_app": app}
        return type(cls.__name__, (cls,), said)

    def __init__(
        self, id: str, backend: Source | None = None, task_name: str | None = None, app: Any = None, parent: Any = None
    ) -> None:
        if id is None:
            raise ValueError(f"AsyncResult requires valid id, not {type(id)}")
        self.id = id
        self.ignored = False
        self.parent = parent
        self._app = app
        self._backend = backend
        self._task_name = task_name
        self._cache: Meta | None = None
        self._observers: Observers | None = None
        self._sent_at = 0.0  # by the monotonic clock, where this process sent it

    @property
    def app(self) -> Any:
        """The app whose result store is asked."""
        if self._app is not None:
            return self._app
        return get_current_app() if self._bound_app is None else self._bound_app

    @app.setter
    def app(self, app: Any) -> None:
        self._app = app

    @property
    def backend(self) -> Source:
        """Where the result is read."""
        if self._backend is None:
            self._backend = self.app.backend
        return self._backend

    @backend.setter
    def backend(self, backend: Source) -> None:
        self._backend = backend

    @property
    def task_id(self) -> str:
        """The id, by its other name."""
        return self.id

    # -- waiting

    def get(
        self,
        timeout: float | None = None,
        propagate: bool = True,
        interval: float = 0.5,
        no_ack: bool = True,
        follow_parents: bool = True,
        callback: Callable[[str, Any], Any] | None = None,
        on_message: Callable[[Meta], Any] | None = None,
        on_interval: Callable[[], Any] | None = None,
        disable_sync_subtasks: bool = True,
        EXCEPTION_STATES: frozenset[str] = states.EXCEPTION_STATES,  # noqa: N803 - Celery's names
        PROPAGATE_STATES: frozenset[str] = states.PROPAGATE_STATES,  # noqa: N803
    ) -> R:
        """Wait until the task is ready and return its result, or raise what it raised.

        Raises celeriac.exceptions.TimeoutError after `timeout` seconds. Inside a task it raises
        RuntimeError, unless disable_sync_subtasks is False.
        """
        if self.ignored:
            return None  # type: ignore[return-value]  # nothing will ever be stored
        if disable_sync_subtasks:
            assert_will_not_block()
        if propagate and follow_parents and self.parent is not None:
            self._raise_of_parents(callback)
        if self._cache is None:
            how = Wait(timeout, monotonic() - self._sent_at < _FRESH, interval, on_message, on_interval)
            self._keep(self.backend.await_meta(self.id, how))
        return self._finish(propagate, callback)

    wait = get  # the old name

    async def aget(
        self,
        timeout: float | None = None,
        propagate: bool = True,
        callback: Callable[[str, Any], Any] | None = None,
        on_message: Callable[[Meta], Any] | None = None,
    ) -> R:
        """`get` for async code. It blocks no thread, so it is allowed inside an async task."""
        if self.ignored:
            return None  # type: ignore[return-value]
        if self._cache is None:
            self._keep(await self.backend.aawait_meta(self.id, Wait(timeout, on_message=on_message)))
        return self._finish(propagate, callback)

    def __await__(self) -> Generator[Any, Any, R]:
        return self.aget().__await__()

    def _finish(self, propagate: bool, callback: Any) -> R:
        if propagate:
            self.maybe_throw(callback=callback)
        elif callback is not None:
            callback(self.id, self.result)
        value: R = self.result
        return value

    def _raise_of_parents(self, callback: Any) -> None:
        for node in reversed(list(self._parents())):
            node.maybe_throw(callback=callback)

    def _parents(self) -> Iterator[Any]:
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    # -- looking

    def _meta(self) -> Meta:
        if self._cache is not None:
            return self._cache
        return self._keep(self.backend.get_task_meta(self.id))

    def _keep(self, meta: Meta) -> Meta:
        """A task that is ready will not change again: remember what it said and tell who waits for that."""
        if meta["status"] in states.READY_STATES:
            self._cache = meta
            observers, self._observers = self._observers, None
            if observers is not None:
                observers.tell(self)
        return meta

    @property
    def result(self) -> Any:
        """What the task returned, the exception it raised, or the details of its state."""
        return self._meta()["result"]

    info = result

    @property
    def state(self) -> str:
        """PENDING (also for an id that nobody knows), STARTED, RETRY, FAILURE, SUCCESS, REVOKED or your own."""
        return self._meta()["status"]  # type: ignore[no-any-return]

    status = state

    @property
    def traceback(self) -> str | None:
        """The traceback of a failure, as text."""
        return self._meta().get("traceback")

    @property
    def children(self) -> list[Any] | None:
        """Results of the tasks that this one sent; None while it has not ended."""
        found = self._meta().get("children")
        return None if found is None else [result_from_tuple(child, self._app or self._bound_app) for child in found]

    def ready(self) -> bool:
        """True if the task is done, well or not."""
        return self.state in states.READY_STATES

    def successful(self) -> bool:
        """True if the task returned."""
        return self.state == states.SUCCESS

    def failed(self) -> bool:
        """True if the task raised."""
        return self.state == states.FAILURE

    def exists(self) -> bool:
        """True if the store has anything of this task: tells a task at work from an id that nobody knows."""
        return self._cache is not None or self.backend.exists(self.id)

    def where(self, queues: Sequence[str] = (), timeout: float = 10.0) -> Whereabouts:
        """Where the task is: queued, delayed, claimed by a worker, dead, stored (it has ended) or unknown.

        Where nothing is stored yet, the broker's queues are read from end to end: for doubts, not for loops.
        """
        return seeking.where(self.app, self.id, queues, timeout)

    async def awhere(self, queues: Sequence[str] = (), timeout: float = 10.0) -> Whereabouts:
        """`where`, from async code."""
        return await seeking.awhere(self.app, self.id, queues, timeout)

    async def astate(self) -> str:
        """`state`, from async code."""
        if self._cache is None:
            return str(self._keep(await self.backend.aget_task_meta(self.id))["status"])
        return str(self._cache["status"])

    name = stored_field("name")
    args = stored_field("args")
    kwargs = stored_field("kwargs")
    worker = stored_field("worker")
    retries = stored_field("retries")
    queue = stored_field("queue")
    date_done = stored_field("date_done")

    # -- acting

    def maybe_throw(self, propagate: bool = True, callback: Callable[[str, Any], Any] | None = None) -> Any:
        """The result so far; raises if the task failed."""
        meta = self._meta()
        value = meta["result"]
        if propagate and meta["status"] in states.PROPAGATE_STATES:
            raise_if_failed(value, meta.get("traceback"), self.app.conf.task_remote_tracebacks)
        if callback is not None:
            callback(self.id, value)
        return value

    maybe_reraise = maybe_throw

    def throw(self, *args: Any, **kwargs: Any) -> Any:
        """Raise in the task's place: for generators that wait for results."""
        raise args[0] if args else RuntimeError("throw() needs an exception")

    def then(
        self, callback: Callable[[Any], Any], on_error: Callable[[Any], Any] | None = None, weak: bool = False
    ) -> "AsyncResult[R]":
        """Call `callback(result)` when this process learns that the task is ready; at once if it knows already."""
        observers = self._observers or Observers()
        observers.add(callback, on_error)
        if self._cache is not None:
            observers.tell(self)
        else:
            self._observers = observers
        return self

    def forget(self) -> None:
        """Delete the result and those of its parents from the store, and here."""
        self._forget_here()
        for parent in self._parents():
            if isinstance(parent, AsyncResult):
                parent._forget_here()
                parent.backend.forget(parent.id)
            else:
                parent.forget()
        self.backend.forget(self.id)

    def _forget_here(self) -> None:
        self._cache = None

    async def aforget(self) -> None:
        """`forget`, from async code."""
        self._cache = None
        await self.backend.aforget(self.id)

    def revoke(
        self, connection: Any = None, terminate: bool = False, signal: Any = None, wait: bool = False,
        timeout: float | None = None,
    ) -> Any:  # fmt: skip
        """Have workers refuse this task; with `terminate`, stop it if it runs."""
        return revoking.revoke(self.app, self.id, revoking.Asked(connection, terminate, signal, wait, timeout))

    async def arevoke(self, terminate: bool = False, signal: Any = None) -> None:
        """`revoke`, from async code."""
        await revoking.arevoke(self.app, self.id, revoking.Asked(terminate=terminate, signal=signal))

    def revoke_by_stamped_headers(
        self, headers: Any, connection: Any = None, terminate: bool = False, signal: Any = None, wait: bool = False,
        timeout: float | None = None,
    ) -> Any:  # fmt: skip
        """Have workers refuse all tasks with these stamps."""
        asked = revoking.Asked(connection, terminate, signal, wait, timeout)
        return revoking.revoke_by_stamped_headers(self.app, headers, asked)

    # -- as plain data

    def as_tuple(self) -> tuple[Any, Any]:
        """The result as plain data: ((id, parent), None)."""
        # From the farthest parent on: a chain may have thousands.
        line: list[AsyncResult[Any]] = []
        node = self.parent
        while isinstance(node, AsyncResult):
            line.append(node)
            node = node.parent
        above = None if node is None else node.as_tuple()
        for node in reversed(line):
            above = ((node.id, above), None)
        return (self.id, above), None

    def as_list(self) -> list[str]:
        """The ids of this result and its parents."""
        return [self.id, *(parent.id for parent in self._parents())]

    @property
    def supports_native_join(self) -> bool:
        """True where many results can be read in one round trip."""
        return bool(getattr(self.backend, "supports_native_join", False))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, AsyncResult):
            return self.id == other.id
        return self.id == other if isinstance(other, str) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.id)

    def __str__(self) -> str:
        return str(self.id)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.id}>"

    def __copy__(self) -> "AsyncResult[R]":
        return type(self)(self.id, self._backend, self._task_name, self._app, self.parent)

    def __reduce__(self) -> tuple[Any, ...]:
        # A pickled result belongs to the current app of whoever loads it: apps and connections stay at home.
        return AsyncResult, (self.id, None, self._task_name, None, self.parent)


MAKERS["task"] = AsyncResult
