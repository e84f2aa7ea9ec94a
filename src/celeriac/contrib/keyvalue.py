"""Result stores of a program's own: `result_backend = "proj.stores:Store"` names a class with get, set and delete."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar, Final, TypeVar

from celeriac.app.moments import seconds_of
from celeriac.core.errors import DecodeError, OperationalError
from celeriac.core.flow import Flow, adrive, drive
from celeriac.core.ports import Transport
from celeriac.core.record import Record
from celeriac.wire.results import decode

T = TypeVar("T")

_FINAL: Final = "SUCCESS"


class KeyValueStoreBackend:
    """Sub-classes define get(key), set(key, value) and delete(key), and may define mget(keys) and expire(key, seconds).

    Keys are bytes, as Celery has them; values are text (bytes, if the serializer writes bytes). The methods may be
    called by several threads at once. Without a bus nobody is told of a result: waiters look again and again, and
    chords are not counted by the store.
    """

    task_keyprefix: ClassVar[str] = "celery-task-meta-"
    group_keyprefix: ClassVar[str] = "celery-taskset-meta-"
    implements_incr: ClassVar[bool] = False

    def __init__(self, app: Any = None, url: str | None = None, **kwargs: Any) -> None:
        self.app = app
        self.url = url
        self.expires = seconds_of(app.conf.result_expires) if app is not None else None
        self.serializer = app.conf.result_serializer if app is not None else "json"

    def get(self, key: bytes) -> Any:
        """The value, or None."""
        raise NotImplementedError("Must implement the get method.")

    def set(self, key: bytes, value: Any) -> Any:
        """Keep it."""
        raise NotImplementedError("Must implement the set method.")

    def delete(self, key: bytes) -> Any:
        """Forget it."""
        raise NotImplementedError("Must implement the delete method")

    def mget(self, keys: Sequence[bytes]) -> Sequence[Any]:
        """Several values."""
        return [self.get(key) for key in keys]

    def expire(self, key: bytes, value: Any) -> Any:
        """Forget it after so many seconds; where there is no such thing, it is kept."""

    def as_uri(self, include_password: bool = False) -> str:
        """What it is, for people."""
        return self.url or f"{type(self).__module__}:{type(self).__qualname__}"

    def get_key_for_task(self, task_id: str, key: str = "") -> bytes:
        """Under which key the result of a task is kept."""
        return f"{self.task_keyprefix}{task_id}{key}".encode()

    def get_key_for_group(self, group_id: str, key: str = "") -> bytes:
        """Under which key a group is kept."""
        return f"{self.group_keyprefix}{group_id}{key}".encode()

    def close(self) -> None:
        """Close what is open; it may be used again."""

    @classmethod
    def transport_of(cls, app: Any, url: str | None) -> Transport:
        """The transport that an app stores results through."""
        return ClassTransport(cls(app=app, url=url))


class Results:
    """The result-store port over such a class. What a flow yields are functions to call."""

    autoexpire = True  # what can be forgotten, the class forgets

    def __init__(self, backend: KeyValueStoreBackend) -> None:
        self._backend = backend
        self._lock = threading.Lock()  # looking and then storing is one step, in this process

    def store(self, records: Sequence[Record]) -> Flow[None]:
        for record in records:
            yield partial(self._store, record)

    def _store(self, record: Record) -> None:
        key, backend = self._key(record.id, record.kind), self._backend
        with self._lock:
            if record.kind == "task" and record.state != _FINAL and _is_final(backend.get(key), backend.serializer):
                return
            backend.set(key, _text(record.payload))
            if record.ttl:
                backend.expire(key, record.ttl)

    def fetch(self, ids: Sequence[str], kind: str = "task") -> Flow[tuple[bytes | None, ...]]:
        keys = [self._key(id, kind) for id in ids]
        values = yield partial(self._backend.mget, keys)
        return tuple(_bytes(value) for value in values)

    def forget(self, ids: Sequence[str], kind: str = "task") -> Flow[None]:
        for id in ids:
            yield partial(self._backend.delete, self._key(id, kind))

    def expire(self) -> Flow[int]:
        yield int
        return 0

    def channel(self, id: str) -> str:
        return f"{self._backend.task_keyprefix}{id}"

    def _key(self, id: str, kind: str) -> bytes:
        if kind == "task":
            return self._backend.get_key_for_task(id)
        return self._backend.get_key_for_group(id, "" if kind == "group" else f".{kind}")


class ClassTransport:
    """A transport that can hold results and nothing else."""

    broker: Any = None
    dead: Any = None
    joins: Any = None
    lease: Any = None
    bus: Any = None

    def __init__(self, backend: KeyValueStoreBackend) -> None:
        self.backend = backend
        self.results: Any = Results(backend)
        self._link = ClassLink(backend)

    def link(self) -> "ClassLink":
        return self._link

    async def alink(self) -> "AsyncClassLink":
        return AsyncClassLink(self.backend)

    def settles(self, results: Transport) -> bool:
        return False

    def describe(self) -> str:
        return self.backend.as_uri()


class ClassLink:
    """Calls the functions. They have deadlines of their own, or none: nothing here can interrupt them."""

    def __init__(self, backend: KeyValueStoreBackend) -> None:
        self._backend = backend

    def run(self, flow: Flow[T], timeout: float) -> T:
        return drive(flow, partial(_called, self._backend))

    def listen(self) -> Any:
        raise OperationalError(f"{self._backend.as_uri()} has no bus to listen to")

    def close(self) -> None:
        self._backend.close()


class AsyncClassLink:
    """Calls the functions in threads."""

    def __init__(self, backend: KeyValueStoreBackend) -> None:
        self._backend = backend

    async def run(self, flow: Flow[T], timeout: float) -> T:
        async def perform(function: Callable[[], Any]) -> Any:
            try:
                async with asyncio.timeout(timeout):
                    return await asyncio.to_thread(_called, self._backend, function)
            except TimeoutError:
                raise OperationalError(f"{self._backend.as_uri()} did not answer within {timeout} s") from None

        return await adrive(flow, perform)

    async def bell(self, queues: Any) -> Any:
        raise OperationalError(f"{self._backend.as_uri()} has no queues")

    async def listen(self) -> Any:
        raise OperationalError(f"{self._backend.as_uri()} has no bus to listen to")

    async def close(self) -> None:
        """The store is the app's."""


def _called(backend: KeyValueStoreBackend, function: Callable[[], Any]) -> Any:
    """What the program's own code raises is the store's trouble: it is tried again, and told by name."""
    try:
        return function()
    except OperationalError:
        raise
    except Exception as exc:
        raise OperationalError(f"The result store {backend.as_uri()} failed: {type(exc).__name__}: {exc}") from exc


def _is_final(value: Any, serializer: str) -> bool:
    payload = _bytes(value)
    if payload is None:
        return False
    try:
        return bool(decode(payload, serializer, revive=False)["status"] == _FINAL)
    except DecodeError:
        return False  # what nobody can read may be replaced


def _text(payload: bytes) -> Any:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return payload


def _bytes(value: Any) -> bytes | None:
    if value is None:
        return None
    return value.encode() if isinstance(value, str) else bytes(value)
