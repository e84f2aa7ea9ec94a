"""The backend: `app.backend`, Celery's method names over a result store."""

from collections import OrderedDict
from collections.abc import AsyncIterator
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

from celeriac.core import states
from celeriac.core.clock import SYSTEM_CLOCK, Clock
from celeriac.core.errors import (
    BackendGetMetaError,
    ContentDisallowed,
    DecodeError,
    SecurityError,
    SerializerNotInstalled,
    TaskRevokedError,
)
from celeriac.core.message import Message
from celeriac.core.ports import ResultStore, Transport
from celeriac.core.ports.joins import JOIN_SECONDS
from celeriac.core.ports.proof import Proof
from celeriac.core.record import Record
from celeriac.current import Context
from celeriac.execution.faces import default_hook
from celeriac.execution.records import extension
from celeriac.result import Meta, Wait, Waiter
from celeriac.result.waiting import pending
from celeriac.wire import results, serializers

from .backend_many import ManyResults
from .moments import seconds_of

if TYPE_CHECKING:
    from .app import Celeriac


class Backend(ManyResults):
    """Stores and reads what became of tasks."""

    enabled = True
    persistent = True
    supports_native_join = True
    supports_autoexpire = False  # the store deletes expired results itself
    is_async = True

    READY_STATES = states.READY_STATES
    UNREADY_STATES = states.UNREADY_STATES
    EXCEPTION_STATES = states.EXCEPTION_STATES

    def __init__(self, app: "Celeriac", transport: Transport, clock: Clock = SYSTEM_CLOCK) -> None:
        assert transport.results is not None
        conf = app.conf
        self.app = app
        self.transport = transport
        self.serializer: str = conf.result_serializer
        self.replies = bool(getattr(transport.results, "replies", False))  # results are sent to who sent the task
        self.compression: str | None = None if self.replies else conf.result_compression
        self.extended = bool(conf.result_extended)
        self.accept = self._accept_set(conf.result_accept_content)
        self.expires = seconds_of(conf.result_expires) or None
        self.timeout: float = conf.result_timeout  # of one read or write
        self.waiter = Waiter(transport, self.decode_meta, self.timeout, clock)
        # Threads that wait for each result right after the call; a sender looks here, so it must cost nothing.
        self.eager_threads: AbstractSet[int] = (
            self.waiter.ahead.threads if self.waiter.ahead is not None else frozenset()
        )
        self._store: ResultStore = transport.results
        self.supports_autoexpire = bool(getattr(transport.results, "autoexpire", False))
        self._clock = clock
        self._cache = Cache(conf.result_cache_max)

    def _accept_set(self, names: Any) -> frozenset[str] | None:
        names = self.app.conf.accept_content if names is None else names
        found = serializers.accept_set(names)
        return None if found is None else found | {serializers.content_type_of(self.serializer)}

    @property
    def url(self) -> str:
        """Where the results are, for people: passwords masked."""
        return self.transport.describe()

    def as_uri(self, include_password: bool = False) -> str:
        """The URL; with its password only if you insist."""
        return str(self.app.transports.results_url) if include_password else self.url

    @property
    def join_ttl(self) -> float | None:
        """So many seconds after the last sign of life a chord whose parts do not come is forgotten."""
        return seconds_of(self.app.conf.result_chord_expires) or JOIN_SECONDS

    def transport_of_joins(self) -> Transport:
        """Where the parts of chords are counted. Raises NotImplementedError where they can't be."""
        if self.transport.joins is None:
            raise NotImplementedError(f"The result backend {self.url} can't count the parts of a chord")
        return self.transport

    # -- reading

    def decode_meta(self, payload: bytes) -> Meta:
        """The document in the bytes of the store. Raises BackendGetMetaError if they are not one."""
        try:
            return results.decode(payload, self.serializer, self.accept)
        except (ContentDisallowed, DecodeError, SecurityError, SerializerNotInstalled) as exc:
            raise BackendGetMetaError(f"a stored result can't be read: {exc}") from exc

    def get_task_meta(self, task_id: str, cache: bool = True) -> Meta:
        """The document of a task; PENDING where nothing is stored."""
        found = self._cache.get(task_id) if cache else None
        if found is None:
            found = self.waiter.read(task_id)
            found = pending(task_id) if found is None else self._cache.put(task_id, found)
        return found

    async def aget_task_meta(self, task_id: str, cache: bool = True) -> Meta:
        """get_task_meta, from async code."""
        found = self._cache.get(task_id) if cache else None
        if found is None:
            waiter = await self.app.asynchronous.waiter()
            found = await waiter.read(task_id)
            found = pending(task_id) if found is None else self._cache.put(task_id, found)
        return found

    def await_meta(self, task_id: str, how: Wait) -> Meta:
        """The document once the task is ready."""
        found = self._cache.get(task_id)
        return self._cache.put(task_id, self.waiter.wait(task_id, how)) if found is None else found

    def listen_ahead(self, message: Message) -> Proof | None:
        """A call is about to go out: if this thread waits for each result at once, listening begins now."""
        id = message.headers.get("id")
        if self.waiter.ahead is None or id is None or message.headers.get("ignore_result"):
            return None
        return self.waiter.ahead.begin(id)

    async def aawait_meta(self, task_id: str, how: Wait) -> Meta:
        """await_meta, from async code."""
        found = self._cache.get(task_id)
        if found is None:
            waiter = await self.app.asynchronous.waiter()
            found = self._cache.put(task_id, await waiter.wait(task_id, how))
        return found

    def exists(self, task_id: str) -> bool:
        """True if anything is stored of the task."""
        return self.waiter.read(task_id) is not None

    def get_state(self, task_id: str) -> str:
        """The task's state."""
        return str(self.get_task_meta(task_id)["status"])

    get_status = get_state

    def get_result(self, task_id: str) -> Any:
        """The task's result."""
        return self.get_task_meta(task_id)["result"]

    def get_traceback(self, task_id: str) -> Any:
        """The task's traceback."""
        return self.get_task_meta(task_id).get("traceback")

    def get_children(self, task_id: str) -> Any:
        """The results of the tasks that the task sent."""
        return self.get_task_meta(task_id).get("children")

    def wait_for_pending(self, result: Any, timeout: float | None = None, **options: Any) -> Any:
        """Wait for a result and return or raise what came of it."""
        return result.get(timeout=timeout, disable_sync_subtasks=False, **options)

    # -- storing

    def store_result(
        self,
        task_id: str,
        result: Any,
        state: str,
        traceback: str | None = None,
        request: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Store a state now. The ends of runs do not come this way: a worker stores them with its settlements."""
        if self.replies and request is None:
            raise RuntimeError(
                f"The state of task {task_id} can't be stored: with rpc:// it is sent to whoever sent the task, whom "
                "only the task's request knows. Pass request=, or use self.update_state inside the task."
            )
        self.store_record(self.record_of(task_id, result, state, traceback, request))
        return result

    def record_of(
        self, task_id: str, result: Any, state: str, traceback: str | None = None, request: Any = None
    ) -> Record:
        """What store_result stores, for whoever stores it together with something else."""
        meta = results.Meta(
            task_id,
            state,
            result,
            traceback,
            tuple(child.as_tuple() for child in getattr(request, "children", None) or ()),
            self._clock.now(),
            getattr(request, "group", None),
            getattr(request, "parent_id", None),
            extension(request, request.hostname) if self.extended and isinstance(request, Context) else None,
        )
        payload = results.encode(meta, self.serializer, self.compression)
        reply_to = getattr(request, "reply_to", None) if self.replies else None
        return Record(task_id, state, payload, ttl=self._ttl(state), reply_to=reply_to)

    def store_record(self, record: Record) -> None:
        """Store a record that is encoded already."""
        self._cache.drop(record.id)
        self.transport.link().run(self._store.store([record]), self.timeout)

    def _ttl(self, state: str) -> float | None:
        special = seconds_of(self.app.conf.result_failure_expires) if state == states.FAILURE else None
        return self.expires if special is None else special or None

    def mark_as_started(self, task_id: str, **meta: Any) -> Any:
        """STARTED, with details."""
        return self.store_result(task_id, meta, states.STARTED)

    def mark_as_done(
        self, task_id: str, result: Any, request: Any = None, store_result: bool = True, state: str = states.SUCCESS
    ) -> None:
        """SUCCESS."""
        if store_result:
            self.store_result(task_id, result, state, request=request)

    def mark_as_failure(
        self,
        task_id: str,
        exc: BaseException,
        traceback: str | None = None,
        request: Any = None,
        store_result: bool = True,
        call_errbacks: bool = True,
        state: str = states.FAILURE,
    ) -> None:
        """FAILURE."""
        if store_result:
            self.store_result(task_id, exc, state, traceback=traceback, request=request)

    def mark_as_retry(
        self,
        task_id: str,
        exc: BaseException,
        traceback: str | None = None,
        request: Any = None,
        store_result: bool = True,
        state: str = states.RETRY,
    ) -> Any:
        """RETRY."""
        return self.store_result(task_id, exc, state, traceback=traceback, request=request)

    def mark_as_revoked(
        self,
        task_id: str,
        reason: str = "",
        request: Any = None,
        store_result: bool = True,
        state: str = states.REVOKED,
    ) -> None:
        """REVOKED."""
        if store_result:
            self.store_result(task_id, TaskRevokedError(reason), state, request=request)

    def forget(self, task_id: str) -> None:
        """Delete what is stored of the task."""
        self._cache.drop(task_id)
        self.transport.link().run(self._store.forget([task_id]), self.timeout)

    async def aforget(self, task_id: str) -> None:
        """forget, from async code."""
        self._cache.drop(task_id)
        await self.app.asynchronous.run(self._store.forget([task_id]), self.timeout)

    def cleanup(self) -> int:
        """Delete expired results, where the store does not do so itself; returns how many."""
        expired = 0
        while some := self.transport.link().run(self._store.expire(), self.timeout):
            expired += some
        return expired

    @default_hook
    def process_cleanup(self) -> None:
        """Called after each run."""

    def close(self) -> None:
        """Give back connections; they come back if they are needed."""
        self.waiter.close()


class DisabledBackend:
    """There is no result store: storing is nothing, asking is an error."""

    enabled = False
    persistent = False
    supports_native_join = False
    supports_autoexpire = True
    is_async = False
    url = "disabled://"
    expires = None
    join_ttl = None
    eager_threads: frozenset[int] = frozenset()

    def __init__(self, app: "Celeriac") -> None:
        self.app = app

    def as_uri(self, include_password: bool = False) -> str:
        """There is no address."""
        return self.url

    def store_result(self, *args: Any, **kwargs: Any) -> None:
        """Nothing is kept."""

    mark_as_started = mark_as_done = mark_as_failure = mark_as_retry = mark_as_revoked = store_result
    process_cleanup = default_hook(lambda self: None)

    def cleanup(self) -> int:
        """There is nothing to delete."""
        return 0

    def close(self) -> None:
        """There is nothing to close."""

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(
            "No result backend is configured. Set result_backend, for example to the URL of your Redis, "
            "or leave broker_url unset to use the embedded store."
        )

    transport_of_joins = _refuse
    get_state = get_status = get_result = get_traceback = get_children = get_task_meta = _refuse
    await_meta = wait_for_pending = exists = forget = _refuse
    read_many = await_many = get_many = iter_native = forget_many = _refuse
    save_group = restore_group = delete_group = _refuse

    async def aget_task_meta(self, *args: Any, **kwargs: Any) -> Any:
        """Raises: nothing is kept."""
        self._refuse()

    aawait_meta = aforget = aread_many = aforget_many = aget_task_meta
    asave_group = arestore_group = adelete_group = aget_task_meta

    async def aawait_many(self, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        """Raises: nothing is kept."""
        self._refuse()
        yield


class Cache(OrderedDict[str, Meta]):
    """Documents of finished tasks that were read: at most so many, or none if the setting is negative."""

    def __init__(self, limit: int | None) -> None:
        super().__init__()
        self._limit = limit

    def put(self, task_id: str, meta: Meta) -> Meta:
        """Keep a document that will not change any more."""
        if self._limit is not None and self._limit < 0:
            return meta
        if meta["status"] in states.READY_STATES:
            self[task_id] = meta
            while self._limit and len(self) > self._limit:
                self.popitem(last=False)
        return meta

    def drop(self, task_id: str) -> None:
        """Forget a document."""
        self.pop(task_id, None)
