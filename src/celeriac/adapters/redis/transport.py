"""All of one Redis behind one URL: its ports, and links that perform their flows."""

from collections.abc import Sequence
from typing import Any

from ...core.ids import incarnation
from ...core.ports import AsyncLink, Link, Transport, TransportOptions
from .async_cluster import RedisAsyncClusterLink
from .async_link import RedisAsyncLink
from .attendance import RedisAttendance
from .bound import RedisBound
from .broker import RedisBroker
from .bus import RedisBus
from .chains import RedisChains
from .dead import RedisDeadLetters
from .delayed import RedisDelayed
from .doorway import Doorway
from .joins import RedisJoins
from .keys import Keys
from .lease import RedisLease
from .newswire import RedisNewswire
from .options import RedisOptions, parse_options
from .pidbox import RedisPidbox
from .place import parse_place
from .plans import RedisPlans
from .results import RedisResults, result_prefix
from .revocations import RedisRevocations
from .seeker import RedisSeeker
from .settling import Place as SettlingPlace
from .slots import slot
from .sync_cluster import SyncClusterLink
from .sync_link import SyncLink

_ASYNC_LIMIT = 4


def _cluster_prefix(options: RedisOptions) -> str:
    """A cluster needs a hash tag in the prefix, so that one script can reach all keys of the broker."""
    if "{" in options.global_keyprefix and "}" in options.global_keyprefix:
        return options.global_keyprefix
    return options.global_keyprefix + options.cluster_keyprefix


class RedisTransport:
    """Built from a URL or a failover list; making one does no I/O."""

    def __init__(self, urls: str | Sequence[str], options: TransportOptions | None = None) -> None:
        given = options or TransportOptions()
        self.place = parse_place(urls)
        chosen = parse_options(given.options)
        clustered = self.place.kind == "cluster"
        prefix = _cluster_prefix(chosen) if clustered else chosen.global_keyprefix
        self.keys = Keys(chosen, prefix, self.place.db)
        self.results = RedisResults(result_prefix(chosen.global_keyprefix), clustered)
        self.joins = RedisJoins(self.results.prefix, clustered, chosen.result_chord_ordered)
        self.chains = RedisChains(self.results)
        here = SettlingPlace(self.place.db, self.place.db, self.results.prefix)
        # The nonce keeps the tags of two brokers apart even if they claim for one owner.
        nonce = incarnation()[:8] + "."
        apart = self.results if clustered else None
        self.broker = RedisBroker(self.keys, chosen, nonce, here, apart)
        self.dead = RedisDeadLetters(self.keys)
        self.lease = RedisLease(self.keys)
        self.plans = RedisPlans(self.keys, self.broker)
        self.attendance = RedisAttendance(self.keys)
        self.bus = RedisBus()
        self.revocations = RedisRevocations(self.keys)
        self.delayed = RedisDelayed(self.keys)
        self.seeker = RedisSeeker(self.keys)
        self.bound = RedisBound(self.keys)
        self.pidbox = RedisPidbox(self.keys, clustered)
        self.newswire = RedisNewswire(self.keys, clustered)
        self._doorway = Doorway(self.place, chosen, given)
        # Every key of a clustered broker lies in the slot of its prefix.
        self._home = slot(prefix + "queues")
        limit = chosen.max_connections or given.settings.get("redis_max_connections") or given.pool_limit
        self._link: Link = (
            SyncClusterLink(self._doorway, limit, self._home) if clustered else SyncLink(self._doorway, limit)
        )

    def link(self) -> Link:
        return self._link

    async def alink(self) -> AsyncLink:
        if self.place.kind == "cluster":
            return RedisAsyncClusterLink(self._doorway, self.keys, _ASYNC_LIMIT, self._home)
        return RedisAsyncLink(self._doorway, self.keys, _ASYNC_LIMIT)

    def settles(self, results: Transport) -> bool:
        """True for the same server and credentials; from then on Settlement.record goes to that store."""
        if not isinstance(results, RedisTransport) or not self._same_server(results):
            return False
        self.broker.place = SettlingPlace(self.place.db, results.place.db, results.results.prefix)
        return True

    def describe(self) -> str:
        return str(self.place)

    def _same_server(self, other: "RedisTransport") -> bool:
        def identity(place: Any) -> tuple[Any, ...]:
            return (place.kind, place.servers, place.username, place.password, place.query.get("master_name"))

        return self.place.kind != "cluster" and identity(self.place) == identity(other.place)
