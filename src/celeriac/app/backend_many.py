"""The part of the backend that deals with many results at once, and with saved groups."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from celeriac.core.errors import (
    BackendGetMetaError,
    ContentDisallowed,
    DecodeError,
    SecurityError,
    SerializerNotInstalled,
)
from celeriac.core.flow import Flow
from celeriac.core.record import Record
from celeriac.result import Meta, Wait, result_from_tuple
from celeriac.result.gathering import CHUNK
from celeriac.wire import results

if TYPE_CHECKING:
    from celeriac.core.ports import ResultStore, Transport
    from celeriac.result import Waiter

    from .backend import Cache

_SAVED: Final = "SAVED"  # not SUCCESS, which is never overwritten: saving again replaces what was saved


class ManyResults:
    """Reads, waits and forgets in batches."""

    app: Any
    transport: "Transport"
    serializer: str
    compression: str | None
    accept: frozenset[str] | None
    expires: float | None
    timeout: float
    waiter: "Waiter"
    _store: "ResultStore"
    _cache: "Cache"

    def read_many(self, ids: Sequence[str]) -> dict[str, Meta]:
        """The documents of many; ids of which nothing is stored are not among them."""
        found, missing = self._known(ids)
        for task_id, meta in self.waiter.read_many(missing):
            found[task_id] = self._cache.put(task_id, meta)
        return found

    async def aread_many(self, ids: Sequence[str]) -> dict[str, Meta]:
        """read_many, from async code."""
        found, missing = self._known(ids)
        waiter = await self.app.asynchronous.waiter()
        for task_id, meta in await waiter.read_many(missing):
            found[task_id] = self._cache.put(task_id, meta)
        return found

    def _known(self, ids: Sequence[str]) -> tuple[dict[str, Meta], list[str]]:
        found: dict[str, Meta] = {}
        missing = []
        for task_id in ids:
            meta = self._cache.get(task_id)
            if meta is None:
                missing.append(task_id)
            else:
                found[task_id] = meta
        return found, missing

    def await_many(self, ids: Sequence[str], how: Wait) -> Iterator[tuple[str, Meta]]:
        """(id, document) of each task as it becomes ready."""
        found, missing = self._known(ids)
        yield from found.items()
        for task_id, meta in self.waiter.wait_many(missing, how):
            yield task_id, self._cache.put(task_id, meta)

    async def aawait_many(self, ids: Sequence[str], how: Wait) -> AsyncIterator[tuple[str, Meta]]:
        """await_many, from async code."""
        found, missing = self._known(ids)
        for pair in found.items():
            yield pair
        waiter = await self.app.asynchronous.waiter()
        async for task_id, meta in waiter.wait_many(missing, how):
            yield task_id, self._cache.put(task_id, meta)

    def get_many(
        self,
        task_ids: Sequence[Any],
        timeout: float | None = None,
        interval: float = 0.5,
        on_message: Callable[[Meta], Any] | None = None,
        on_interval: Callable[[], Any] | None = None,
        **unused: Any,
    ) -> Iterator[tuple[str, Meta]]:
        """await_many by Celery's name; results may be given in place of ids."""
        ids = [getattr(one, "id", one) for one in task_ids]
        return self.await_many(ids, Wait(timeout, False, interval, on_message, on_interval))

    def iter_native(self, result: Any, **options: Any) -> Iterator[tuple[str, Any]]:
        """(id, document) of each member of a set of results as it becomes ready."""
        found: Iterator[tuple[str, Any]] = result.iter_native(**options)
        return found

    def forget_many(self, ids: Sequence[str]) -> None:
        """Delete what is stored of these tasks."""
        for flow in self._forgetting(ids, "task"):
            self.transport.link().run(flow, self.timeout)

    async def aforget_many(self, ids: Sequence[str]) -> None:
        """forget_many, from async code."""
        for flow in self._forgetting(ids, "task"):
            await self.app.asynchronous.run(flow, self.timeout)

    def _forgetting(self, ids: Sequence[str], kind: str) -> Iterator[Flow[None]]:
        for task_id in ids:
            self._cache.drop(task_id)
        for start in range(0, len(ids), CHUNK):
            yield self._store.forget(ids[start : start + CHUNK], kind)

    # -- groups

    def save_group(self, group_id: str, result: Any) -> Any:
        """Keep which results make up the group."""
        self.transport.link().run(self._saving(group_id, result), self.timeout)
        return result

    async def asave_group(self, group_id: str, result: Any) -> Any:
        """save_group, from async code."""
        await self.app.asynchronous.run(self._saving(group_id, result), self.timeout)
        return result

    def _saving(self, group_id: str, result: Any) -> Flow[None]:
        payload = results.encode_group(result.as_tuple(), self.serializer, self.compression)
        return self._store.store([Record(group_id, _SAVED, payload, "group", self.expires)])

    def restore_group(self, group_id: str, cache: bool = True) -> Any:
        """The saved group, or None."""
        return self._restored(self.transport.link().run(self._store.fetch([group_id], "group"), self.timeout))

    async def arestore_group(self, group_id: str) -> Any:
        """restore_group, from async code."""
        return self._restored(await self.app.asynchronous.run(self._store.fetch([group_id], "group"), self.timeout))

    def _restored(self, payloads: Sequence[bytes | None]) -> Any:
        payload = payloads[0]
        if payload is None:
            return None
        try:
            plain = results.decode_group(payload, self.serializer, self.accept)
        except (ContentDisallowed, DecodeError, SecurityError, SerializerNotInstalled) as exc:
            raise BackendGetMetaError(f"a saved group can't be read: {exc}") from exc
        return result_from_tuple(plain, self.app)

    def delete_group(self, group_id: str) -> None:
        """Forget which results make up the group; the results stay."""
        self.transport.link().run(self._store.forget([group_id], "group"), self.timeout)

    async def adelete_group(self, group_id: str) -> None:
        """delete_group, from async code."""
        await self.app.asynchronous.run(self._store.forget([group_id], "group"), self.timeout)
