"""All of one RabbitMQ virtual host behind one URL: eight ports, and links that perform their flows."""

from collections.abc import Sequence

from ...core.ports import Transport, TransportOptions
from .async_link import RabbitAsyncLink
from .broker import RabbitBroker
from .bus import RabbitBus
from .dead import RabbitDeadLetters
from .doorway import Doorway
from .lease import RabbitLease
from .newswire import RabbitNewswire
from .options import parse_options
from .pidbox import RabbitPidbox
from .place import parse_place
from .plumbing import RabbitPlumbing
from .register import Register
from .seats import RabbitSeats
from .sync_link import SyncLink


class RabbitTransport:
    """Built from a URL or a failover list; making one does no I/O. It keeps no results."""

    results = None

    def __init__(self, urls: str | Sequence[str], options: TransportOptions | None = None) -> None:
        given = options or TransportOptions()
        self.place = parse_place(urls)
        chosen = parse_options(given, self.place.query)
        self._doorway = Doorway(self.place, chosen, given)
        self._register = Register()
        self.broker = RabbitBroker(chosen.queue_type_of_delays, given.clock.now)
        self.dead = RabbitDeadLetters(given.clock.now)
        self.lease = RabbitLease(self.broker, self._register.holds)
        self.bus = RabbitBus()
        self.pidbox = RabbitPidbox()
        self.newswire = RabbitNewswire()
        self.plumbing = RabbitPlumbing()
        self._link = link = SyncLink(self._doorway, self._register, given.pool_limit)
        self.seats = RabbitSeats(link, lambda heartbeat: link.connect(heartbeat=heartbeat), self.place, self.broker)

    def link(self) -> SyncLink:
        return self._link

    async def alink(self) -> RabbitAsyncLink:
        return RabbitAsyncLink(self._doorway, self._register)

    def settles(self, results: Transport) -> bool:
        """Never: results are stored elsewhere, before the message is acknowledged."""
        return False

    def describe(self) -> str:
        return str(self.place)
