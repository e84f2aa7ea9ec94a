"""The source: what a result asks of whoever reads results for it; `app.backend` is one."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec

Meta = Mapping[str, Any]  # the decoded result document: status, result, traceback, children, ...


class Wait(msgspec.Struct, frozen=True):
    """How to wait for one result."""

    timeout: float | None = None
    fresh: bool = False  # sent a moment ago: it would be a waste to look before listening
    interval: float = 0.5  # how often on_interval is called
    on_message: Callable[[Meta], Any] | None = None  # told of every document that arrives
    on_interval: Callable[[], Any] | None = None


class Source(Protocol):
    """Reads and awaits result documents; keeps groups."""

    def get_task_meta(self, task_id: str, cache: bool = True) -> Meta:
        """The document; one that says PENDING where nothing is stored."""
        ...

    async def aget_task_meta(self, task_id: str, cache: bool = True) -> Meta: ...

    def exists(self, task_id: str) -> bool:
        """True if something is stored."""
        ...

    def await_meta(self, task_id: str, how: Wait) -> Meta:
        """The document once the task is ready. Raises celeriac's TimeoutError."""
        ...

    async def aawait_meta(self, task_id: str, how: Wait) -> Meta: ...

    def forget(self, task_id: str) -> None: ...

    async def aforget(self, task_id: str) -> None: ...

    def read_many(self, ids: Sequence[str]) -> Mapping[str, Meta]:
        """The documents of many, in few round trips; ids of which nothing is stored are not among them."""
        ...

    async def aread_many(self, ids: Sequence[str]) -> Mapping[str, Meta]: ...

    def await_many(self, ids: Sequence[str], how: Wait) -> Iterator[tuple[str, Meta]]:
        """(id, document) of each, once, as it becomes ready. Raises celeriac's TimeoutError."""
        ...

    def aawait_many(self, ids: Sequence[str], how: Wait) -> AsyncIterator[tuple[str, Meta]]: ...

    def forget_many(self, ids: Sequence[str]) -> None: ...

    async def aforget_many(self, ids: Sequence[str]) -> None: ...

    def save_group(self, group_id: str, result: Any) -> Any:
        """Keep which results make up a group."""
        ...

    def restore_group(self, group_id: str) -> Any:
        """The group's result, or None if it was not saved."""
        ...

    def delete_group(self, group_id: str) -> None: ...
