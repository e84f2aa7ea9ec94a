"""The transport port: all that one technology offers behind one URL; what an adapter's entry point names."""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from ..clock import SYSTEM_CLOCK, Clock
from .broker import Broker, DeadLetters
from .bus import Bus
from .joins import Joins
from .lease import Lease
from .link import AsyncLink, Link
from .results import ResultStore


class TransportOptions(msgspec.Struct, frozen=True):
    """What the settings say about a connection, whatever the technology."""

    options: Mapping[str, Any] = {}  # broker_transport_options or result_backend_transport_options
    ssl: bool | Mapping[str, Any] | None = None  # broker_use_ssl or redis_backend_use_ssl
    connect_timeout: float = 4.0
    pool_limit: int | None = 10
    failover: str | None = None  # round-robin | shuffle
    app_name: str = ""  # the app's main name, for embedded defaults
    # settings that only this technology reads (redis_*, ...), by their new names
    settings: Mapping[str, Any] = {}
    clock: Clock = SYSTEM_CLOCK


class Transport(Protocol):
    """Built from one URL (or a failover list) and TransportOptions: `Transport(urls, options)`.

    Making one does no I/O. The ports are flow factories; the two links run their flows.
    """

    broker: Broker | None
    dead: DeadLetters | None
    results: ResultStore | None
    joins: Joins | None  # None: chords are watched over by a polling task instead
    lease: Lease | None
    bus: Bus | None

    def link(self) -> Link:
        """The sync link of this transport (always the same one)."""
        ...

    async def alink(self) -> AsyncLink:
        """A new async link for the running loop."""
        ...

    def settles(self, results: "Transport") -> bool:
        """True if Settlement.record can store into `results`: the same server, in one atomic step."""
        ...

    def describe(self) -> str:
        """The URL for people: passwords masked."""
        ...
