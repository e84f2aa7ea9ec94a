"""All of one PostgreSQL schema behind one URL: the ports, and links that perform their flows."""

from collections.abc import Sequence

from ...core.ports import Transport, TransportOptions
from .alink import PostgresAsyncLink
from .broker import PostgresBroker
from .bus import PostgresBus
from .channels import Channels
from .dead import PostgresDeadLetters
from .joins import PostgresJoins
from .lease import PostgresLease
from .link import PostgresLink
from .looking import PostgresBound, PostgresDelayed, PostgresSeeker
from .place import place
from .plans import PostgresPlans
from .records import PostgresChains, PostgresResults
from .revocations import PostgresRevocations


class PostgresTransport:
    """Built from a URL or a failover list; making one does no I/O.

    `postgresql://user:password@host:5432/database`; tables are made on first use in the schema `celeriac`, or the one
    that the option `schema` names. Higher priorities are served first, as on RabbitMQ. Remote control and events go
    over the bus.
    """

    def __init__(self, urls: str | Sequence[str], options: TransportOptions | None = None) -> None:
        given = options or TransportOptions()
        self.place = place(urls, given.options, given.ssl)
        channels = Channels(self.place.options.schema)
        self.broker = PostgresBroker(channels)
        self.dead = PostgresDeadLetters(channels)
        self.results = PostgresResults(channels)
        self.joins = PostgresJoins()
        self.chains = PostgresChains(channels)
        self.lease = PostgresLease()
        self.plans = PostgresPlans(self.broker.routes)
        self.bus = PostgresBus(channels)
        self.revocations = PostgresRevocations()
        self.delayed = PostgresDelayed()
        self.bound = PostgresBound()
        self.seeker = PostgresSeeker()
        self._connect_timeout = given.connect_timeout
        self._link = PostgresLink(self.place, given.connect_timeout, given.pool_limit)

    def link(self) -> PostgresLink:
        return self._link

    async def alink(self) -> PostgresAsyncLink:
        return PostgresAsyncLink(self.place, self._connect_timeout)

    def settles(self, results: Transport) -> bool:
        """True for the same database, user and schema: record and acknowledgement are one transaction."""
        return isinstance(results, PostgresTransport) and self.place.same(results.place)

    def describe(self) -> str:
        return str(self.place)
