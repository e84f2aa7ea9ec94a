"""The bus port: telling all who listen right now; nothing is kept for those who do not."""

from collections.abc import Iterable
from typing import Protocol

from ..flow import Flow


class Bus(Protocol):
    """Fire and forget, to every listener of a channel. One with `counts = True` knows always how many heard it."""

    def tell(self, channel: str, payload: bytes) -> Flow[int]:
        """Returns how many heard it, where the server knows (else 0)."""
        ...


class Ear(Protocol):
    """A listener in sync code: one thread, any number of channels."""

    def add(self, channels: Iterable[str], wait: bool = True) -> None:
        """Listens from now on: returns when the server has confirmed; without `wait`, when the wish is on its way."""
        ...

    def discard(self, channels: Iterable[str]) -> None: ...

    def next(self, timeout: float | None) -> tuple[str, bytes] | None:
        """The next (channel, payload); None after `timeout` seconds.

        Raises OperationalError when the connection broke: what was told meanwhile is lost, so the
        caller re-reads what it waits for. The ear reconnects and listens again at the next call.
        """
        ...

    def close(self) -> None: ...


class AsyncEar(Protocol):
    """The same listener in async code, for one coroutine at a time. Cancelling `next` loses nothing that was told."""

    async def add(self, channels: Iterable[str]) -> None: ...

    async def discard(self, channels: Iterable[str]) -> None: ...

    async def next(self, timeout: float | None) -> tuple[str, bytes] | None: ...

    async def close(self) -> None: ...
