"""Result stores written for Celery that keep each field of a result by itself, as django-celery-results' tables do."""

import sys
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from types import SimpleNamespace
from typing import Any, ClassVar, Final

from celeriac.app.moments import seconds_of
from celeriac.core import states
from celeriac.core.errors import DecodeError
from celeriac.core.flow import Flow
from celeriac.core.ports import Transport
from celeriac.core.record import Record
from celeriac.result import result_from_tuple
from celeriac.wire import results, saferepr, serializers

from .keyvalue import ClassTransport

_FIELDS: Final = ("status", "result", "traceback", "children", "date_done")
_EXTENDED: Final = ("name", "args", "kwargs", "worker", "retries", "queue")


class BaseDictBackend:
    """Sub-classes define _store_result(task_id, result, state, traceback, request), _get_task_meta_for(task_id) and
    _forget(task_id), and for groups _save_group, _restore_group and _delete_group, and may define cleanup().

    Results come as they are stored (an exception as its description). `request` has what result_extended keeps.
    The methods may be called by several threads at once. Chords are not counted by such a store.
    """

    READY_STATES = states.READY_STATES
    UNREADY_STATES = states.UNREADY_STATES
    EXCEPTION_STATES = states.EXCEPTION_STATES
    subpolling_interval: ClassVar[float | None] = None
    persistent = True

    def __init__(self, app: Any = None, url: str | None = None, **kwargs: Any) -> None:
        self.app = app
        self.url = url
        self.serializer = app.conf.result_serializer if app is not None else "json"
        self.expires = seconds_of(app.conf.result_expires) if app is not None else None

    def _store_result(self, task_id: str, result: Any, state: str, traceback: Any = None, request: Any = None) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define _store_result")

    def _get_task_meta_for(self, task_id: str) -> Mapping[str, Any]:
        raise NotImplementedError(f"{type(self).__name__} must define _get_task_meta_for")

    def _forget(self, task_id: str) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define _forget")

    def _save_group(self, group_id: str, result: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define _save_group")

    def _restore_group(self, group_id: str) -> Mapping[str, Any] | None:
        raise NotImplementedError(f"{type(self).__name__} must define _restore_group")

    def _delete_group(self, group_id: str) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define _delete_group")

    def cleanup(self) -> Any:
        """Delete what has expired."""

    def exception_safe_to_retry(self, exc: BaseException) -> bool:
        """Whether trying again may help."""
        return False

    # -- what sub-classes call

    def _encode(self, data: Any) -> tuple[str, str, Any]:
        """(content type, content encoding, text or bytes)."""
        kind, encoding, body = serializers.dumps(data, self.serializer)
        return kind, encoding, body if encoding == "binary" else body.decode()

    def encode(self, data: Any) -> Any:
        return self._encode(data)[2]

    def decode(self, payload: Any) -> Any:
        kind = serializers.content_type_of(self.serializer)
        raw = payload.encode() if isinstance(payload, str) else bytes(payload)
        return serializers.loads(raw, kind, "utf-8", frozenset({kind}))

    def current_task_children(self, request: Any = None) -> Any:
        """The results of the tasks that this one has sent."""
        return list(getattr(request, "children", None) or [])

    def meta_from_decoded(self, meta: Any) -> Any:
        """Exceptions are made anew by whoever asks for the result."""
        return meta

    def as_uri(self, include_password: bool = False) -> str:
        """What it is, for people."""
        return self.url or f"{type(self).__module__}:{type(self).__qualname__}"

    def close(self) -> None:
        """Close what is open; it may be used again."""

    @classmethod
    def transport_of(cls, app: Any, url: str | None) -> Transport:
        """The transport that an app stores results through."""
        return DictTransport(cls(app=app, url=url))


class DictTransport(ClassTransport):
    """Holds results and nothing else."""

    def __init__(self, backend: BaseDictBackend) -> None:
        super().__init__(backend)  # type: ignore[arg-type]
        self.results = DictResults(backend)


class DictResults:
    """The result-store port over such a class. What a flow yields are functions to call."""

    autoexpire = False

    def __init__(self, backend: BaseDictBackend) -> None:
        self._backend = backend
        self._lock = threading.Lock()  # looking and then storing is one step, in this process

    def store(self, records: Sequence[Record]) -> Flow[None]:
        for record in records:
            yield partial(self._guarded, self._store, record)

    def fetch(self, ids: Sequence[str], kind: str = "task") -> Flow[tuple[bytes | None, ...]]:
        found = []
        for id in ids:
            payload: bytes | None = yield partial(self._guarded, self._fetch, id, kind)
            found.append(payload)
        return tuple(found)

    def forget(self, ids: Sequence[str], kind: str = "task") -> Flow[None]:
        forget = self._backend._forget if kind == "task" else self._backend._delete_group
        for id in ids:
            yield partial(self._guarded, forget, id)

    def expire(self) -> Flow[int]:
        yield partial(self._guarded, self._backend.cleanup)
        return 0

    def channel(self, id: str) -> str:
        return f"celery-task-meta-{id}"

    def _guarded(self, function: Any, *args: Any) -> Any:
        """What failed on a connection that is no good any more goes over another one when it is tried again."""
        try:
            return function(*args)
        except Exception as exc:
            self._backend.exception_safe_to_retry(exc)
            database = sys.modules.get("django.db")
            if database is not None:
                database.close_old_connections()
            raise

    def _store(self, record: Record) -> None:
        backend = self._backend
        if record.kind == "group":
            saved = results.decode_group(record.payload, backend.serializer)
            backend._save_group(record.id, result_from_tuple(saved, backend.app))
            return
        if record.kind != "task":
            raise NotImplementedError(f"{backend.as_uri()} can't keep a {record.kind}")
        meta = results.decode(record.payload, backend.serializer, revive=False)
        with self._lock:
            if record.state != states.SUCCESS and self._state(record.id) == states.SUCCESS:
                return
            backend._store_result(
                record.id, meta.get("result"), record.state, meta.get("traceback"), request=_request(record.id, meta)
            )

    def _state(self, id: str) -> Any:
        return self._backend._get_task_meta_for(id).get("status")

    def _fetch(self, id: str, kind: str) -> bytes | None:
        return self._fetch_task(id) if kind == "task" else self._fetch_group(id)

    def _fetch_task(self, id: str) -> bytes | None:
        found = self._backend._get_task_meta_for(id)
        if not found or found.get("status") in (None, states.PENDING):
            return None
        meta = {name: found.get(name) for name in _FIELDS}
        if isinstance(meta["date_done"], datetime):
            meta["date_done"] = meta["date_done"].isoformat()
        named = {**found, "name": found.get("name") or found.get("task_name")}
        meta |= {name: named[name] for name in _EXTENDED if named.get(name) is not None}
        return self._written({**meta, "task_id": id})

    def _fetch_group(self, id: str) -> bytes | None:
        found = self._backend._restore_group(id)
        result = None if not found else found.get("result")
        return None if result is None else self._written({"result": result.as_tuple()})

    def _written(self, document: Mapping[str, Any]) -> bytes:
        try:
            return serializers.dumps(document, self._backend.serializer)[2]
        except Exception as exc:
            raise DecodeError(f"A stored result can't be written for its reader: {exc}") from exc


def _request(id: str, meta: Mapping[str, Any]) -> SimpleNamespace:
    """What Celery hands over of the request, as far as it is stored with the result."""
    args, kwargs = meta.get("args"), meta.get("kwargs")
    return SimpleNamespace(
        id=id,
        task=meta.get("name"),
        args=args,
        kwargs=kwargs,
        argsrepr=None if args is None else _shown(args),
        kwargsrepr=None if kwargs is None else _shown(kwargs),
        hostname=meta.get("worker"),
        retries=meta.get("retries"),
        delivery_info={"routing_key": meta.get("queue")},
        children=meta.get("children"),
        group=meta.get("group_id"),
        parent_id=meta.get("parent_id"),
        stamps=meta.get("stamps"),
        meta={},
    )


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else saferepr.saferepr(tuple(value) if isinstance(value, list) else value)
