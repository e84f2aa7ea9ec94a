"""The lease port on RabbitMQ, for workers only: a worker's lease is its connection, which the broker watches."""

from collections.abc import Callable
from typing import Final

from ...core.errors import ImproperlyConfigured
from ...core.flow import Flow
from . import requests
from .broker import RabbitBroker
from .dead import DECLARATION
from .refusals import Refused

WORKER: Final = "worker/"


class RabbitLease:
    """Flows of requests; no I/O. Holders of other names need a store that knows time: see `_worker`."""

    def __init__(self, broker: RabbitBroker, holds: Callable[[str], bool]) -> None:
        self._broker = broker
        self._holds = holds
        self._term = 0

    def acquire(self, name: str, holder: str, ttl: float) -> Flow[int | None]:
        try:
            yield requests.Ask(DECLARATION)
        except Refused as refused:
            # In a cluster it lies on one node, which may be away: only what dies meanwhile has to wait for that.
            if refused.code != 404:
                raise
        yield from self._broker.declare_again()
        yield requests.Open(_worker(name), ttl)
        self._term += 1
        return self._term

    def renew(self, name: str, holder: str, ttl: float) -> Flow[bool]:
        renewed: bool = yield requests.Renew(_worker(name), ttl)
        return renewed

    def release(self, name: str, holder: str) -> Flow[bool]:
        left: bool = yield requests.Leave(_worker(name))
        return left

    def holder(self, name: str) -> Flow[str | None]:
        """Known in its own process only."""
        owner = _worker(name)
        return owner if self._holds(owner) else None
        yield  # makes this function a generator


def _worker(name: str) -> str:
    if not name.startswith(WORKER):
        raise ImproperlyConfigured(
            f"RabbitMQ can't hold the lease {name!r}: it knows no time to live but that of connections. "
            "Use a result_backend that can (Redis, SQLite, PostgreSQL), or run one such process only."
        )
    return name.removeprefix(WORKER)
