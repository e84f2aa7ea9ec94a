"""The newswire of transports that have none of their own: all events of an exchange on one channel of the bus."""

from celeriac.core.flow import Flow
from celeriac.core.message import Message
from celeriac.core.ports import Bus
from celeriac.core.ports.newswire import Newswire, newswire_of
from celeriac.wire import envelope


class BusNewswire:
    """Listeners hear everything and pick for themselves."""

    room = 48_000  # SQLite's datagrams hold 60,000

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._counts = bool(getattr(bus, "counts", False))  # else it says 0 for it does not know

    def tell(self, exchange: str, routing_key: str, *messages: Message) -> Flow[int | None]:
        heard = 0
        for message in messages:
            raw = envelope.encode_packed(message, exchange=exchange, routing_key=routing_key)
            heard = yield from self._bus.tell(self.channel(exchange, routing_key), raw)
        return heard if self._counts else None

    def channel(self, exchange: str, pattern: str) -> str:
        return f"events/{exchange}"

    def read(self, payload: bytes) -> Message:
        return envelope.decode(payload)


def newswire(transport: object, bus: Bus | None) -> Newswire | None:
    """The transport's own, else one over its bus; None if it has neither."""
    found = newswire_of(transport)
    if found is None and bus is not None:
        return BusNewswire(bus)
    return found
