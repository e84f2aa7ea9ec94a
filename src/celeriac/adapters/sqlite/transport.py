"""`sqlite://`: the transport, its ports and its two links."""

import os
from collections.abc import Sequence

from celeriac.core.ports import Transport, TransportOptions

from .alink import SQLiteAsyncLink
from .bound import SQLiteBound
from .broker import SQLiteBroker
from .bus import SQLiteBus
from .chains import SQLiteChains
from .delayed import SQLiteDelayed
from .joins import SQLiteJoins
from .keeping import SQLiteDeadLetters, SQLiteLease, SQLiteResults
from .link import SQLiteLink
from .pidbox import SQLitePidbox
from .place import place
from .plans import SQLitePlans
from .pool import Pool
from .revocations import SQLiteRevocations
from .seeker import SQLiteSeeker


class SQLiteTransport:
    """One file, any number of processes on one machine.

    `sqlite:////abs/path`, `sqlite://relative/path`, or `sqlite://` for `.celeriac/celeriac.sqlite3` in the current
    directory or its nearest parent that has one. Higher priorities are served first, as on RabbitMQ.
    Options (broker_transport_options): `synchronous` (NORMAL or FULL, see Place) and `allow_network_fs`.
    """

    def __init__(self, urls: str | Sequence[str], options: TransportOptions | None = None) -> None:
        options = options or TransportOptions()
        self.place = place(urls if isinstance(urls, str) else urls[0], options.options)
        self._pool = Pool(self.place, options.clock, options.pool_limit or 1)
        self.broker = SQLiteBroker()
        self.dead = SQLiteDeadLetters()
        self.results = SQLiteResults()
        self.joins = SQLiteJoins()
        self.chains = SQLiteChains()
        self.lease = SQLiteLease()
        self.plans = SQLitePlans()
        self.bus = SQLiteBus()
        self.revocations = SQLiteRevocations()
        self.pidbox = SQLitePidbox(self.bus)
        self.delayed = SQLiteDelayed()
        self.seeker = SQLiteSeeker()
        self.bound = SQLiteBound()
        self._link = SQLiteLink(self._pool)

    def link(self) -> SQLiteLink:
        return self._link

    async def alink(self) -> SQLiteAsyncLink:
        return SQLiteAsyncLink(self._pool)

    def settles(self, results: Transport) -> bool:
        """True for the same file: record and acknowledgement are one transaction."""
        mine = os.path.realpath(self.place.path)
        return isinstance(results, SQLiteTransport) and os.path.realpath(results.place.path) == mine

    def describe(self) -> str:
        return f"sqlite:///{self.place.path}"
