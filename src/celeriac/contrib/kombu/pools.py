"""Pools of connections and producers: kombu's interface; an app's connections are pooled below it already."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from .connection import Connection

T = TypeVar("T")


class Lent(Generic[T]):
    """`with pool.acquire(block=True) as resource:`; also usable as the resource itself."""

    def __init__(self, resource: T) -> None:
        self._resource = resource

    def __enter__(self) -> T:
        return self._resource

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.release()

    def release(self) -> None:
        """Nothing is taken away from anybody."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._resource, name)


class Pool(Generic[T]):
    """Hands out one resource that any number of threads may use."""

    def __init__(self, make: Callable[[], T], limit: int | None = None) -> None:
        self._make = make
        self._made: T | None = None
        self._lock = threading.Lock()
        self.limit = limit

    def acquire(self, block: bool = False, timeout: float | None = None) -> Lent[T]:
        """One; there are always enough."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return Lent(self._made)

    def release(self, resource: Any) -> None:
        """Nothing is taken away from anybody."""

    def force_close_all(self, *args: Any, **kwargs: Any) -> None:
        """Make a new one next time."""
        with self._lock:
            made, self._made = self._made, None
        if made is not None:
            made.release()  # type: ignore[attr-defined]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        """The pool stays."""


class Group(Generic[T]):
    """Pools by connection: `producers[connection].acquire(block=True)`."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self._pools: dict[str, Pool[T]] = {}

    def __getitem__(self, connection: Any) -> Pool[T]:
        key = f"{id(connection.app)}"
        if key not in self._pools:
            self._pools[key] = Pool(lambda: self._make(connection.clone()))
        return self._pools[key]

    def clear(self) -> None:
        """Forget all."""
        for pool in self._pools.values():
            pool.force_close_all()
        self._pools.clear()


connections: Group[Connection] = Group(lambda connection: connection)
producers: Group[Any] = Group(lambda connection: connection.Producer())


def reset(*args: Any, **kwargs: Any) -> None:
    """Forget all pools."""
    connections.clear()
    producers.clear()


def maybe_declare(entity: Any, channel: Any = None, retry: bool = False, **retry_policy: Any) -> bool:
    """Make a queue known to the broker."""
    where = channel if channel is not None else entity.channel
    if hasattr(entity, "routing_key"):
        where.declare(entity)
    return True
